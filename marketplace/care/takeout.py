"""Everything Maru keeps about one person and their home, as one JSON document, written out piece by piece."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from consent.parties.models import Household, User
from consent.parties.strict_json import loads
from consent.records import receipts
from consent.records.models import Ask, Consent, Preference, StandingNo
from marketplace.appliances.models import Appliance
from marketplace.brokerage.queries import offers_to
from marketplace.delivery.queries import accesses_of
from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.models import Insight
from rewards.redemption.errors import WalletNotShown
from rewards.redemption.models import Order
from rewards.redemption.policies import check_can_see_wallet
from rewards.redemption.queries import entries_of

CHUNK = 500
Row = dict[str, Any]


def everything_about(user: User, *, at: datetime) -> Iterator[str]:
    """Yield the document in pieces. What is another member's own stays out, as on the pages.

    Args:
        user: a member of a household.
        at: when it was asked for; states are as of then.
    """
    parts: dict[str, Callable[[], Iterable[Row]]] = {
        "members": lambda: _members(user.membership.household),
        "limits": lambda: _limits(user.membership.household),
        "appliances": lambda: _appliances(user),
        "insights": lambda: _insights(user),
        "asks": lambda: _asks(user, at),
        "consents": lambda: _consents(user, at),
        "reads": lambda: _reads(user),
        "wallet": lambda: _wallet(user),
        "orders": lambda: _orders(user),
    }
    person = {"email": user.email, "name": user.name, "language": user.locale, "joined_at": user.joined_at}
    home = {"name": user.membership.household.name, "area": user.membership.household.area_id}
    yield f'{{"made_at": {_json(at)}, "person": {_json(person)}, "household": {_json(home)}'
    for name, rows in parts.items():
        yield f", {_json(name)}: ["
        for place, row in enumerate(rows()):
            yield f"{', ' if place else ''}{_json(row)}"
        yield "]"
    yield "}\n"


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _members(home: Household) -> Iterator[Row]:
    for place in home.memberships.select_related("user").order_by("since"):
        yield {"name": place.user.name, "role": place.role, "since": place.since}


def _limits(home: Household) -> Iterator[Row]:
    for line in Preference.objects.filter(household=home):
        yield {"paused": line.paused, "asks_per_week": line.asks_per_week, "min_tokens": line.min_tokens}
    for no in StandingNo.objects.filter(household=home).select_related("organisation").order_by("since"):
        named = {"topic": no.topic} if no.topic else {"organisation": str(no.organisation)}
        yield {"never": named, "since": no.since}


def _appliances(user: User) -> Iterator[Row]:
    fields = ("id", "type", "model", "never_share", "joined_at", "last_seen_at")
    yield from Appliance.objects.visible_to(user).order_by("joined_at").values(*fields)


def _insights(user: User) -> Iterator[Row]:
    mine = Insight.objects.filter(appliance__in=Appliance.objects.visible_to(user)).select_related("sealed__data_key")
    for insight in mine.order_by("received_at", "pk").iterator(chunk_size=CHUNK):
        row: Row = {"id": insight.pk, "appliance": insight.appliance_id, "received_at": insight.received_at}
        yield row | {"kind": insight.kind, "noticed": _opened(insight)}


def _opened(insight: Insight) -> Row | None:
    try:
        return loads(vault.open_sealed(insight.sealed)) if insight.sealed else None
    except VaultClosed:
        return None


def _asks(user: User, at: datetime) -> Iterator[Row]:
    for offer in offers_to(user).order_by("ask__asked_at", "pk").iterator(chunk_size=CHUNK):
        ask: Ask = offer.ask
        yield {
            "id": ask.pk,
            "organisation": ask.recipient.name,
            "purpose": offer.version.purpose_text,
            "insight": offer.insight_id,
            "tokens": offer.tokens,
            "asked_at": ask.asked_at,
            "expires_at": ask.expires_at,
            "state": ask.shown_state(at),
        }


def _consents(user: User, at: datetime) -> Iterator[Row]:
    kept = Consent.objects.visible_to(user).select_related("end").prefetch_related("receipts")
    for consent in kept.order_by("at", "pk").iterator(chunk_size=CHUNK):
        signed = [
            {"receipt": receipts.as_document(bytes(one.body)), "signature": one.signature}
            for one in consent.receipts.all()
        ]
        row: Row = {"id": consent.pk, "ask": consent.ask_id, "state": consent.state(at), "at": consent.at}
        yield row | {"receipts": signed}


def _reads(user: User) -> Iterator[Row]:
    for access in accesses_of(user).order_by("at", "pk").iterator(chunk_size=CHUNK):
        reader = access.release.organisation.name
        yield {"at": access.at, "organisation": reader, "consent": access.release.consent_id, "way": access.path}


def _wallet(user: User) -> Iterator[Row]:
    try:
        check_can_see_wallet(user)
    except WalletNotShown:
        return
    before: int | None = None
    while True:
        page = entries_of(user.membership.household, before=before, limit=CHUNK)
        for entry in page.entries:
            yield {"at": entry.at, "tokens": entry.tokens, "balance": entry.balance, "for": entry.event_ref}
        if page.next_position is None:
            return
        before = page.next_position


def _orders(user: User) -> Iterator[Row]:
    try:
        check_can_see_wallet(user)
    except WalletNotShown:
        return
    for order in Order.objects.filter(household=user.membership.household).with_reward().order_by("placed_at"):
        yield {"id": order.pk, "reward": order.reward.name, "tokens": order.tokens, "state": order.state}
