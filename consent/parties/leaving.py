"""When people go: what Maru knew of them is wiped, and only what names nobody stays. Joins the caller's transaction."""

from collections.abc import Callable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import ProtectedError

from consent.parties.models import Household, Invitation, MachineKey, Membership, Seat, User

#: What stands where a name stood, in papers that others of the home keep.
NAMELESS = "떠난 식구"


@transaction.atomic(savepoint=False)
def forget_member(*, membership: Membership, at: datetime) -> None:
    """Take somebody out of their home, and wipe the person, unless they also work for an organisation."""
    person = membership.user
    works_elsewhere = Seat.objects.filter(user=person).exists()
    _empty_place(membership, left=_nobody if works_elsewhere else lambda: person, at=at)
    if not works_elsewhere:
        _wipe(person)


@transaction.atomic(savepoint=False)
def free_member(*, membership: Membership, at: datetime) -> None:
    """Take somebody out of a home who stays at Maru: they sign in as before and may open or join another home."""
    _empty_place(membership, left=_nobody, at=at)


@transaction.atomic(savepoint=False)
def close_household(*, household: Household, at: datetime) -> None:
    """End every way into a home that nobody lives in any more: its keys, its invitations, its name."""
    MachineKey.objects.filter(household=household, revoked_at=None).update(revoked_at=at)
    MachineKey.objects.filter(household=household).update(label="")
    Invitation.objects.open(at).filter(household=household).update(withdrawn_at=at)
    Invitation.objects.filter(household=household).update(label="")
    Household.objects.filter(pk=household.pk).update(name="")


def _empty_place(membership: Membership, *, left: Callable[[], User], at: datetime) -> None:
    """End a place in a home; nobody follows an invitation any more that was given from it.

    Questions about things that were theirs alone still point at their place. It then stays, so that those questions
    never become the home's, as the place of a row that names nobody and signs in nowhere.
    """
    given = Invitation.objects.filter(invited_by=membership.user, household=membership.household_id)
    given.filter(accepted_at=None, withdrawn_at=None).update(withdrawn_at=at)
    try:
        # On its own savepoint: where the database refuses, the rest goes on.
        with transaction.atomic():
            membership.delete()
    except ProtectedError:
        Membership.objects.filter(pk=membership.pk).update(user=left(), role=Membership.Role.CHILD)


def _nobody() -> User:
    """Make a row that stands for somebody who left, and with which nobody ever signs in."""
    nobody = User(name=NAMELESS, is_active=False)
    nobody.email = _address_of_nobody(nobody)
    nobody.set_unusable_password()
    nobody.save()
    return nobody


def _address_of_nobody(person: User) -> str:
    return f"{person.pk}@gone.invalid"


def _wipe(person: User) -> None:
    """Leave a row that consents and answers point at, and nothing in it that names anybody or lets anybody in."""
    person.email, person.name, person.is_active = _address_of_nobody(person), NAMELESS, False
    person.set_unusable_password()
    person.save(update_fields=["email", "name", "is_active", "password"])
    Authenticator.objects.filter(user=person).delete()
    EmailAddress.objects.filter(user=person).delete()
    sessions = UserSession.objects.filter(user=person)
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    sessions.delete()
