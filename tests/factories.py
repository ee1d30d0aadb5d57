"""Plain functions that make valid things through the real writers. Each default can be overridden by name."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.canonical import canonical_bytes, sha256_hex
from consent.parties.models import Area, Household, Invitation, MachineKey, Membership, Organisation, Seat, User
from consent.parties.roles import RUNTIME_ROLE
from consent.records import operations as records
from consent.records.models import Ask, Consent, ConsentEnd, Preference
from consent.records.notices import Notice
from consent.records.receipts import Coverage, Item
from marketplace.appliances.dialects import Interval, Method, Raw, Reading
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.operations import Deal, Waiting
from marketplace.brokerage.queries import Shown, show_ask
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Release
from marketplace.demand import operations as demand
from marketplace.demand.models import DataRequest, RequestVersion
from marketplace.demand.terms import Terms
from marketplace.insights import operations as insights
from marketplace.insights import vault
from marketplace.insights.models import Insight, SealedObject
from rewards.ledger import operations as ledger
from rewards.ledger.addresses import buyer_account
from rewards.ledger.models import ISSUANCE
from rewards.redemption import operations as redemption
from rewards.redemption.models import Gift, Order, Reward

NUMBERS = itertools.count(1)


def area(*, code: str = "KR-HB-3") -> Area:
    city, _ = Area.objects.get_or_create(
        code="KR-HB", defaults={"name_ko": "한빛시", "name_en": "Hanbit", "households": 98_000}
    )
    if code == city.code:
        return city
    found, _ = Area.objects.get_or_create(
        code=code,
        defaults={"parent": city, "name_ko": "한빛시 3구역", "name_en": "Hanbit district 3", "households": 4_200},
    )
    return found


def user(**fields: Any) -> User:
    number = next(NUMBERS)
    values = {"email": f"person{number}@example.com", "name": f"사람 {number}", "password": "a long pass phrase"}
    return User.objects.create_user(**{**values, **fields})


def household(*, asks_per_week: int = 50, **fields: Any) -> Household:
    values = {"name": f"집 {next(NUMBERS)}", "area": fields.pop("area", None) or area()}
    home = Household.objects.create(**{**values, **fields})
    Preference.objects.create(household=home, asks_per_week=asks_per_week)
    return home


def member(*, of: Household | None = None, role: str = Membership.Role.ADULT, **fields: Any) -> User:
    person = user(**fields)
    Membership.objects.create(household=of or household(), user=person, role=role)
    return person


def organisation(*, kind: str = Organisation.Kind.BUYER, **fields: Any) -> Organisation:
    number = next(NUMBERS)
    values = {
        "kind": kind,
        "name_ko": f"기관 {number}",
        "name_en": f"Organisation {number}",
        "address": "한빛시 배움로 3",
        "contact": "02-000-0303",
        "verified_at": timezone.now(),
    }
    return Organisation.objects.create(**{**values, **fields})


def platform() -> Organisation:
    found = Organisation.objects.filter(kind=Organisation.Kind.PLATFORM).first()
    return found or organisation(kind=Organisation.Kind.PLATFORM, name_ko="마루", name_en="Maru")


def staff(*, of: Organisation | None = None, role: str = Seat.Role.STAFF, **fields: Any) -> User:
    person = user(**fields)
    Seat.objects.create(organisation=of or organisation(), user=person, role=role)
    return person


def admin() -> User:
    return staff(of=platform(), role=Seat.Role.ADMIN, is_staff=True, is_superuser=True)


def auditor() -> User:
    return staff(of=platform(), role=Seat.Role.AUDITOR)


def buyer_key(*, of: Organisation, scopes: tuple[str, ...] = ("records", "requests")) -> str:
    _, text = parties.issue_key(label="시험 열쇠", scopes=list(scopes), organisation=of)
    return text


def hub_key(*, of: Household) -> str:
    _, text = parties.issue_key(label="우리 집 허브", scopes=[MachineKey.Scope.INGEST], household=of)
    return text


def invitation(*, by: User, role: str = Membership.Role.ADULT) -> Invitation:
    """An open invitation into somebody's home."""
    parties.invite_member(household=by.membership.household, actor=by, role=role, label="새 식구", at=timezone.now())
    return Invitation.objects.latest("invited_at")


# --- delivery: a data request, and a deal that was settled without the ledger --------------------------------------


def request_to_read(*, of: Organisation | None = None, **fields: Any) -> DataRequest:
    """An open data request with one version, without its way through review."""
    made_at = timezone.now()
    buyer = of or organisation()
    request = DataRequest.objects.create(
        organisation=buyer, state=DataRequest.State.OPEN, created_at=made_at, opened_at=made_at
    )
    values = {
        "request": request, "number": 1, "kinds": ["air.pm25"], "area": area(), "purpose": "public_air",
        "purpose_ko": "아침 교실 환기 시각 정하기", "purpose_en": "Choosing when to air classrooms",
        "rungs": [{"rung": "exact", "tokens": 150}], "retention_days": 30, "manufacturer_bp": 1000,
        "platform_bp": 1000, "budget_tokens": 30_000, "ends_at": made_at + timedelta(days=90), "made_at": made_at,
    }  # fmt: skip
    request.current = RequestVersion.objects.create(**{**values, **fields})
    request.save(update_fields=["current"])
    return request


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


# --- demand -------------------------------------------------------------------------------------------------------


