"""An appliance becomes one member's own, or the home's again. Whose it is decides who sees, and who is asked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties.models import User
from marketplace.appliances import operations as appliances
from marketplace.brokerage.operations.parting import forget_values, take_back_asks
from rewards.ledger import operations as ledger


@dataclass(frozen=True)
class Owned:
    """What ended with the change: open asks, and insights whose values were destroyed."""

    asks: int
    insights: int


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def make_appliance_own(*, appliance_id: UUID, owner_id: UUID, actor: User, at: datetime) -> Owned:
    """Make what is the home's one member's own: from now on only they see it, decide about it and are asked.

    What was being asked about it is taken back, since it was put to the others. What is kept of it stays, for its
    owner alone.

    Args:
        owner_id: the membership of whoever it is to belong to.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, or it has left.
        Membership.DoesNotExist: there is no such place in this home.
        NotPermitted: `actor` is no adult of its home, or it is somebody's own already.
        NotTheirsToOwn: it is to be another adult's, or that of somebody who does not decide yet.
        PresenceIsEverybodys: it tells whether the home is empty.
    """
    rows = appliances.make_own(appliance_id=appliance_id, owner_id=owner_id, actor=actor, at=at)
    return Owned(take_back_asks(rows, at=at), 0)


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def give_appliance_back(*, appliance_id: UUID, actor: User, at: datetime) -> Owned:
    """Make what is a member's own the home's again. The others find nothing of the time in which it was not theirs.

    What was being asked is taken back, and the values it brought are destroyed, with what was kept of them.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, or it has left.
        NotPermitted: it is not `actor`'s own.
    """
    rows = appliances.give_back(appliance_id=appliance_id, actor=actor, at=at)
    return Owned(take_back_asks(rows, at=at), forget_values(rows))
