"""The tables of this room, by subject."""

from consent.parties.models.areas import Area
from consent.parties.models.audit import AuditEntry
from consent.parties.models.households import Household, Membership
from consent.parties.models.invitations import Invitation
from consent.parties.models.keys import MachineKey
from consent.parties.models.organisations import Organisation, Seat
from consent.parties.models.people import User

__all__ = ["Area", "AuditEntry", "Household", "Invitation", "MachineKey", "Membership", "Organisation", "Seat", "User"]
