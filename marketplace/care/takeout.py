"""Everything Maru keeps about one person and their home, part by part; `takeout_files` hands it over."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import Exists, OuterRef

from consent.parties.models import Household, Invitation, MachineKey, Membership, User
from consent.parties.strict_json import loads
from consent.records import receipts
from consent.records.models import Answer, Ask, Consent, Preference, StandingNo
from marketplace.appliances.models import Appliance, Pairing
from marketplace.brokerage.queries import offers_to
from marketplace.delivery.models import Erasure
from marketplace.delivery.queries import accesses_of
from marketplace.insights import twin, vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import KINDS
from marketplace.insights.models import Evidence, Insight, WrongWord
from rewards.redemption.errors import WalletNotShown
from rewards.redemption.models import Gift, GiftAddress, Order
from rewards.redemption.policies import check_can_see_wallet
from rewards.redemption.queries import entries_of
from rewards.treasury.models import ExpiryNotice

CHUNK = 500
Row = dict[str, Any]


def parts_about(user: User, *, at: datetime) -> dict[str, Callable[[], Iterable[Row]]]:
    """Return every part by name, to be called for its rows. What is another member's own stays out, as on the pages.

    Args:
        user: a member of a household.
        at: when it was asked for; states are as of then.
    """
    return {
        "sign_ins": lambda: _sign_ins(user),
        "members": lambda: _members(user.membership.household),
        "invitations": lambda: _invitations(user.membership.household),
        "limits": lambda: _limits(user.membership.household),
        "pairings": lambda: _pairings(user),
        "appliances": lambda: _appliances(user),
        "said_last": lambda: _said_last(user),
        "said": lambda: _said(user, at),
        "insights": lambda: _insights(user),
        "asks": lambda: _asks(user, at),
        "answers": lambda: _answers(user),
        "wrong_words": lambda: _wrong_words(user),
        "consents": lambda: _consents(user, at),
        "reads": lambda: _reads(user),
        "erasures": lambda: _erasures(user),
        "wallet": lambda: _wallet(user),
        "expiries": lambda: _expiries(user),
        "orders": lambda: _orders(user),
        "gift_numbers": lambda: _gift_numbers(user),
        "gifts": lambda: _gifts(user),
    }


def person_of(user: User) -> Row:
    """Return what is kept of the person alone."""
    return {"email": user.email, "name": user.name, "language": user.locale, "joined_at": user.joined_at}


def home_of(user: User) -> Row:
    """Return what is kept of the home as a whole."""
    return {"name": user.membership.household.name, "area": user.membership.household.area_id}


def _sign_ins(user: User) -> Iterator[Row]:
    """Yield how this person signs in and where they are signed in; no secret of it."""
    for address in EmailAddress.objects.filter(user=user).order_by("pk"):
        yield {"with": "email", "is": address.email, "verified": address.verified}
    for factor in Authenticator.objects.filter(user=user).order_by("created_at"):
        yield {"with": factor.type, "since": factor.created_at, "last_used_at": factor.last_used_at}
    for session in UserSession.objects.filter(user=user).order_by("created_at"):
        seen = {"since": session.created_at, "last_used_at": session.last_seen_at, "ip": session.ip}
        yield {"with": "session", "is": session.user_agent, **seen}


def _members(home: Household) -> Iterator[Row]:
    for place in Membership.objects.living().filter(household=home).select_related("user").order_by("since"):
        yield {"name": place.user.name, "role": place.role, "since": place.since}


def _invitations(home: Household) -> Iterator[Row]:
    for one in Invitation.objects.filter(household=home).order_by("invited_at"):
        yield {"for": one.label, "role": one.role, "invited_at": one.invited_at, "accepted_at": one.accepted_at}


def _limits(home: Household) -> Iterator[Row]:
    for line in Preference.objects.filter(household=home):
        yield {"paused": line.paused, "asks_per_week": line.asks_per_week, "min_tokens": line.min_tokens}
    for no in StandingNo.objects.filter(household=home).select_related("organisation").order_by("since"):
        named = {"topic": no.topic} if no.topic else {"organisation": str(no.organisation)}
        yield {"never": named, "since": no.since}


def _pairings(user: User) -> Iterator[Row]:
    """Yield what was let into the home, and the keys that let it in; no secret of them, and nothing of others' own."""
    here = Pairing.objects.filter(household=user.membership.household)
    of_others = here.filter(appliance__private_to__isnull=False).exclude(appliance__private_to=user.membership)
    for pairing in here.exclude(pk__in=of_others).order_by("paired_at"):
        row: Row = {"id": pairing.pk, "label": pairing.label, "appliance": pairing.appliance_id}
        yield row | {"since": pairing.paired_at, "ended_at": pairing.ended_at}
    keys = MachineKey.objects.filter(household=user.membership.household).exclude(paired__pairing__in=of_others)
    for key in keys.order_by("created_at"):
        yield {"id": key.pk, "label": key.label, "since": key.created_at, "ended_at": key.revoked_at}


