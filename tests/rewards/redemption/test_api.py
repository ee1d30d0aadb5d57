"""The API of wallet, shop and orders, as the people of a home meet it."""

from datetime import UTC, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from consent.parties.models import MachineKey
from rewards.redemption import operations
from rewards.redemption.models import Order, Reward
from tests import factories
from tests.rewards.redemption.books import everything_written, standing

REWARDS, ORDERS, WALLET, ENTRIES = "/api/v1/rewards", "/api/v1/orders", "/api/v1/wallet", "/api/v1/wallet/entries"


def client_of(user=None, *, key: str = "") -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_login(user)
    if key:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def api(mother) -> APIClient:
    return client_of(mother)


def place(client, reward, *, key=""):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(ORDERS, {"reward": str(reward.pk)}, format="json", headers=headers)


# --- the wallet ---------------------------------------------------------------------------------------------------


def test_the_wallet_says_what_can_be_used_and_what_is_held(api, filter_reward):
    place(api, filter_reward)

    assert api.get(WALLET).json() == {
        "available": 400,
        "held": 600,
        "posted": 1_000,
        "expiring": 0,
        "expires_on": None,
    }


def test_a_home_without_a_wallet_has_nothing(db):
    client = client_of(factories.member())

    assert client.get(WALLET).json()["available"] == 0
    assert client.get(ENTRIES).json() == {"data": [], "next_cursor": None}


def test_every_entry_names_what_caused_it(api, mother, worker, filter_reward):
    order = Order.objects.get(pk=place(api, filter_reward).json()["id"])
    operations.accept_order(order_id=order.pk, actor=worker, at=timezone.now())
    operations.cancel_order(order_id=order.pk, actor=mother, at=timezone.now())

    entries = api.get(ENTRIES).json()["data"]

    shown = [(entry["tokens"], entry["balance"], entry["kind"], entry["event_ref"]) for entry in entries]
    assert shown == [
        (600, 1_000, "returned", f"order:{order.pk}"),
        (-600, 400, "spent", f"order:{order.pk}"),
        (1_000, 1_000, "received", "test"),
    ]
    assert entries[1]["words"] == filter_reward.name
    assert entries[0]["at"].endswith("Z")


def test_entries_are_walked_by_a_cursor_without_losing_one(api, home):
    for tokens in range(1, 6):
        factories.tokens_in_wallet(home, tokens)

    first = api.get(ENTRIES, {"limit": 4}).json()
    second = api.get(ENTRIES, {"limit": 4, "cursor": first["next_cursor"]}).json()

    assert [entry["tokens"] for entry in first["data"] + second["data"]] == [5, 4, 3, 2, 1, 1_000]
    assert second["next_cursor"] is None


def test_a_cursor_opens_only_the_list_of_its_own_home(api, neighbour, home):
    factories.tokens_in_wallet(home, 1)
    cursor = api.get(ENTRIES, {"limit": 1}).json()["next_cursor"]

    assert client_of(neighbour).get(ENTRIES, {"cursor": cursor}).status_code == 400


# --- the shop -----------------------------------------------------------------------------------------------------


def test_the_shop_is_filtered_by_appliance_and_kind(api, firm, filter_reward):
    visit = factories.reward(of=firm, kind=Reward.Kind.SERVICE, fits=["refrigerator"], tokens=450)

    def listed(**query):
        return [reward["id"] for reward in api.get(REWARDS, query).json()["data"]]

    assert listed() == [str(visit.pk), str(filter_reward.pk)]
    assert listed(fits="air_purifier") == [str(filter_reward.pk)]
    assert listed(fits=["air_purifier", "refrigerator"]) == [str(visit.pk), str(filter_reward.pk)]
    assert listed(kind="service") == [str(visit.pk)]
    assert listed(kind="service", fits="microwave") == []


def test_an_unknown_kind_is_named(api, filter_reward):
    response = api.get(REWARDS, {"kind": "holiday"})

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "#/kind"


@pytest.mark.parametrize("hidden", ["sold_out", "unlisted", "suspended", "unverified"])
def test_the_shop_shows_only_what_can_be_ordered(api, firm, filter_reward, hidden):
    if hidden == "sold_out":
        Reward.objects.update(stock=0)
    if hidden == "unlisted":
        Reward.objects.update(listed=False)
    if hidden == "suspended":
        type(firm).objects.filter(pk=firm.pk).update(suspended_at=timezone.now())
    if hidden == "unverified":
        type(firm).objects.filter(pk=firm.pk).update(verified_at=None)

    assert api.get(REWARDS).json()["data"] == []


def test_the_shop_is_walked_by_a_cursor(api, firm):
    wanted = [str(factories.reward(of=firm, tokens=100).pk) for _ in range(5)]

    first = api.get(REWARDS, {"limit": 3}).json()
    second = api.get(REWARDS, {"limit": 3, "cursor": first["next_cursor"]}).json()

    assert sorted(reward["id"] for reward in first["data"] + second["data"]) == sorted(wanted)


# --- orders -------------------------------------------------------------------------------------------------------


def test_an_order_is_answered_whole(api, filter_reward):
    response = place(api, filter_reward)

    order, told = Order.objects.get(), response.json()
    assert response.status_code == 201
    assert (told["id"], told["state"], told["tokens"]) == (str(order.pk), "placed", 600)
    assert told["voucher_code"] == order.voucher_code
    assert told["answer_by"] == order.answer_by.astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert told["ended_at"] is None


