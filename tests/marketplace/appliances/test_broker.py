"""Who may sign in at the MQTT broker, and what is written down on the way from there."""

import base64
import hashlib
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from consent.parties.models import AuditEntry, MachineKey
from marketplace.appliances import operations, topics
from marketplace.appliances.errors import ClockTooFarOff, UnknownTopic
from marketplace.appliances.logins import access_file
from marketplace.appliances.models import Arrival, BridgeBeat, BrokerLogin, PairedKey, Pairing, SeenMessage, TurnedAway
from marketplace.appliances.operations import HOLD, Arriving, keys
from marketplace.appliances.queries import broker_logins
from marketplace.appliances.signatures import Signed, check_clock
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.appliances.hubs import Hub, raw_public

pytestmark = pytest.mark.django_db
PATH = "/api/v1/pairings/broker"


@pytest.fixture
def broker(settings):
    settings.MQTT_HUBS_URL = "mqtts://broker.example"


def bind_next(pairing: Pairing, *, signs: bool) -> tuple[PairedKey, str]:
    if signs:
        return keys.bind_public_key(pairing, raw_public(Ed25519PrivateKey.generate()), at=timezone.now()), ""
    return keys.issue_carried(pairing, at=timezone.now())


def ask(key: str) -> object:
    return Client().post(PATH, headers={"authorization": f"Bearer {key}"})


def test_a_hub_that_carries_its_key_is_given_a_name_and_a_password(broker):
    answer = ask(factories.hub_key(of=factories.household()))

    told, login = answer.json(), BrokerLogin.objects.get()
    assert answer.status_code == 201, told
    assert told["username"] == str(login.pairing_id)
    assert told["address"] == "mqtts://broker.example"
    assert told["publish"] == f"in/{login.pairing_id}/"
    assert told["answers"] == f"out/{login.pairing_id}/answers"
    _, _, rounds, salt, found = login.password_hash.split("$")
    again = hashlib.pbkdf2_hmac("sha512", told["password"].encode(), base64.b64decode(salt), int(rounds))
    assert base64.b64encode(again).decode() == found
    assert told["password"] not in login.password_hash
    assert AuditEntry.objects.filter(action="broker.login", subject=f"pairing:{login.pairing_id}").count() == 1


def test_a_hub_that_signs_is_given_one_once_per_message(broker):
    hub = Hub(factories.member())

    first = hub.send(b"", path=PATH, content_type="application/json", message_id="once")
    again = hub.send(b"", path=PATH, content_type="application/json", message_id="once")

    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json()["username"] == str(hub.pairing.pk)


def test_another_password_ends_the_one_before_and_signed_messages_still_count_from_the_first(broker):
    key = factories.hub_key(of=factories.household())
    ask(key)
    first = BrokerLogin.objects.get()

    ask(key)

    login = BrokerLogin.objects.get()
    assert login.password_hash != first.password_hash
    assert login.made_at == first.made_at < login.changed_at


def test_there_is_no_login_without_a_broker_or_without_a_key(settings):
    key = factories.hub_key(of=factories.household())
    without_broker = ask(key)
    settings.MQTT_HUBS_URL = "mqtts://broker.example"
    without_key = Client().post(PATH)

    assert (without_broker.status_code, without_broker.json()["code"]) == (409, "no_broker")
    assert without_key.status_code == 401
    assert not BrokerLogin.objects.exists()


def test_a_login_goes_with_its_pairing(broker):
    ask(factories.hub_key(of=factories.household()))
    pairing = BrokerLogin.objects.get().pairing
    pairing.ended_at = timezone.now()
    pairing.save()

    operations.prune_broker(at=timezone.now())

    assert not BrokerLogin.objects.exists()


@pytest.mark.parametrize("signs", [True, False])
def test_a_password_ends_with_a_key_whose_holder_may_know_it(broker, signs):
    mother = factories.member()
    hub, text = (Hub(mother), "") if signs else (None, factories.hub_key(of=mother.membership.household))
    assert (hub.send(b"", path=PATH, content_type="application/json") if hub else ask(text)).status_code == 201
    key_id, login = hub.key.pk if hub else MachineKey.objects.get().pk, BrokerLogin.objects.get()
    # The pairing keeps another key to speak with.
    _, next_text = bind_next(login.pairing, signs=signs)
    assert list(broker_logins(at=timezone.now()))

    operations.end_hub_key(key_id=key_id, actor=mother, at=timezone.now())

    assert not list(broker_logins(at=timezone.now()))
    if next_text:
        assert ask(next_text).status_code == 201
        assert [one.name for one in broker_logins(at=timezone.now())] == [str(login.pairing_id)]


