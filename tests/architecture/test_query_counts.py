"""Every address costs the same number of statements with one row behind it and with twenty: there is no N+1."""

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.architecture.test_urls import RolledBack
from tests.query_counts import MORE, Cost, calls, cost_of, grow
from tests.world import make_world

#: Calls that this world refuses, so that what is counted is the refusal. A new one needs a body in
#: tests/query_counts.py, or its reason here.
REFUSED = {
    ("GET", "join/<str:invitation_code>"): "whoever asks has a home, or the invitation is over",
    ("POST", "join/<str:invitation_code>"): "whoever asks has a home, or the invitation is over",
    ("POST", "api/v1/data-requests/<uuid:request_id>/submit"): "it is open already; nothing is listed on the way",
    ("POST", "buyer/data-requests/<uuid:request_id>/submit"): "it is open already; the page is the one of the request",
    ("POST", "api/v1/pairings/broker"): "no broker is told to hubs here; what it costs is one row",
    ("GET", "api/v1/ledger/transfers/<uuid:op_id>/proof"): "what is not committed is never sealed",
    ("GET", "api/v1/ledger/checkpoints/consistency"): "there are no two checkpoints in a transaction of its own",
    ("GET", "api/v1/ledger/bundle"): "what is not committed is never sealed",
    ("GET", "api/v1/ledger/checkpoints/latest"): "what is not committed is never sealed",
    ("GET", "wallet/proof"): "what is not committed is never sealed",
    ("GET", "api/v1/wallet/proof"): "what is not committed is never sealed",
    ("GET", "api/v1/ledger/liabilities"): "what is not committed is never sealed",
    ("GET", "api/v1/ledger/accounts/<str:address>/proof"): "what is not committed is never sealed",
    ("POST", "api/v1/ledger/checkpoints/cosignatures"): "there is no checkpoint to sign",
    ("GET", "api/v1/ledger/export/transfers"): "what is not committed is never sealed",
    ("GET", "api/v1/ledger/attempts"): "it wants a key, and one key is one row",
}


@pytest.fixture(scope="module")
def costs(django_db_setup, django_db_blocker) -> Iterator[dict[tuple[str, str], tuple[Cost, Cost]]]:
    """Each call's cost in a small world, and in the same world grown."""
    with django_db_blocker.unblock(), RolledBack():
        world = make_world()
        Client().get("/readyz")  # it remembers for good that the migrations are there
        few = {call: cost_of(world, *call, size=1) for call in calls()}
        grow(world)
        yield {call: (few[call], cost_of(world, *call, size=1 + MORE)) for call in calls()}


@pytest.mark.parametrize(("method", "route"), [pytest.param(*call, id=" /".join(call)) for call in calls()])
def test_costs_the_same_with_twenty_rows(costs, method, route):
    few, many = costs[method, route]

    assert few.status == many.status
    assert (few.status < 400) == ((method, route) not in REFUSED), (few.status, "see REFUSED")
    assert few.count == many.count, more_of(many, than=few)


def more_of(many: Cost, *, than: Cost) -> str:
    """Name the statements that grew with the rows."""
    more = many.shapes - than.shapes
    return "\n".join(f"{times} x {shape[:600]}" for shape, times in more.most_common(5))
