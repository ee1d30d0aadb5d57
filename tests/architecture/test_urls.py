"""At every address of Maru: who gets in, who is turned away, and that a stranger finds nothing of anybody else's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from consent.parties.models import Organisation, User
from marketplace.brokerage import operations as brokerage
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Access, Erasure, Release
from rewards.ledger.queries import wallet_address
from tests import factories
from tests.architecture.url_table import LIBRARIES, ROWS, Audience, Row
from tests.browsers import signed_in

KINDS = Organisation.Kind
#: Enough to walk the pages of libraries, which know no rooms.
OUTSIDERS = ("anonymous", "a neighbour", "another buyer", "an auditor")


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        else:
            yield route, pattern


ADDRESSES = dict(walk(get_resolver().url_patterns))
OURS = {route: pattern for route, pattern in ADDRESSES.items() if not route.startswith(LIBRARIES)}


# --- the world: one deal between people who trust each other, and strangers in the same seats -------------------------


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
    endpoint, _ = delivery.add_endpoint(
        organisation=school, url="https://example.com/hook", actor="test", at=timezone.now()
    )
    repairer = factories.staff(of=order.reward.provider)
    parts = {
        "ask_id": waiting.pk, "consent_id": deal.consent.pk, "request_id": request.pk, "release_id": deal.release.pk,
        "erasure_id": erasure.pk, "withdrawal_id": erasure.pk, "endpoint_id": endpoint.pk, "order_id": order.pk,
        "reward_id": order.reward_id, "op_id": deal.consent.op_id, "address": wallet_address(home),
        "dialect": "homeassistant",
    }  # fmt: skip
    public = {"reward_id", "dialect"}
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


@pytest.fixture(scope="module")
def house(django_db_setup, django_db_blocker) -> Iterator[World]:
    """One world for all addresses; everything in it is rolled back at the end."""
    with django_db_blocker.unblock(), RolledBack():
        yield make_world()


@pytest.fixture
def world(house: World) -> Iterator[World]:
    """What one caller changes, the next address does not see."""
    with RolledBack():
        yield house


class RolledBack(transaction.Atomic):
    """An outer transaction that durable operations accept, as Django's own TestCase opens it."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)
        self._from_testcase = True

    def __exit__(self, *exc: Any) -> None:
        transaction.set_rollback(True)
        super().__exit__(*exc)


# --- the table ---------------------------------------------------------------------------------------------------


def test_every_address_has_a_row():
    missing = sorted(OURS.keys() - ROWS.keys())

    assert not missing, (
        'Say whose these addresses are in tests/architecture/url_table.py: add `"<route>": Row(<AUDIENCE>)`, with '
        "`theirs=True` where it shows or changes one party's own thing (its parts then need a value in "
        f"`make_world` of this file): {missing}"
    )


def test_every_row_has_an_address():
    assert not ROWS.keys() - OURS.keys()


def methods_of(route: str) -> list[str]:
    """Return the methods an address answers: of an API view by its class, of a page by what it says to OPTIONS."""
    view = getattr(OURS[route].callback, "cls", None)
    if view is not None:
        return [name.upper() for name in view.http_method_names if hasattr(view, name) and name != "options"]
    told = Client().options("/" + re.sub(r"<\w+:\w+>", "00000000-0000-4000-8000-000000000000", route))
    assert told.status_code == 405, f"{route}: put require_GET, require_POST or require_http_methods outermost"
    return [name for name in told["Allow"].split(", ") if name != "HEAD"]


def parametrized() -> list[Any]:
    return [pytest.param(route, row, id=route or "/") for route, row in ROWS.items() if route in OURS]


@pytest.mark.parametrize(("route", "row"), parametrized())
def test_turns_away_whoever_it_is_not_for(world, route, row):
    path = world.path(route)
    for method in methods_of(route):
        for name, caller in world.strangers.items():
            with RolledBack():
                answer = caller.call(method, path)
            expected = expected_of(row, caller, path=path)
            assert answer.status_code in expected, (name, method, path, answer.status_code, expected)
            if row.audience is not caller.audience or caller.audience is not Audience.AUDITOR:
                assert not leaked(world, answer, path), (name, method, path)


def expected_of(row: Row, caller: Caller, *, path: str) -> range | set[int]:
    """Return the statuses a stranger may meet."""
    gets_in = range(200, 500)
    is_api = path.startswith("/api/")
    if row.audience is Audience.PUBLIC:
        return {*gets_in} - {403, 404, 405}
    if is_api and not caller.is_known:
        return {401}
    if not is_api and (caller.key or not caller.is_known):
        return {302}
    if row.audience is not caller.audience and row.audience is not Audience.SIGNED_IN:
        return {403, 404}
    return {404} if row.theirs else {*gets_in} - {401, 403, 404, 405}


def leaked(world: World, answer: HttpResponse, path: str) -> list[str]:
    """Return what an answer tells of the deal that the caller did not bring along."""
    body = b"".join(answer) if answer.streaming else answer.content
    told = body.decode(errors="replace") + answer.headers.get("Location", "")
    return [secret for secret in world.secrets if secret in told.replace(path, "")]


@pytest.mark.parametrize(
    ("route", "row"), [one for one in parametrized() if one.values[1].theirs and one.values[1].audience in Audience]
)
def test_lets_in_whose_it_is(world, route, row):
    path = world.path(route)
    for method in methods_of(route):
        for caller in world.owners[row.audience]:
            if caller.key and not path.startswith("/api/"):
                continue
            with RolledBack():
                answer = caller.call(method, path)
            assert answer.status_code not in {401, 403, 404, 405}, (method, path, answer.status_code)


# --- what libraries bring ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", [route for route in ADDRESSES if route.startswith("admin/") and "(" not in route])
def test_the_admin_is_for_admins(world, route):
    path = "/" + re.sub(r"<\w+:\w+>", "1", route)
    for name in OUTSIDERS:
        caller = world.strangers[name]
        answer = caller.call("GET", path)
        assert answer.status_code in {302, 403, 404}, (name, path, answer.status_code)
        assert not leaked(world, answer, path)


@pytest.mark.parametrize("route", [route for route in ADDRESSES if route.startswith("accounts/") and "(" not in route])
def test_the_account_pages_tell_a_stranger_nothing(world, route):
    path = "/" + re.sub(r"<\w+:\w+>", "1", route)
    for name in OUTSIDERS:
        caller = world.strangers[name]
        answer = caller.call("GET", path)
        assert answer.status_code < 500, (name, path)
        assert not leaked(world, answer, path)