@pytest.mark.parametrize(("overlap", "is_kept"), [(timedelta(0), False), (timedelta(hours=1), True)])
def test_a_password_outlives_a_key_that_is_changed_and_not_one_that_ends_at_once(broker, overlap, is_kept):
    mother = factories.member()
    ask(factories.hub_key(of=mother.membership.household))
    key = MachineKey.objects.get()

    operations.change_carried_key(key_id=key.pk, actor=mother, overlap=overlap, at=timezone.now())

    assert any(broker_logins(at=timezone.now())) is is_kept


def test_what_the_broker_s_rules_say_of_whom():
    rules = [line for line in access_file(bridge="maru-bridge").splitlines() if line and not line.startswith("#")]

    assert rules[:3] == ["user maru-bridge", "topic read in/#", "topic write out/#"]
    assert rules[3:] == ["pattern write in/%u/#", "pattern read out/%u/#"]


def test_the_clock_forgets_what_came_long_ago_and_nothing_newer():
    at, pairing = timezone.now(), Hub(factories.member()).pairing
    for packet, ago in ((1, HOLD + timedelta(seconds=1)), (2, HOLD - timedelta(minutes=1))):
        Arrival.objects.create(client="bridge", packet=packet, digest="d", token=uuid4(), at=at - ago)
    for name, days in (("old", 41), ("new", 39)):
        TurnedAway.objects.create(pairing=pairing, code=name, times=1, last_at=at - timedelta(days=days))
        then = at - timedelta(days=days)
        BridgeBeat.objects.create(client=name, seen_at=then, connected_at=then, publications=1)

    operations.prune_broker(at=at)

    assert Arrival.objects.get().packet == 2
    assert TurnedAway.objects.get().code == BridgeBeat.objects.get().client == "new"


def test_used_ids_are_remembered_for_as_long_as_a_broker_may_hold_a_message(broker):
    with_broker, without = Hub(factories.member()), Hub(factories.member())
    assert with_broker.send(b"", path=PATH, content_type="application/json").status_code == 201
    at = timezone.now()
    SeenMessage.objects.all().delete()
    for hub in (with_broker, without):
        SeenMessage.objects.create(key=hub.key, message_sha256="a" * 64, at=at)

    operations.prune(at=at + timedelta(hours=1))
    left = list(SeenMessage.objects.values_list("key_id", flat=True))
    operations.prune(at=at + HOLD + timedelta(hours=1))

    assert left == [with_broker.key.pk]
    assert not SeenMessage.objects.exists()


def test_what_a_broker_held_may_be_seven_days_older_and_not_a_second_more():
    at = timezone.now().replace(microsecond=0)

    def signed(ago: timedelta) -> Signed:
        return Signed("id", int((at - ago).timestamp()), ())

    most = HOLD + timedelta(minutes=5)
    check_clock(signed(most), at=at, held=HOLD)
    for ago in (most + timedelta(seconds=1), timedelta(minutes=-5, seconds=-1)):
        with pytest.raises(ClockTooFarOff):
            check_clock(signed(ago), at=at, held=HOLD)
    with pytest.raises(ClockTooFarOff):
        check_clock(signed(timedelta(minutes=6)), at=at)


def name(*arriving: Arriving, client: str = "bridge") -> list[object]:
    return operations.name_arrivals(client=client, arriving=arriving, at=timezone.now())


def test_what_is_delivered_again_under_its_number_keeps_its_token():
    first = name(Arriving(7, "a", again=False), Arriving(8, "b", again=False))

    again = name(Arriving(8, "b", again=True), Arriving(7, "a", again=True), Arriving(9, "c", again=True))

    assert again[:2] == [first[1], first[0]]
    assert again[2] not in first


@pytest.mark.parametrize(
    "later",
    [Arriving(7, "a", again=False), Arriving(7, "other", again=True)],
    ids=["a new one under a used number", "another one under a used number"],
)
def test_a_number_that_is_used_again_names_something_new(later):
    first = name(Arriving(7, "a", again=False))

    assert name(later) != first
    assert Arrival.objects.count() == 1


def test_two_bridges_share_no_numbers():
    assert name(Arriving(7, "a", again=False)) != name(Arriving(7, "a", again=True), client="another")


def test_refusals_are_counted_in_one_row_a_pairing_and_code():
    hub = Hub(factories.member()).pairing
    for _ in range(3):
        operations.note_turned_away(
            counts={(hub.pk, "signature_refused"): 2, (None, "unknown_topic"): 1}, at=timezone.now()
        )

    rows = TurnedAway.objects.order_by("code").values_list("pairing", "code", "times")
    assert list(rows) == [(hub.pk, "signature_refused", 6), (None, "unknown_topic", 3)]


