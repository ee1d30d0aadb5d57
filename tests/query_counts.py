"""How many statements each address costs, for a home and a buyer with one thing each and with twenty of each."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock
from uuid import uuid4

from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.parties.models import Household
from consent.records.models import Ask, Consent, Preference, Receipt
from marketplace.appliances import codes
from marketplace.appliances import operations as appliances
from marketplace.appliances.dialects import Method, Raw, Reading
from marketplace.appliances.models import Appliance
from marketplace.appliances.operations import arriving
from marketplace.brokerage import operations as brokerage
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Access, Release
from marketplace.demand import operations as demand
from marketplace.demand.models import DataRequest
from marketplace.insights import operations as insights
from marketplace.insights.models import Insight
from rewards.redemption import operations as redemption
from rewards.redemption.models import Order
from tests import factories
from tests.architecture.test_urls import OURS, RolledBack, methods_of
from tests.architecture.url_table import ROWS, Audience
from tests.world import Caller, World

MORE = 19

#: What a write says, once what must come before it has been done; the rest need no body.
Body = Callable[[World], Any]


@dataclass(frozen=True)
class Cost:
    """What one call cost: how it was answered, and its statements."""

    status: int
    statements: list[str]

    @property
    def count(self) -> int:
        return len(self.statements)

    @property
    def shapes(self) -> Counter[str]:
        """The statements without their values: what one cost has more of than another is the N in N+1."""
        plain = (re.sub(r"'[^']*'(?:::\w+)?|\b\d+\b|x\d+", "?", statement) for statement in self.statements)
        return Counter(re.sub(r"\?(?:, \?)+", "?", statement) for statement in plain)


def calls() -> Iterator[tuple[str, str]]:
    """Every method of every address of ours."""
    for route in OURS:
        for method in methods_of(route):
            yield method, route


def caller_at(world: World, audience: Audience) -> Caller:
    """Return one of those whose address it is."""
    platform = {Audience.AUDITOR: "an auditor", Audience.ADMIN: "an admin"}
    if audience is Audience.PUBLIC:
        return world.strangers["anonymous"]
    if audience in platform:
        return world.strangers[platform[audience]]
    if audience is Audience.HUB:
        home = Consent.objects.get(pk=world.parts["consent_id"]).household
        return Caller(Audience.HUB, key=factories.hub_key(of=home))
    return world.owners[Audience.MEMBER if audience is Audience.SIGNED_IN else audience][0]


def cost_of(world: World, method: str, route: str, *, size: int) -> Cost:
    """Call one address as whoever it is for, and count. Nothing of it remains.

    Args:
        size: how many items a call brings, where one call brings many.
    """
    cache.clear()
    with RolledBack():
        caller, body = caller_at(world, ROWS[route].audience), body_of(world, method, route, size)
        caller.browser.raise_request_exception = False
        with CaptureQueriesContext(connection) as captured:
            answer = call(caller, method, world.path(route), body)
            b"".join(answer) if answer.streaming else answer.content
        return Cost(answer.status_code, [query["sql"] for query in captured])


def call(caller: Caller, method: str, path: str, body: Any) -> HttpResponse:
    if body is None:
        return caller.call(method, path)
    if not path.startswith("/api/"):
        return caller.browser.post(path, body)
    headers = {"authorization": f"Bearer {caller.key}"} if caller.key else {}
    return caller.browser.generic(method, path, json.dumps(body), content_type="application/json", headers=headers)


def body_of(world: World, method: str, route: str, size: int) -> Any:
    if route in BATCHES:
        return [BATCHES[route](number) for number in range(size)]
    return BODIES[method, route](world) if (method, route) in BODIES else None


def event(number: int) -> dict[str, Any]:
    """One CloudEvent of a hub; each number is another appliance."""
    return {
        "specversion": "1.0", "id": uuid4().hex, "source": f"urn:device:count-{number}",
        "type": "insight.air.pm25.v1", "time": timezone.now().isoformat(),
        "data": {
            "kind": "air.pm25", "value": 62.5, "unit": "ug/m3",
            "method": {"type": "sensor", "name": "count", "version": "1"},
        },
    }  # fmt: skip


def state(number: int) -> dict[str, Any]:
    """One state object of Home Assistant; each number is another entity."""
    return {
        "entity_id": f"sensor.count_{number}", "state": "62.5", "last_updated": timezone.now().isoformat(),
        "attributes": {"device_class": "pm25", "unit_of_measurement": "µg/m³"},
    }  # fmt: skip


BATCHES = {"api/v1/insights": event, "api/v1/ingest/<slug:dialect>": state}


def _approval(world: World) -> dict[str, Any]:
    ask = Ask.objects.get(pk=world.parts["ask_id"])
    mother = Consent.objects.get(pk=world.parts["consent_id"]).decided_by
    shown = factories.shown(ask, by=mother)
    return {"preview_sha256": shown.preview.sha256, "notice_sha256": shown.notice.sha256}


def _judged(world: World) -> dict[str, Any]:
    """Only of what a model or a rule concluded can anybody say that it is wrong."""
    with factories.as_owner():
        Insight.objects.filter(offers__ask=world.parts["ask_id"]).update(kind="pest.sighting")
    return {}


def _answer(world: World) -> dict[str, Any]:
    return {**_approval(world), "answer": "approve"}


def _receipt(world: World) -> dict[str, Any]:
    receipt = Receipt.objects.get(consent=world.parts["consent_id"])
    return {"receipt": json.loads(bytes(receipt.body)), "signature": receipt.signature}


def _never(world: World) -> dict[str, Any]:
    return {"organisation": Ask.objects.get(pk=world.parts["ask_id"]).recipient_id, "never": "on"}


def _description(world: World) -> dict[str, Any]:
    return {"name": "거실 청정기", "type": "air_purifier", "model": "A1"}


def _other(world: World) -> dict[str, Any]:
    home = Consent.objects.get(pk=world.parts["consent_id"]).household
    return {"whole": factories.insight(of=home, source="urn:device:other").appliance_id}


def _owner(world: World) -> dict[str, Any]:
    return {"owner": Consent.objects.get(pk=world.parts["consent_id"]).decided_by.membership.pk}


def _own(world: World) -> dict[str, Any]:
    mother = Consent.objects.get(pk=world.parts["consent_id"]).decided_by
    Appliance.objects.filter(household=mother.membership.household_id).update(private_to=mother.membership)
    return {}


def _code(world: World) -> dict[str, Any]:
    mother = Consent.objects.get(pk=world.parts["consent_id"]).decided_by
    invited = appliances.ask_for_code(actor=mother, label="새 허브", type="", at=timezone.now())
    return {"code": codes.code_of(invited.pk)}


def _terms(world: World) -> dict[str, Any]:
    return {
        "kinds": ["air.pm25"], "above": 35, "area": "KR-HB-3", "purpose": "public_air", "purpose_ko": "환기 시각",
        "purpose_en": "When to air", "rungs": [{"rung": "exact", "tokens": 120}], "retention_days": 30,
        "budget_tokens": 30_000, "ends_at": (timezone.now() + timedelta(days=30)).isoformat(),
    }  # fmt: skip


def _resume(world: World) -> dict[str, Any]:
    request = DataRequest.objects.select_related("organisation").get(pk=world.parts["request_id"])
    acting = {"actor_organisation": request.organisation, "actor": "test", "at": timezone.now()}
    demand.pause_request(request_id=request.pk, **acting)
    return {}


def _order(world: World) -> dict[str, Any]:
    factories.tokens_in_wallet(Consent.objects.get(pk=world.parts["consent_id"]).household, 10_000)
    return {"reward": str(world.parts["reward_id"])}


def _gift(world: World) -> dict[str, Any]:
    factories.tokens_in_wallet(Consent.objects.get(pk=world.parts["consent_id"]).household, 10_000)
    taker = factories.tokens_in_wallet(factories.household(), 1)
    code = redemption.open_gift_address(household=taker, at=timezone.now()).code
    return {"to": code, "tokens": 50, "words": "고마워요"}


def _voucher(world: World) -> dict[str, Any]:
    order = Order.objects.get(pk=world.parts["order_id"])
    worker = factories.staff(of=order.reward.provider)
    redemption.accept_order(order_id=order.pk, actor=worker, at=timezone.now())
    return {"voucher_code": order.voucher_code}


BODIES: dict[tuple[str, str], Body] = {
    ("POST", "api/v1/asks/<uuid:ask_id>/approve"): _approval,
    ("POST", "inbox/<uuid:ask_id>/answer"): _answer,
    ("POST", "inbox/<uuid:ask_id>/wrong"): _judged,
    ("POST", "api/v1/asks/<uuid:ask_id>/wrong"): _judged,
    ("POST", "privacy"): lambda world: {"asks_per_week": 10, "min_tokens": 0},
    ("POST", "privacy/organisations"): _never,
    ("POST", "appliances/<uuid:appliance_id>"): _description,
    ("POST", "appliances/<uuid:appliance_id>/own"): _owner,
    ("POST", "appliances/<uuid:appliance_id>/give-back"): _own,
    ("POST", "appliances/<uuid:appliance_id>/join"): _other,
    ("POST", "appliances/<uuid:appliance_id>/kinds"): lambda world: {"never": "air.pm25"},
    ("POST", "appliances/pairings"): lambda world: {"type": "hub", "name": "새 허브"},
    ("POST", "api/v1/pairings"): _code,
    ("POST", "appliances/keys"): lambda world: {"label": "새 열쇠"},
    ("POST", "privacy/members"): lambda world: {"label": "도윤", "role": "adult"},
    ("POST", "buyer/keys"): lambda world: {"label": "새 열쇠", "scopes": ["records"]},
    ("POST", "api/v1/receipts/verify"): _receipt,
    ("POST", "receipts/verify"): lambda world: {"text": json.dumps(_receipt(world))},
    ("POST", "api/v1/webhook-endpoints"): lambda world: {"url": "https://example.com/another"},
    ("POST", "api/v1/data-requests"): _terms,
    ("POST", "api/v1/data-requests/<uuid:request_id>/fund"): lambda world: {"tokens": 100},
    ("POST", "buyer/data-requests/<uuid:request_id>/fund"): lambda world: {"tokens": 100, "key": uuid4()},
    ("POST", "api/v1/data-requests/<uuid:request_id>/resume"): _resume,
    ("POST", "buyer/data-requests/<uuid:request_id>/resume"): _resume,
    ("POST", "api/v1/orders"): _order,
    ("POST", "shop/<uuid:reward_id>/reserve"): _order,
    ("POST", "api/v1/gifts"): _gift,
    ("POST", "wallet/gifts/confirm"): _gift,
    ("POST", "wallet/gifts/give"): _gift,
    ("POST", "provider/orders/<uuid:order_id>/refuse"): lambda world: {"reason": "다 나갔어요."},
    ("POST", "provider/orders/<uuid:order_id>/fulfil"): _voucher,
}


# --- from one to twenty ------------------------------------------------------------------------------------------


def grow(world: World) -> None:
    """Give the home, the buyer, the provider and the books nineteen more of everything they have."""
    consent = Consent.objects.select_related("decided_by", "household").get(pk=world.parts["consent_id"])
    mother, home = consent.decided_by, consent.household
    request = DataRequest.objects.select_related("organisation").get(pk=world.parts["request_id"])
    school, provider = request.organisation, Order.objects.get(pk=world.parts["order_id"]).reward.provider
    Preference.objects.filter(household=home).update(asks_per_week=10_000)
    factories.tokens_for(school, 1_000_000)

    for _ in range(MORE):
        reward = factories.reward(of=provider)
        factories.order(by=mother, of=reward)
        factories.gift(to=home)
        factories.member(of=home)
        factories.hub_key(of=home)
        factories.buyer_key(of=school)
        factories.staff(of=school)
        factories.submitted_request(of=school, tokens=200)
    # A buyer has five addresses at most, and a call here adds one.
    for number in range(3):
        url = f"https://example.com/hook{number}"
        delivery.add_endpoint(organisation=school, url=url, actor="test", at=timezone.now())
    # The deals come last: the newest page of the books then shows what it showed before.
    asks = _asks(home, 3 * MORE, source="more")
    others = [factories.open_request(of=school, tokens=200) for _ in range(MORE)]
    to_others = [ask for ask in _asks(home, 1, source="others") if ask.offer.request in others]
    deals = [factories.approve(ask, by=mother) for ask in [*asks[MORE:], *to_others]]
    for deal in deals[:MORE]:
        Access.objects.create(release=deal.release, reader="key", path="api", at=timezone.now())
        Release.objects.filter(pk=deal.release.pk).update(first_read_at=timezone.now())
        brokerage.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())
    factories.gift(to=home)  # as in the small world, one stands on the wallet's newest page


def _asks(home: Household, count: int, *, source: str) -> list[Ask]:
    """Notice `count` things, each by another appliance, and return what the home is asked about them."""
    at = timezone.now()
    readings = [
        Reading(
            index=number, kind="air.pm25", value=Decimal(60), unit="ug/m3", raw=Raw("60", "ug/m3"),
            method=Method(type="sensor", name="count", version="1"), source=f"urn:device:{source}-{number}",
            appliance_type="air_purifier", event_id=uuid4().hex, observed_at=at - timedelta(minutes=5),
        )
        for number in range(count)
    ]  # fmt: skip
    # More than a home takes in on one day; they are of another day, so that the calls here may bring in theirs.
    with mock.patch.object(arriving, "MAX_NEW_A_DAY", 1_000):
        insights.record_insights(household=home, items=readings, dialect="canonical", at=at)
    Appliance.objects.filter(household=home).update(joined_at=at - timedelta(days=2))
    brokerage.match_insights(at=at)
    return list(Ask.objects.filter(household=home, asked_at=at).select_related("household", "recipient", "offer"))
