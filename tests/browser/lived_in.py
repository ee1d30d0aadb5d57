"""The demo's cast some days on: asks in every state, a read, a withdrawal, orders, data requests on their way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.models import Membership, Organisation, User
from consent.records.models import Ask
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations as brokerage
from marketplace.care import cast, story
from marketplace.care.clock import tick
from marketplace.delivery.models import Erasure
from marketplace.demand.models import DataRequest
from rewards.ledger.queries import wallet_address
from rewards.redemption import operations as redemption
from rewards.redemption.models import Reward
from tests import factories
from tests.browsers import signed_in

#: Who sits where, by the name that `cookies` and the pages use.
PEOPLE = {
    "mother": "jiwoo@maru.example",
    "father": "doyun@maru.example",
    "teen": "haneul@maru.example",
    "neighbour": "sunja@maru.example",
    "school": "school@maru.example",
    "pest": "pest@maru.example",
    "provider": "service@maru.example",
    "auditor": "auditor@maru.example",
    "admin": "admin@maru.example",
    "newcomer": "sae@maru.example",
}
PROVEN = {"school", "pest", "provider", "auditor", "admin"}


@dataclass(frozen=True)
class Home:
    """The logins and keys, a session cookie for everybody, and the ids that addresses need."""

    logins: dict[str, Any]
    cookies: dict[str, str]
    ids: dict[str, str]


def person(who: str) -> User:
    return User.objects.get(email=PEOPLE[who])


def move_in(*, at: datetime) -> Home:
    """The cast of the demo, before anything has happened; everybody is signed in."""
    logins = cast.assemble(at=at)
    factories.user(email=PEOPLE["newcomer"], name="새로")
    return Home(logins=logins, cookies=_cookies(), ids={})


def _cookies() -> dict[str, str]:
    return {who: signed_in(person(who), second_factor=who in PROVEN).cookies["sessionid"].value for who in PEOPLE}


def live(home: Home, *, at: datetime) -> Home:
    """Let the first days pass through the real doors and the real writers."""
    _hub_speaks(home.logins["hub"]["api_key"], at)
    school, pest = person("school").seat.organisation, person("pest").seat.organisation
    _energy_office_asks(pest, at)
    tick()
    dust = next(ask for ask in _asks(school, "air") if _is_about(ask, "air.pm25"))
    stale = next(ask for ask in _asks(school, "air") if _is_about(ask, "air.co2"))
    deal = factories.approve(dust, by=person("mother"))
    read_by_school(home.logins["buyer"]["api_key"], dust.offer.version.request_id)
    brokerage.deny_ask(ask_id=stale.pk, actor=person("mother"), locale="ko", at=timezone.now())
    taken_back = _withdrawn(home, dust.offer.version.request)
    later = factories.insight(of=person("mother").membership.household, value=71.5, source="urn:device:hall")
    # A name without a space in it, as long as one may be: it must break where the page ends.
    Appliance.objects.filter(pk=later.appliance_id).update(name="W" * 40)
    tick()
    later_ask = Ask.objects.get(subject=f"insight:{later.pk}")
    brokerage.defer_ask(ask_id=later_ask.pk, actor=person("mother"), at=timezone.now())
    absence = Ask.objects.get(topic="presence")
    factories.approve(absence, by=person("father"))
    ids = {
        "ask": str(_asks(school, "air")[-1].pk), "consent": str(deal.consent.pk), "ended": str(taken_back.consent.pk),
        "request": str(dust.offer.version.request_id), "op": str(deal.consent.op_id),
        "account": wallet_address(person("mother").membership.household),
        "appliance": str(dust.offer.insight.appliance_id),
        "pest_request": str(_asks(pest, "pest")[0].offer.version.request_id),
    }  # fmt: skip
    return Home(home.logins, home.cookies, ids | _family() | _requests_on_their_way(school) | _orders())


def _hub_speaks(key: str, at: datetime) -> None:
    hub = Client(headers={"authorization": f"Bearer {key}"})
    hub.post("/api/v1/ingest/homeassistant", story.home_assistant_states(at), content_type="application/json")
    hub.post("/api/v1/ingest/airrohr", story.airrohr_body(), content_type="application/json")
    hub.post("/api/v1/insights", story.edge_events(at), content_type=story.CLOUDEVENTS)


def read_by_school(key: str, request_id: Any) -> list[dict[str, Any]]:
    buyer = Client(headers={"authorization": f"Bearer {key}"})
    return list(buyer.get(f"/api/v1/data-requests/{request_id}/records").json()["data"])


def _asks(buyer: Organisation, topic: str) -> list[Ask]:
    return list(Ask.objects.filter(recipient=buyer, topic=topic, state=Ask.State.PENDING).order_by("asked_at", "pk"))


def _is_about(ask: Ask, kind: str) -> bool:
    return bool(ask.offer.insight.kind == kind)


def _energy_office_asks(buyer: Organisation, at: datetime) -> None:
    """Something that every adult must allow, about an empty home two days ago."""
    factories.open_request(
        of=buyer, kinds=["presence.absence"], above=None, purpose="energy_saving", optional_fields=[],
        purpose_ko="동네 전력 낭비 통계 내기", purpose_en="Counting wasted electricity nearby",
        rungs=[{"rung": "day", "tokens": 80}],
    )  # fmt: skip
    factories.absence(of=person("mother").membership.household, until=at - timedelta(days=2))


def _withdrawn(home: Home, request: DataRequest) -> Any:
    mother = person("mother")
    deal = factories.deal(by=mother, request=request, value=44, source="urn:device:study")
    read_by_school(home.logins["buyer"]["api_key"], request.pk)
    brokerage.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=deal.consent.at + timedelta(seconds=1))
    return deal


def _family() -> dict[str, str]:
    """Somebody who could be taken out, somebody who is invited, and a hub that is waited for."""
    mother = person("mother")
    code = parties.invite_member(
        household=mother.membership.household, actor=mother, role=Membership.Role.ADULT, label="새로", at=timezone.now()
    )
    pairing = appliances.ask_for_code(actor=mother, label="새 허브", type="", at=timezone.now())
    return {"father": str(person("father").membership.pk), "invitation": code, "pairing": str(pairing.pk)}


def _requests_on_their_way(school: Organisation) -> dict[str, str]:
    draft = factories.draft_request(
        of=school, purpose_ko="운동장 쉬는 시각 정하기", purpose_en="Timing the breaks outside"
    )
    waiting = factories.submitted_request(
        of=school, tokens=2_000, purpose_ko="급식실 공기 살피기", purpose_en="Watching the air of the canteen",
    )  # fmt: skip
    return {"draft": str(draft.pk), "waiting": str(waiting.pk), "erasure": str(Erasure.objects.get().pk)}


def _orders() -> dict[str, str]:
    """One order that waits, one that was accepted, one that is over; and enough tokens for another."""
    mother, repairer = person("mother"), person("provider")
    service = Reward.objects.get(tokens=300)
    placed = factories.order(by=mother, of=service)
    accepted, refused = (factories.order(by=mother, of=service) for _ in range(2))
    redemption.accept_order(order_id=accepted.pk, actor=repairer, at=accepted.placed_at)
    redemption.refuse_order(order_id=refused.pk, actor=repairer, reason="그날은 쉬어요.", at=refused.placed_at)
    factories.tokens_in_wallet(mother.membership.household, 140)
    filters = Reward.objects.get(tokens=80)
    return {
        "order": str(placed.pk), "accepted": str(accepted.pk), "refused": str(refused.pk),
        "reward": str(filters.pk), "service": str(service.pk),
    }  # fmt: skip
