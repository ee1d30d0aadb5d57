"""At every address of Maru: who gets in, who is turned away, and that a stranger finds nothing of anybody else's."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.architecture.url_table import LIBRARIES, ROWS, Audience, Row
from tests.world import Caller, World, make_world

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
        f"`make_world` of tests/world.py): {missing}"
    )


def test_every_row_has_an_address():
    assert not ROWS.keys() - OURS.keys()


def methods_of(route: str) -> list[str]:
    """Return the methods an address answers: of an API view by its class, of a page by what it says to OPTIONS."""
    view = getattr(OURS[route].callback, "cls", None)
    if view is not None:
        return [name.upper() for name in view.http_method_names if hasattr(view, name) and name != "options"]
    return [name for name in allowed(route) if name != "HEAD"]


def allowed(route: str) -> list[str]:
    told = Client().options("/" + re.sub(r"<\w+:\w+>", "00000000-0000-4000-8000-000000000000", route))
    assert told.status_code == 405, f"{route}: put require_safe, require_POST or require_http_methods outermost"
    return told["Allow"].split(", ")


#: A look at this page is written down as a read.
HEADLESS = {"buyer/data-requests/<uuid:request_id>"}


def test_what_only_reads_answers_head_as_well():
    """Of API views each does by itself; a page says so to OPTIONS."""
    pages = {route for route, pattern in OURS.items() if not hasattr(pattern.callback, "cls")}
    headless = {route for route in pages if allowed(route) == ["GET"]}

    assert headless == HEADLESS


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