def test_the_same_key_and_body_answer_the_same_order(api, filter_reward):
    first, again = place(api, filter_reward, key="tap-1"), place(api, filter_reward, key="tap-1")

    assert first.json() == again.json()
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_409(api, firm, filter_reward):
    place(api, filter_reward, key="tap-1")
    other = factories.reward(of=firm, tokens=10)
    before = everything_written()

    response = place(api, other, key="tap-1")

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_mismatch")
    assert everything_written() == before


def test_without_a_key_two_orders_are_two(api, firm):
    cheap = factories.reward(of=firm, tokens=10)

    assert place(api, cheap).json()["id"] != place(api, cheap).json()["id"]


def test_too_few_tokens_are_402_and_write_nothing(api, firm):
    dear = factories.reward(of=firm, tokens=1_001)
    before = everything_written()

    response = place(api, dear)

    assert response.status_code == 402
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "1,001 토큰이 필요해요. 지금 쓸 수 있는 것은 1,000이에요."
    assert everything_written() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"reward": "헤파"}, 400), ([], 400), ({"reward": None}, 400), ({"reward": str(uuid4())}, 409)],
)
def test_a_body_that_names_no_reward_is_refused(api, body, status):
    assert api.post(ORDERS, body, format="json").status_code == status


@pytest.mark.parametrize("key", ["a" * 191, "tab\there"])
def test_a_key_that_cannot_be_kept_is_refused(api, filter_reward, key):
    assert place(api, filter_reward, key=key).status_code == 400
    assert Order.objects.count() == 0


def test_orders_are_listed_newest_first_and_walked_by_a_cursor(api, home, firm):
    cheap = factories.reward(of=firm, tokens=10)
    placed = [place(api, cheap).json()["id"] for _ in range(5)]

    first = api.get(ORDERS, {"limit": 3}).json()
    second = api.get(ORDERS, {"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [order["id"] for order in first["data"] + second["data"]] == placed[::-1]


def test_an_order_past_its_72_hours_reads_as_cancelled_with_no_clock_running(api, filter_reward):
    place(api, filter_reward)
    with factories.as_owner():
        Order.objects.update(answer_by=timezone.now() - timedelta(seconds=1))

    (order,) = api.get(ORDERS).json()["data"]

    assert (order["state"], order["ended_at"]) == ("cancelled", order["answer_by"])
    assert api.get(WALLET).json()["available"] == 1_000


def test_cancelling_gives_everything_back(api, home, firm, filter_reward):
    order = place(api, filter_reward).json()

    response = api.post(f"{ORDERS}/{order['id']}/cancel")

    assert (response.status_code, response.json()["state"]) == (200, "cancelled")
    assert standing(home, firm).available == 1_000


def test_cancelling_twice_is_409(api, filter_reward):
    order = place(api, filter_reward).json()
    api.post(f"{ORDERS}/{order['id']}/cancel")

    response = api.post(f"{ORDERS}/{order['id']}/cancel")

    assert (response.status_code, response.json()["code"]) == (409, "order_not_in_state")


# --- who ----------------------------------------------------------------------------------------------------------

#: For each of the cast: reading the wallet, its entries, the shop, the orders; ordering; cancelling the mother's.
WHO = {
    "mother": (200, 200, 200, 200, 201, 200),
    "teen": (200, 200, 200, 200, 403, 403),
    "child": (403, 403, 200, 200, 403, 403),
    "neighbour": (200, 200, 200, 200, 201, 404),
    "worker": (403, 403, 403, 403, 403, 403),
    "other_worker": (403, 403, 403, 403, 403, 403),
    "auditor": (403, 403, 403, 403, 403, 403),
    "hub_key": (403, 403, 403, 403, 403, 403),
    "buyer_key": (403, 403, 403, 403, 403, 403),
    "wrong_key": (401, 401, 401, 401, 401, 401),
    "nobody": (401, 401, 401, 401, 401, 401),
}


@pytest.mark.parametrize("who", WHO)
def test_who_may_do_what(who, request, home, mother, firm, filter_reward):
    order = operations.place_order(reward_id=factories.reward(of=firm, tokens=10).pk, actor=mother, at=timezone.now())
    client = {
        "auditor": lambda: client_of(factories.auditor()),
        "hub_key": lambda: client_of(key=factories.hub_key(of=home)),
        "buyer_key": lambda: client_of(
            key=factories.buyer_key(of=factories.organisation(), scopes=list(MachineKey.Scope))
        ),
        "wrong_key": lambda: client_of(key="maru_00000000_wrong"),
        "nobody": client_of,
    }.get(who, lambda: client_of(request.getfixturevalue(who)))()

    answers = [client.get(path).status_code for path in (WALLET, ENTRIES, REWARDS, ORDERS)]
    answers += [place(client, filter_reward).status_code, client.post(f"{ORDERS}/{order.pk}/cancel").status_code]

    assert tuple(answers) == WHO[who]


def test_another_home_sees_none_of_it(api, neighbour, filter_reward):
    place(api, filter_reward)

    assert client_of(neighbour).get(ORDERS).json()["data"] == []
    assert client_of(neighbour).get(WALLET).json()["held"] == 0


def test_a_session_needs_its_csrf_token(mother, filter_reward):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(mother)

    assert place(client, filter_reward).status_code == 403
    assert Order.objects.count() == 0


@pytest.mark.parametrize(("path", "most"), [(WALLET, 8), (ENTRIES, 10), (REWARDS, 6), (ORDERS, 6)])
def test_reading_takes_a_fixed_number_of_queries(api, home, mother, path, most, django_assert_max_num_queries):
    for _ in range(3):
        factories.order_in("accepted", by=mother)

    with django_assert_max_num_queries(most):
        assert api.get(path).status_code == 200
