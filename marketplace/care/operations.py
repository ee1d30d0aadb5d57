"""Acts that cross the floors for one home."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from consent.parties import operations as parties
from consent.parties.errors import NotPermitted
from consent.parties.models import Area, Household, User
from consent.parties.queries import has_place
from consent.records import operations as records
from rewards.ledger import operations as ledger

#: What a new home is asked at most, until it draws its own line.
FIRST_ASKS_PER_WEEK = 5


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def move_in(*, user: User, name: str, area: Area, at: datetime) -> Household:
    """Open a home for somebody who has none: they are its first adult, it has a wallet and a careful line.

    Raises:
        NotPermitted: they live somewhere already, or sit in an organisation.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if has_place(user):
        raise NotPermitted(gettext("이미 자리가 있으셔서 새 집을 열 수 없어요."))
    household = parties.found_household(founder=user, name=name, area=area, at=at)
    records.draw_first_line(household=household, asks_per_week=FIRST_ASKS_PER_WEEK)
    ledger.open_wallet(household=household)
    return household
