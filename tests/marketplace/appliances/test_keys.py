"""Keys that change with an overlap and end at once, and a device that may be in one home only."""

import json
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from consent.parties.errors import NotPermitted
from consent.parties.models import MachineKey, Membership
from marketplace.appliances import operations
from marketplace.appliances.models import PairedKey, Pairing, PairingCode
from marketplace.brokerage import operations as brokerage
from marketplace.insights.models import Insight
from tests import factories
from tests.marketplace.appliances.hubs import BATCH, Hub, code_for, event, pair, public_text, signed_headers

pytestmark = pytest.mark.django_db
CHANGE = "/api/v1/pairings/keys"


@pytest.fixture
def mother():
    return factories.member()


@pytest.fixture
def hub(mother):
    return Hub(mother)


def change(hub, new, *, keys=None, message_id=None, **said):
    body = json.dumps({"public_key": public_text(new), **said}).encode()
    headers = signed_headers(*(keys or (hub.secret, new)), body, message_id=message_id)
    return Client().post(
        CHANGE, body, content_type="application/json", headers={"maru-key": str(hub.key_id), **headers}
    )


def carry(text):
    return (
        Client()
        .post("/api/v1/insights", [event()], content_type=BATCH, headers={"authorization": f"Bearer {text}"})
        .status_code
    )


def test_both_keys_are_good_until_the_named_instant_and_then_the_new_one_alone(hub):
    new, until = Ed25519PrivateKey.generate(), timezone.now() + timedelta(hours=2)

    told = change(hub, new, old_valid_until=until.isoformat()).json()

    assert abs(datetime.fromisoformat(told["old_valid_until"]) - until) < timedelta(seconds=1)
    next_hub = Hub.__new__(Hub)
    next_hub.secret, next_hub.key_id = new, told["key"]["id"]
    assert [hub.send([event()]).status_code, next_hub.send([event()]).status_code] == [200, 200]
    PairedKey.objects.filter(pk=hub.key_id).update(expires_at=timezone.now() - timedelta(milliseconds=1))
    assert [hub.send([event()]).status_code, next_hub.send([event()]).status_code] == [401, 200]
    assert Pairing.objects.count() == 1


def test_an_overlap_is_a_day_if_nothing_is_said_and_a_week_at_most(mother):
    for said, days in (({}, 1), ({"old_valid_until": "2999-01-01T00:00:00Z"}, 7)):
        hub = Hub(mother)
        change(hub, Ed25519PrivateKey.generate(), **said)
        left = hub.key.expires_at - timezone.now()
        assert timedelta(days=days, minutes=-1) < left <= timedelta(days=days)


def test_an_instant_that_is_over_ends_the_old_key_now(hub):
    change(hub, Ed25519PrivateKey.generate(), old_valid_until="2020-01-01T00:00:00Z")

    assert hub.send([event()]).status_code == 401


def test_the_new_key_must_sign_too_and_so_must_the_old_one(hub):
    new, thief = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

    assert change(hub, new, keys=(hub.secret,)).status_code == 401
    assert change(hub, new, keys=(new,)).status_code == 401
    assert change(hub, new, keys=(hub.secret, thief)).status_code == 401
    assert PairedKey.objects.count() == 1


def test_a_change_cannot_be_replayed(hub):
    new = Ed25519PrivateKey.generate()
    change(hub, new, message_id="msg_1", old_valid_until=(timezone.now() + timedelta(hours=1)).isoformat())
    PairedKey.objects.exclude(pk=hub.key_id).update(revoked_at=timezone.now())

    again = change(hub, Ed25519PrivateKey.generate(), message_id="msg_1")

    assert (again.status_code, again.json()["code"]) == (409, "message_repeated")


def test_a_third_key_waits_for_the_first_to_end(hub):
    change(hub, Ed25519PrivateKey.generate())

    again = change(hub, Ed25519PrivateKey.generate())

    assert (again.status_code, again.json()["code"]) == (409, "rotation_underway")


def test_nobody_changes_to_a_key_of_another_home(hub):
    other = Hub(factories.member())

    answer = change(hub, other.secret)

    assert (answer.status_code, answer.json()["code"]) == (409, "key_already_paired")


def test_a_carried_key_is_changed_for_a_carried_key(mother):
    text = pair(code_for(mother)).json()["key"]["api_key"]

    answer = Client().post(CHANGE, {}, content_type="application/json", headers={"authorization": f"Bearer {text}"})

    new = answer.json()["key"]["api_key"]
    assert answer.status_code == 201
    assert [carry(text), carry(new)] == [200, 200]
    MachineKey.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now())
    assert [carry(text), carry(new)] == [401, 200]