def test_a_bridge_says_when_it_was_last_there():
    begun = timezone.now()
    for later in (0, 10):
        operations.note_beat(client="bridge", connected_at=begun, publications=5, at=begun + timedelta(seconds=later))

    beat = BridgeBeat.objects.get()
    assert (beat.seen_at - begun, beat.publications) == (timedelta(seconds=10), 10)


def test_a_topic_names_a_pairing_and_a_dialect():
    key = PairedKey(pairing_id="5f1d7a60-6d52-4f0b-9c53-0f3a3f7f2b11")

    topic = topics.read_topic(f"in/{key.pairing_id}/tasmota/tele/plug/SENSOR")

    assert str(topic.pairing_id) == key.pairing_id
    assert (topic.dialect.name, topic.rest) == ("tasmota", "tele/plug/SENSOR")
    assert topics.read_topic(f"in/{key.pairing_id}/events").dialect.name == "canonical"


@pytest.mark.parametrize(
    "topic",
    [
        "", "in", "in/", "in//events", "in/5f1d7a60-6d52-4f0b-9c53-0f3a3f7f2b11", "in/not-a-pairing/events",
        "in/5F1D7A60-6D52-4F0B-9C53-0F3A3F7F2B11/events", "in/5f1d7a606d524f0b9c530f3a3f7f2b11/events",
        "in/{5f1d7a60-6d52-4f0b-9c53-0f3a3f7f2b}/events", "out/5f1d7a60-6d52-4f0b-9c53-0f3a3f7f2b11/events",
        "in/5f1d7a60-6d52-4f0b-9c53-0f3a3f7f2b11/xml", "in/5f1d7a60-6d52-4f0b-9c53-0f3a3f7f2b11/",
        "/in/5f1d7a60-6d52-4f0b-9c53-0f3a3f7f2b11/events",
    ],
)  # fmt: skip
def test_no_other_topic_is_read(topic):
    with pytest.raises(UnknownTopic):
        topics.read_topic(topic)


def test_says_whether_a_bridge_was_there_of_late(client, settings):
    settings.MQTT_URL = "mqtts://broker.example"
    never = client.get("/readyz").json()["mqtt_bridge"]
    now = timezone.now()
    operations.note_beat(client="maru-bridge", connected_at=now, publications=0, at=now)

    answer = client.get("/readyz")

    assert (never, answer.json()["mqtt_bridge"], answer.status_code) == ("late", "ok", 200)
    BridgeBeat.objects.update(seen_at=now - timedelta(seconds=61))
    late = client.get("/readyz")
    assert (late.json()["mqtt_bridge"], late.status_code) == ("late", 200)


def test_one_of_several_bridges_is_late_while_the_others_are_there(client, settings):
    settings.MQTT_URL, settings.MQTT_BRIDGES = "mqtts://broker.example", 2
    now = timezone.now()

    def beat(name: str) -> str:
        operations.note_beat(client=name, connected_at=now, publications=0, at=now)
        return client.get("/readyz").json()["mqtt_bridge"]

    # Those of another number of bridges are others.
    told = [beat(name) for name in ("maru-bridge", "maru-bridge-1-of-2", "maru-bridge-2-of-3", "maru-bridge-2-of-2")]
    assert told == ["late", "late", "late", "ok"]
    BridgeBeat.objects.filter(client="maru-bridge-1-of-2").update(seen_at=now - timedelta(seconds=61))
    assert client.get("/readyz").json()["mqtt_bridge"] == "late"


def test_no_bridges_at_all_are_late(client, settings):
    settings.MQTT_URL, settings.MQTT_BRIDGES = "mqtts://broker.example", 0

    assert client.get("/readyz").json()["mqtt_bridge"] == "late"


@given(pairing_id=st.uuids() | st.none(), of=st.integers(1, 16))
def test_a_pairing_is_of_one_part_only(pairing_id, of):
    parts = [topics.Part(number, of) for number in range(1, of + 1)]

    assert [part.has(pairing_id) for part in parts].count(True) == 1
    assert len({part.client("bridge") for part in parts}) == of
    assert pairing_id is not None or parts[0].has(None)


def test_says_nothing_of_a_bridge_where_there_is_no_broker(client):
    assert "mqtt_bridge" not in client.get("/readyz").json()


def test_an_admin_sees_what_is_turned_away_and_not_from_whom():
    hub = Hub(factories.member(name="지우")).pairing
    operations.note_turned_away(counts={(hub.pk, "signature_refused"): 2}, at=timezone.now())
    operations.note_beat(client="bridge", connected_at=timezone.now(), publications=7, at=timezone.now())
    desk = signed_in(factories.admin(), second_factor=True)

    refused, beats = desk.get("/admin/appliances/turnedaway/").text, desk.get("/admin/appliances/bridgebeat/").text

    assert "signature_refused" in refused
    assert str(hub.household_id) not in refused
    assert "지우" not in refused
    assert "bridge" in beats