def _appliances(user: User) -> Iterator[Row]:
    fields = ("id", "type", "name", "model", "never_share", "joined_at", "last_seen_at")
    yield from Appliance.objects.visible_to(user).order_by("joined_at").values(*fields)


def _said_last(user: User) -> Iterator[Row]:
    """Yield the state of each appliance: what it said last of each kind."""
    for one in twin.latest(appliance_ids=_ids_seen_by(user)):
        row: Row = {"appliance": one.appliance_id, "kind": one.kind, "zone": one.zone}
        yield row | {"at": one.observed_at, "value": one.value, "unit": _unit(one.kind)}


def _said(user: User, at: datetime) -> Iterator[Row]:
    """Yield the history of each appliance, as far back as its page shows it."""
    since = at - timedelta(days=settings.TWIN_KEEP_DAYS)
    for one in twin.history(appliance_ids=_ids_seen_by(user), since=since):
        row: Row = {"appliance": one.appliance_id, "kind": one.kind, "zone": one.zone}
        yield row | {"at": one.observed_at, "value": one.value, "unit": _unit(one.kind), "seconds": one.covers_s}


def _ids_seen_by(user: User) -> list[UUID]:
    return list(Appliance.objects.visible_to(user).values_list("pk", flat=True))


def _unit(kind: str) -> str:
    return KINDS[kind].unit if kind in KINDS else ""


def _insights(user: User) -> Iterator[Row]:
    seen = Insight.objects.filter(appliance__in=Appliance.objects.visible_to(user))
    # What several appliances said together is as much each one's own.
    private = Evidence.objects.filter(conclusion=OuterRef("pk"), appliance__private_to__isnull=False)
    mine = seen.exclude(Exists(private.exclude(appliance__private_to=user.membership)))
    loaded = mine.select_related("sealed__data_key")
    for insight in loaded.order_by("received_at", "pk").iterator(chunk_size=CHUNK):
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


def _answers(user: User) -> Iterator[Row]:
    """Yield every answer of this person, also one that another choice took the place of."""
    for one in Answer.history.filter(member=user).order_by("at", "pk").iterator(chunk_size=CHUNK):
        row: Row = {"ask": one.ask_id, "answer": one.verdict, "round": one.round, "at": one.at}
        yield row | {"preview_sha256": one.preview_sha256, "notice_sha256": one.notice_sha256}


def _wrong_words(user: User) -> Iterator[Row]:
    """Yield what this person said was concluded wrongly."""
    for one in WrongWord.objects.filter(member=user).order_by("at", "pk"):
        yield {"insight": one.insight_id, "kind": one.kind, "at": one.at}


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


def _erasures(user: User) -> Iterator[Row]:
    """Yield what a buyer has to erase of what it read, and when it said it had."""
    mine = Erasure.objects.filter(release__consent__in=Consent.objects.visible_to(user))
    for duty in mine.select_related("release").order_by("due_at", "pk").iterator(chunk_size=CHUNK):
        yield {"consent": duty.release.consent_id, "due_at": duty.due_at, "attested_at": duty.attested_at}


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


def _expiries(user: User) -> Iterator[Row]:
    """Yield what Maru told the home about tokens that were to end."""
    try:
        check_can_see_wallet(user)
    except WalletNotShown:
        return
    for told in ExpiryNotice.objects.filter(household=user.membership.household).order_by("on", "pk"):
        yield {"on": told.on, "tokens": told.tokens, "told_at": told.made_at}


def _orders(user: User) -> Iterator[Row]:
    try:
        check_can_see_wallet(user)
    except WalletNotShown:
        return
    for order in Order.objects.filter(household=user.membership.household).with_reward().order_by("placed_at"):
        yield {"id": order.pk, "reward": order.reward.name, "tokens": order.tokens, "state": order.state}


def _gift_numbers(user: User) -> Iterator[Row]:
    try:
        check_can_see_wallet(user)
    except WalletNotShown:
        return
    for address in GiftAddress.objects.filter(household=user.membership.household):
        yield {"number": address.code, "changed_at": address.changed_at, "stopped_at": address.stopped_at}


def _gifts(user: User) -> Iterator[Row]:
    home = user.membership.household
    for gift in Gift.objects.visible_to(user).order_by("given_at", "pk"):
        row: Row = {"given": gift.giver_id == home.pk, "tokens": gift.tokens, "words": gift.words}
        yield row | {"given_at": gift.given_at, "returned_at": gift.returned_at}
