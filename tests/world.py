"""One deal between people who trust each other, and strangers who sit in the same seats elsewhere."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from consent.parties.models import MachineKey, Organisation, User
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Appliance, Pairing
from marketplace.brokerage import operations as brokerage
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Access, Erasure, Release
from rewards.ledger.queries import wallet_address
from tests import factories
from tests.architecture.url_table import Audience
from tests.browsers import signed_in

KINDS = Organisation.Kind


@dataclass
class Caller:
    """Somebody at the door: a browser, or a program with a key."""

    audience: Audience | None
    browser: Client = field(default_factory=Client)
    key: str = ""
    is_known: bool = True

    def call(self, method: str, path: str) -> HttpResponse:
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        return self.browser.generic(
            method, path, b"{}" if path.startswith("/api/") else b"", headers=headers,
            content_type="application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded",
        )  # fmt: skip


@dataclass
class World:
    parts: dict[str, Any]
    owners: dict[Audience, list[Caller]]
    strangers: dict[str, Caller]
    secrets: list[str]

    def path(self, route: str) -> str:
        """Fill the parts of a route with the deal's own things."""
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(self.parts[part[1]]), route)


def make_world() -> World:
    mother, teacher = factories.member(name="윤하늘"), factories.staff()
    home, school = mother.membership.household, factories.tokens_for(teacher.seat.organisation)
    request = factories.open_request(of=school)
    deal = factories.deal(by=mother, request=request)
    ended = factories.deal(by=mother, request=request)
    Access.objects.create(release=ended.release, reader="key", path="api", at=timezone.now())
    Release.objects.filter(pk=ended.release.pk).update(first_read_at=timezone.now())
    brokerage.withdraw_consent(consent_id=ended.consent.pk, actor=mother, at=timezone.now())
    erasure = Erasure.objects.get(release=ended.release)
    waiting = factories.ask(of=home, request=request)
    order = factories.order(by=mother)
    gift = factories.gift(to=home)
    endpoint, _ = delivery.add_endpoint(
        organisation=school, url="https://example.com/hook", actor="test", at=timezone.now()
    )
    repairer = factories.staff(of=order.reward.provider)
    parts = {
        "ask_id": waiting.pk, "consent_id": deal.consent.pk, "request_id": request.pk, "release_id": deal.release.pk,
        "erasure_id": erasure.pk, "withdrawal_id": erasure.pk, "endpoint_id": endpoint.pk, "order_id": order.pk,
        "reward_id": order.reward_id, "gift_id": gift.pk, "op_id": deal.consent.op_id, "address": wallet_address(home),
        "appliance_id": waiting.offer.insight.appliance_id,
        **_let_in(mother, whole=waiting.offer.insight.appliance),
        "key_id": MachineKey.objects.get(prefix=factories.hub_key(of=home).split("_")[1]).pk,
        "buyer_key_id": MachineKey.objects.get(prefix=factories.buyer_key(of=school).split("_")[1]).pk,
        "membership_id": factories.member(of=home, role="child").membership.pk,
        "invitation_id": factories.invitation(by=mother).pk, "invitation_code": "over",
        "dialect": "homeassistant", "code": "ask_not_pending", "list_name": "refused",
        "notice_version": "v2", "notice_locale": "ko",
    }  # fmt: skip
    public = {"reward_id", "invitation_code", "dialect", "code", "list_name", "notice_version", "notice_locale"}
    return World(
        parts=parts,
        owners={
            Audience.MEMBER: [Caller(Audience.MEMBER, signed_in(mother))],
            Audience.BUYER: [
                Caller(Audience.BUYER, signed_in(teacher, second_factor=True)),
                Caller(Audience.BUYER, key=factories.buyer_key(of=school)),
            ],
            Audience.PROVIDER: [Caller(Audience.PROVIDER, signed_in(repairer, second_factor=True))],
        },
        strangers=make_strangers(),
        secrets=[home.name, mother.email, mother.name, endpoint.url]
        + [str(value) for name, value in parts.items() if name not in public],
    )


def _let_in(mother: User, *, whole: Appliance) -> dict[str, Any]:
    """A code that waits, a hub that came in, and another name of one appliance."""
    home, at = whole.household, timezone.now()
    invited = appliances.ask_for_code(actor=mother, label="새 허브", type="", at=at)
    hub = Pairing.objects.create(household=home, label="거실 허브", paired_at=at)
    part = Appliance.objects.create(household=home, identity="another-name", part_of=whole, joined_at=at)
    return {"pairing_code_id": invited.pk, "pairing_id": hub.pk, "part_id": part.pk}


def make_strangers() -> dict[str, Caller]:
    def browser(user: User) -> Client:
        return signed_in(user, second_factor=True)

    neighbour = factories.member()
    shop = factories.tokens_for(factories.organisation())
    return {
        "anonymous": Caller(None, is_known=False),
        "a wrong key": Caller(None, key="maru_00000000_wrong", is_known=False),
        "a neighbour": Caller(Audience.MEMBER, browser(neighbour)),
        "a neighbour's hub": Caller(Audience.HUB, key=factories.hub_key(of=neighbour.membership.household)),
        "another buyer": Caller(Audience.BUYER, browser(factories.staff(of=shop))),
        "another buyer's key": Caller(Audience.BUYER, key=factories.buyer_key(of=shop)),
        "a manufacturer": Caller(
            Audience.PROVIDER, browser(factories.staff(of=factories.organisation(kind=KINDS.MANUFACTURER)))
        ),
        "another provider": Caller(
            Audience.PROVIDER, browser(factories.staff(of=factories.organisation(kind=KINDS.PROVIDER)))
        ),
        "an auditor": Caller(Audience.AUDITOR, browser(factories.auditor())),
        "an auditor's key": Caller(
            Audience.AUDITOR, key=factories.buyer_key(of=factories.platform(), scopes=("audit",))
        ),
        "an admin": Caller(Audience.ADMIN, browser(factories.admin())),
    }