def terms(**fields: Any) -> Terms:
    """What a school asks for: PM2.5 above 35 in its district, 120 tokens an event (144 with the shares)."""
    values = {
        "kinds": ["air.pm25"], "above": 35.0, "area": fields.pop("area", None) or area(), "purpose": "public_air",
        "purpose_ko": "아침 교실 환기 시각 정하기", "purpose_en": "Choosing when to air classrooms",
        "optional_fields": ["model"], "rungs": [{"rung": "exact", "tokens": 120}, {"rung": "day", "tokens": 60}],
        "retention_days": 30, "budget_tokens": 30_000, "ends_at": timezone.now() + timedelta(days=90),
        "min_gap_hours": 0,
    }  # fmt: skip
    return Terms(**{**values, **fields})


def tokens_for(buyer: Organisation, tokens: int = 100_000) -> Organisation:
    """Put tokens into a buyer's account, as the platform would."""
    ledger.open_account(address=buyer_account(buyer.pk), kind="buyer")
    ledger.post(
        key=f"issue:{uuid4()}", debit=ISSUANCE, credit=buyer_account(buyer.pk), amount=tokens,
        actor="system:test", event_type="issue", event_ref="test",
    )  # fmt: skip
    return buyer


def draft_request(*, of: Organisation | None = None, at: datetime | None = None, **fields: Any) -> DataRequest:
    """A data request as its buyer first writes it, with tokens on the buyer's account."""
    buyer = of or tokens_for(organisation())
    return demand.draft_request(organisation=buyer, actor="test", terms=terms(**fields), at=at or timezone.now())


def submitted_request(*, of: Organisation | None = None, tokens: int = 30_000, **fields: Any) -> DataRequest:
    """A data request that is funded, was submitted and waits for its review."""
    request = draft_request(of=of, **fields)
    acting = {"request_id": request.pk, "actor_organisation": request.organisation, "actor": "test"}
    if tokens:
        demand.fund_request(**acting, tokens=tokens, key=str(uuid4()), at=timezone.now())
    return demand.submit_request(**acting, at=timezone.now())


def open_request(*, of: Organisation | None = None, tokens: int = 30_000, **fields: Any) -> DataRequest:
    """A data request for which households are being asked."""
    request = submitted_request(of=of, tokens=tokens, **fields)
    demand.review_request(
        request_id=request.pk, actor=globals()["admin"](), verdict="opened", reason="", at=timezone.now()
    )
    return DataRequest.objects.select_related("organisation", "current__area").get(pk=request.pk)


# --- brokerage ----------------------------------------------------------------------------------------------------


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


def edited(request: DataRequest, **fields: Any) -> DataRequest:
    """The same data request with other terms."""
    return demand.edit_request(
        request_id=request.pk, actor_organisation=request.organisation, actor="test",
        terms=terms(**fields), at=timezone.now(),
    )  # fmt: skip


# --- rewards/redemption ------------------------------------------------------------------------------------------


def tokens_in_wallet(home: Household, tokens: int) -> Household:
    """A household that has been given this many tokens, on top of what it has."""
    wallet = ledger.open_wallet(household=home)
    ledger.post(
        key=f"test:{uuid4()}", debit=ISSUANCE, credit=wallet.address, amount=tokens,
        actor="test", event_type="test.given", event_ref="test",
    )  # fmt: skip
    return home


def reward(*, of: Organisation | None = None, **fields: Any) -> Reward:
    values = {
        "kind": Reward.Kind.FILTER, "name_ko": f"필터 {next(NUMBERS)}", "name_en": "Filter",
        "words_ko": "새 필터 하나예요.", "words_en": "One new filter.", "tokens": 600, "fits": ["air_purifier"],
    }  # fmt: skip
    provider = of or organisation(kind=Organisation.Kind.PROVIDER, name_ko="한빛서비스", name_en="Hanbit Service")
    return redemption.offer_reward(provider=provider, **{**values, **fields})


def order(
    *, by: User | None = None, of: Reward | None = None, tokens: int | None = None, at: datetime | None = None
) -> Order:
    """A reservation by an adult whose home can afford it."""
    person, wanted = by or member(), of or reward()
    tokens_in_wallet(person.membership.household, tokens or wanted.tokens)
    return redemption.place_order(reward_id=wanted.pk, actor=person, at=at or timezone.now())


def gift(*, to: Household, by: User | None = None, tokens: int = 100, at: datetime | None = None) -> Gift:
    """Tokens that another home gave to this one."""
    person, now = by or member(), at or timezone.now()
    tokens_in_wallet(person.membership.household, tokens)
    ledger.open_wallet(household=to)
    code = redemption.open_gift_address(household=to, at=now).code
    return redemption.give_tokens(code=code, tokens=tokens, words="고마워요", actor=person, at=now)


def order_in(state: str, *, by: User | None = None, of: Reward | None = None) -> Order:
    """An order that was brought into this state by the steps that lead there."""
    placed = order(by=by, of=of)
    now, worker = timezone.now(), staff(of=placed.reward.provider)
    if state in (Order.State.ACCEPTED, Order.State.FULFILLED):
        redemption.accept_order(order_id=placed.pk, actor=worker, at=now)
    if state == Order.State.FULFILLED:
        redemption.fulfil_order(order_id=placed.pk, actor=worker, voucher_code=placed.voucher_code, at=now)
    if state == Order.State.REFUSED:
        redemption.refuse_order(order_id=placed.pk, actor=worker, reason="다 나갔어요.", at=now)
    if state == Order.State.CANCELLED:
        redemption.cancel_order(order_id=placed.pk, actor=placed.ordered_by, at=now)
    return Order.objects.with_reward().get(pk=placed.pk)
