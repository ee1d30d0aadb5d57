"""The one way into the store: what is new is sealed, written down, and put on the list of matching."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from consent.parties.models import Household
from marketplace.insights import vault
from marketplace.insights.copying import copy_in
from marketplace.insights.models import Insight, SealedObject
from marketplace.insights.waiting import Entry, put_on_list

_COLUMNS = (
    *("id", "appliance_id", "household_id", "kind", "event_hash", "content_hash", "sealed_id"),
    *("assurance", "received_at"),
)


class New(NamedTuple):
    """One insight that was not there before.

    Attributes:
        payload: the bytes to be sealed.
        ask_after: from when on somebody may be asked about it; `waiting.HELD` until a person has looked.
    """

    id: UUID | str
    appliance_id: UUID
    kind: str
    event_hash: str
    content_hash: str
    payload: bytes
    ask_after: datetime


@transaction.atomic(savepoint=False)
def store_new(*, household: Household, new: Sequence[New], assurance: str, at: datetime) -> None:
    """Seal insights of one home, and write down that they came, in five statements.

    Raises:
        IntegrityError: one of them is there already; the caller's transaction is then over.
    """
    if not new:
        return
    home, purpose = household.pk, SealedObject.Purpose.INSIGHT.value
    sealed = vault.seal_many([vault.Content(purpose, home, one.id, one.payload) for one in new])
    copy_in(
        Insight,
        _COLUMNS,
        (
            (one.id, one.appliance_id, home, one.kind, one.event_hash, one.content_hash, row.pk, assurance, at)
            for one, row in zip(new, sealed, strict=True)
        ),
    )
    entries = [Entry(one.id, one.kind, one.ask_after) for one in new]
    put_on_list(household=household, entries=entries, at=at)