@pytest.mark.parametrize(
    ("ends_in", "overlap", "left"), [(1, 24, 1), (None, 24 * 30, 24 * 7), (24 * 9, 24 * 30, 24 * 7)]
)
def test_a_change_lets_no_key_live_longer_than_it_would_or_than_a_week(mother, ends_in, overlap, left):
    pair(code_for(mother))
    at, key = timezone.now(), MachineKey.objects.get()
    MachineKey.objects.update(expires_at=at + timedelta(hours=ends_in) if ends_in else None)

    operations.change_carried_key(key_id=key.pk, actor=mother, overlap=timedelta(hours=overlap), at=at)

    key.refresh_from_db()
    assert key.expires_at == at + timedelta(hours=left)


def test_what_carries_a_key_does_not_become_what_signs(mother):
    text, new = pair(code_for(mother)).json()["key"]["api_key"], Ed25519PrivateKey.generate()
    body = json.dumps({"public_key": public_text(new)}).encode()

    answer = Client().post(
        CHANGE, body, content_type="application/json",
        headers={"authorization": f"Bearer {text}", **signed_headers(new, body)},
    )  # fmt: skip

    assert answer.status_code == 401


@pytest.mark.parametrize("who", ["nobody", "a buyer", "a person"])
def test_only_a_hub_s_own_key_changes_itself(mother, who):
    client, headers = Client(), {}
    if who == "a buyer":
        headers = {"authorization": f"Bearer {factories.buyer_key(of=factories.organisation())}"}
    if who == "a person":
        client.force_login(mother)

    assert client.post(CHANGE, {}, content_type="application/json", headers=headers).status_code in (401, 403)


def test_a_revoked_public_key_stays_bound_and_does_not_come_back(hub, mother):
    operations.end_hub_key(key_id=hub.key.pk, actor=mother, at=timezone.now())

    for person in (mother, factories.member()):
        assert pair(code_for(person), key=hub.secret).status_code == 409


def test_a_hub_that_was_let_go_may_come_into_another_home_with_the_same_key(hub, mother):
    neighbour = factories.member()
    operations.end_pairing(pairing_id=hub.pairing.pk, actor=mother, at=timezone.now())

    assert hub.send([event()]).status_code == 401
    moved = Hub(neighbour, key=hub.secret)
    assert moved.send([event()]).status_code == 200
    assert hub.send([event()]).status_code == 401
    assert Insight.objects.get().household == neighbour.membership.household


def test_a_home_that_closes_leaves_no_key_and_no_code_open(hub, mother):
    code = code_for(mother)

    brokerage.leave_maru(actor=mother, at=timezone.now())

    assert hub.send([event()]).status_code == 401
    assert pair(code).status_code == 404
    assert not PairedKey.objects.open(timezone.now()).exists()
    assert not PairingCode.objects.waiting(timezone.now()).exists()
    assert set(Pairing.objects.values_list("label", flat=True)) == {""}


@pytest.mark.parametrize("act", ["end_pairing", "end_hub_key", "change_carried_key"])
def test_a_teen_or_a_neighbour_touches_no_key(mother, act):
    told = pair(code_for(mother)).json()
    key = PairedKey.objects.get(pk=told["key"]["id"])
    arguments = {
        "end_pairing": {"pairing_id": key.pairing_id},
        "end_hub_key": {"key_id": key.machine_key_id},
        "change_carried_key": {"key_id": key.machine_key_id, "overlap": timedelta(days=1)},
    }[act]
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)

    for person in (teen, factories.member(), factories.staff()):
        with pytest.raises(NotPermitted):
            getattr(operations, act)(actor=person, at=timezone.now(), **arguments)
    assert carry(told["key"]["api_key"]) == 200


def test_a_teen_or_a_neighbour_ends_no_key_that_signs(hub, mother):
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)

    for person in (teen, factories.member(), factories.staff()):
        with pytest.raises(NotPermitted):
            operations.end_hub_key(key_id=hub.key.pk, actor=person, at=timezone.now())
    assert hub.send([event()]).status_code == 200


@pytest.mark.parametrize(
    "act",
    [
        lambda mother, home: operations.make_hub_key(household=home, actor=mother, label="허브", at=timezone.now()),
        lambda mother, home: operations.ask_for_code(actor=mother, label="허브", type="", at=timezone.now()),
    ],
    ids=["a key", "a code"],
)
def test_a_home_that_closed_a_moment_ago_lets_nothing_in(mother, act):
    """Whoever waited for the home's lock still holds a person as they were before."""
    home, left = mother.membership.household, type(mother).objects.get(pk=mother.pk)
    brokerage.leave_maru(actor=left, at=timezone.now())

    with pytest.raises(NotPermitted):
        act(mother, home)

    assert not Pairing.objects.filter(household=home).exists()
    assert not PairingCode.objects.filter(household=home).exists()
