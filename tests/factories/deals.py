"""What appliances noticed, what was asked about it and answered, and what a buyer may read of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from consent.parties.canonical import canonical_bytes, sha256_hex
from consent.parties.models import Household, User
from consent.parties.roles import RUNTIME_ROLE
from consent.records import operations as records
from consent.records.models import Ask, Consent, ConsentEnd
from consent.records.notices import Notice
from consent.records.receipts import Coverage, Item
from marketplace.appliances.dialects import Interval, Method, Raw, Reading
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.operations import Deal, Waiting
from marketplace.brokerage.queries import Shown, show_ask
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Release
from marketplace.demand.models import DataRequest
from marketplace.insights import operations as insights
from marketplace.insights import vault
from marketplace.insights.models import Insight, SealedObject
from tests.factories.people import NUMBERS, household, member
from tests.factories.requests import open_request, request_to_read


def release(
    *,
    request: DataRequest | None = None,
    by: User | None = None,
    values: dict[str, Any] | None = None,
    at: datetime | None = None,
    keeps: timedelta = timedelta(days=30),
    erase_at: datetime | None = None,
    number: int | None = None,
) -> Release:
    """One record that the household said yes to at `at` and the buyer may read for as long as `keeps`."""
    request, actor = request or request_to_read(), by or member()
    at = at or timezone.now() - timedelta(minutes=1)
    ask = Ask.objects.create(
        household=actor.membership.household, recipient=request.organisation, purpose="public_air", notice_version=1,
        subject=f"insight:{uuid4()}", topic="air", asked_at=at, expires_at=at + timedelta(hours=48),
    )  # fmt: skip
    preview = {
        "kind": "air.pm25",
        "data": values or {"value": 58, "unit": "ug/m3", "observed_at": "2026-11-20T18:00:00+09:00"},
        "nonce": sha256_hex(str(ask.pk).encode())[:32],
    }
    payload = canonical_bytes(preview)
    consent, _ = records.record_consent(
        ask=ask, actor=actor, payload_digest=sha256_hex(payload), ends_at=at + keeps, op_id=uuid4(),
        notice=Notice(1, "ko", "알림", (), "알림", sha256_hex("알림".encode())), at=at,
        coverage=Coverage("air.pm25", "exact", (Item("value", "PM2.5", is_optional=False),), keeps.days, 150, 180),
    )  # fmt: skip
    sealed = vault.seal(
        vault.Content(
            purpose=SealedObject.Purpose.RELEASE, household_id=ask.household_id, subject_id=consent.pk, payload=payload
        )
    )
    return delivery.open_release(
        consent=consent, request=request, organisation=request.organisation, kind=preview["kind"], sealed=sealed,
        payload_digest=sha256_hex(payload), number=number or next(NUMBERS), opened_at=at,
        erase_at=erase_at or at + keeps,
    )  # fmt: skip


@contextmanager
def as_owner() -> Iterator[None]:
    """Write what the runtime role never writes again, as only the owner can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE none")
        yield
        cursor.execute(f"SET LOCAL ROLE {RUNTIME_ROLE}")


def no_release(release: Release) -> None:
    """Take a release away, as only the owner can: the runtime role never deletes one."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DELETE FROM delivery_release WHERE id = %s", [release.pk])


def end_of(consent: Consent, *, reason: str = "withdrawn", at: datetime | None = None) -> ConsentEnd:
    """The end of a consent alone, as if nobody had closed its release."""
    return records.record_ends(consents=[consent], reason=reason, actor=consent.decided_by, at=at or timezone.now())[0]


def insight(
    *, of: Household, value: float | str = 62, kind: str = "air.pm25", unit: str = "ug/m3",
    source: str = "urn:device:a", at: datetime | None = None, event_id: str | None = None, **fields: Any,
) -> Insight:  # fmt: skip
    """One thing that an appliance of this home noticed, through the real way in."""
    at = at or timezone.now()
    reading = Reading(
        index=0, kind=kind, value=value if isinstance(value, str | bool) else Decimal(str(value)), unit=unit,
        method=fields.pop("method", None) or Method(type="sensor", name="test", version="1"),
        raw=Raw(value=str(value), unit=unit), source=source,
        appliance_type=fields.pop("appliance_type", "air_purifier"), event_id=event_id or str(uuid4()),
        observed_at=fields.pop("observed_at", at - timedelta(minutes=5)), **fields,
    )  # fmt: skip
    (result,) = insights.record_insights(household=of, items=[reading], dialect="canonical", at=at)
    return Insight.objects.get(pk=result.insight_id)


def ask(
    *, of: Household | None = None, request: DataRequest | None = None, at: datetime | None = None, **fields: Any
) -> Ask:
    """A waiting ask, matched by the real matching: PM2.5 of 62 in a home of the school's district."""
    at, home = at or timezone.now(), of or household()
    noticed = insight(of=home, at=at, **fields)
    request = request or open_request()
    brokerage.match_insights(at=at)
    return Ask.objects.select_related("household", "recipient").get(subject=f"insight:{noticed.pk}")


def shown(to_ask: Ask, *, by: User, at: datetime | None = None, **choice: Any) -> Shown:
    """The ask as this member reads it."""
    return show_ask(ask_id=to_ask.pk, user=by, locale="ko", at=at or timezone.now(), **choice)


def approve(
    to_ask: Ask, *, by: User, at: datetime | None = None, preview_sha256: str | None = None, **choice: Any
) -> Deal | Waiting:
    """A member's yes to what was shown."""
    at = at or timezone.now()
    return brokerage.approve_ask(
        ask_id=to_ask.pk, actor=by, locale="ko", at=at,
        preview_sha256=preview_sha256 or shown(to_ask, by=by, at=at, **choice).preview.sha256, **choice,
    )  # fmt: skip


def deal(*, by: User | None = None, request: DataRequest | None = None, **fields: Any) -> Deal:
    """A finished deal: asked, approved, paid and released."""
    person = by or member()
    outcome = approve(ask(of=person.membership.household, request=request, **fields), by=person)
    assert isinstance(outcome, Deal)
    return outcome


def absence(*, of: Household, until: datetime) -> Insight:
    """A home that was empty from six hours before `until`, known only after the day that nobody may ask in."""
    at = until + timedelta(minutes=1)
    start = until - timedelta(hours=6)
    return insight(
        of=of, value=True, kind="presence.absence", unit="", at=at, observed_at=until, interval=Interval(start, until),
        confidence=Decimal("0.9"), appliance_type="air_conditioner",
        method=Method(type="model", name="edge", version="1", sha256="0" * 64),
    )  # fmt: skip
