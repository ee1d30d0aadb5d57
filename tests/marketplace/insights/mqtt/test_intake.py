"""What is published becomes insights by the very rules of a request, and nothing is believed that nobody shows."""

import gzip
import json
import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import OperationalError
from django.utils import timezone

from consent.parties.canonical import utc_text
from marketplace.appliances import operations as appliances
from marketplace.appliances import wire
from marketplace.appliances.models import Assurance, TurnedAway
from marketplace.appliances.operations import HOLD
from marketplace.insights import operations, vault
from marketplace.insights.models import Insight
from marketplace.insights.mqtt.entities import Entities
from marketplace.insights.mqtt.intake import Intake
from marketplace.insights.mqtt.publications import Publication
from marketplace.insights.mqtt.refusals import SET_ASIDE, NotNow
from tests import factories
from tests.marketplace.appliances.hubs import event
from tests.marketplace.appliances.publishing import carrying, framed, signing

pytestmark = pytest.mark.django_db
SENSOR = {"ENERGY": {"Power": 812}}


def take(*publications: Publication, intake: Intake | None = None, at: object = None) -> list[Publication]:
    (intake or Intake(client="bridge")).take_in(publications, at=at or timezone.now())
    assert all(one.is_done for one in publications)
    return list(publications)


def publication(
    pairing_id: object, topic: str, payload: object, *, packet: int = 0, again: bool = False
) -> Publication:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Publication(f"in/{pairing_id}/{topic}", body, packet, again)


def watch_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many items are stored at once."""
    sizes: list[int] = []
    real = operations.record_insights

    def record(*, items, **given):
        sizes.append(len(items))
        return real(items=items, **given)

    monkeypatch.setattr(operations, "record_insights", record)
    return sizes


def sealed(insight: Insight) -> dict[str, object]:
    return json.loads(vault.open_sealed(insight.sealed))


# --- what is signed ----------------------------------------------------------------------------------------------


def test_a_signed_batch_is_stored_and_answered_as_over_http():
    hub = signing()

    [one] = take(publication(hub.pairing.pk, "events", framed(hub, [event(62), event(-4)], message_id="a")))

    stored = Insight.objects.get()
    assert one.answer() == {
        "message": "a",
        "status": "taken",
        "results": [
            {"index": 0, "status": "accepted", "insight_id": str(stored.pk)},
            {"index": 1, "status": "rejected", "problem": {"code": "out_of_range", "field": "value"}},
        ],
    }
    assert stored.household == hub.pairing.household
    assert sealed(stored)["assurance"] == Assurance.HUB_SIGNED


def test_the_same_batch_again_is_the_good_news():
    hub = signing()
    said = framed(hub, [event()], message_id="a")

    take(publication(hub.pairing.pk, "events", said))
    [again] = take(publication(hub.pairing.pk, "events", said))

    assert again.answer() == {"message": "a", "status": "repeated"}
    assert Insight.objects.count() == 1
    assert not TurnedAway.objects.exists()


def test_an_appliance_that_signs_speaks_for_itself():
    appliance = signing(type="air_purifier")

    take(publication(appliance.pairing.pk, "events", framed(appliance, [event()])))

    stored = Insight.objects.get()
    assert stored.appliance_id == appliance.pairing.appliance_id
    assert sealed(stored)["assurance"] == Assurance.SIGNED


def test_a_hub_may_sign_what_is_in_another_dialect_and_pack_it():
    hub = signing()
    body = gzip.compress(json.dumps(SENSOR).encode())

    take(publication(hub.pairing.pk, "tasmota/tele/plug/SENSOR", framed(hub, body, **{"content-encoding": "gzip"})))

    assert Insight.objects.get().kind == "appliance.power"


def unsigned(hub, other):
    return publication(hub.pairing.pk, "events", [event()])


def unsigned_dialect(hub, other):
    return publication(hub.pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR)


def of_another_key(hub, other):
    return publication(hub.pairing.pk, "events", framed(hub, [event()], secret=Ed25519PrivateKey.generate()))


def of_another_pairing(hub, other):
    return publication(hub.pairing.pk, "events", framed(other, [event()]))


def under_another_topic(hub, other):
    return publication(other.pairing.pk, "events", framed(hub, [event()]))


def of_no_key(hub, other):
    return publication(hub.pairing.pk, "events", framed(hub, [event()], key_id=uuid4()))


def of_an_unreadable_key(hub, other):
    return publication(hub.pairing.pk, "events", framed(hub, [event()], key_id="x" * 36))


def with_another_body(hub, other):
    return publication(hub.pairing.pk, "events", framed(hub, [event()]) + b" ")


def without_an_empty_line(hub, other):
    return publication(hub.pairing.pk, "events", framed(hub, [event()]).replace(b"\n\n", b"\n"))


def with_a_doubled_header(hub, other):
    return publication(hub.pairing.pk, "events", b"maru-key: x\n" + framed(hub, [event()]))


def with_a_header_of_its_own(hub, other):
    return publication(hub.pairing.pk, "events", framed(hub, [event()], authorization="Bearer x"))


def with_an_ended_key(hub, other):
    said = publication(hub.pairing.pk, "events", framed(hub, [event()]))
    appliances.end_hub_key(key_id=hub.key.pk, actor=hub.pairing.household.memberships.get().user, at=timezone.now())
    return said


@pytest.mark.parametrize(
    "said",
    [
        unsigned, unsigned_dialect, of_another_key, of_another_pairing, under_another_topic, of_no_key,
        of_an_unreadable_key, with_another_body, without_an_empty_line, with_a_doubled_header,
        with_a_header_of_its_own, with_an_ended_key,
    ],
    ids=lambda case: case.__name__,
)  # fmt: skip
def test_nothing_is_stored_that_its_topics_own_key_did_not_sign(said, caplog):
    hub, other = signing(), signing()

    with caplog.at_level(logging.WARNING):
        [one] = take(said(hub, other))

    assert one.code in ("signature_refused", "authentication_failed")
    assert not Insight.objects.exists()
    assert "ug/m3" not in caplog.text
    assert "ENERGY" not in caplog.text


@pytest.mark.parametrize(
    ("ago", "is_taken"),
    [
        (timedelta(hours=30), True),
        (HOLD + timedelta(minutes=4), True),
        (HOLD + timedelta(minutes=6), False),
        (-timedelta(minutes=6), False),
    ],
    ids=["a day", "as long as a broker holds", "longer", "ahead"],
)
def test_a_broker_may_hold_what_was_signed_for_seven_days(ago, is_taken):
    hub, now = signing(), timezone.now()
    for row in (hub.key, hub.pairing.broker_login):
        row.made_at = now - timedelta(days=20)
        row.save()

    [one] = take(publication(hub.pairing.pk, "events", framed(hub, [event()], at=now - ago)))

    assert one.code == ("" if is_taken else "timestamp_outside_window")


def test_what_was_signed_before_the_pairing_came_to_the_broker_is_refused():
    hub, now = signing(), timezone.now()
    login = hub.pairing.broker_login
    login.made_at = now - timedelta(hours=1)
    login.save()

    [one] = take(publication(hub.pairing.pk, "events", framed(hub, [event()], at=now - timedelta(hours=2))))

    assert one.code == "timestamp_outside_window"


def test_a_pairing_without_a_login_is_not_heard():
    hub = signing()
    hub.pairing.broker_login.delete()

    [one] = take(publication(hub.pairing.pk, "events", framed(hub, [event()])))

    assert one.code == "signature_refused"


# --- what is not signed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "payload", "kinds"),
    [
        ("tasmota/tele/plug/SENSOR", b'{"ENERGY":{"Power":812}}', ["appliance.power"]),
        ("zigbee2mqtt/living", b'{"pm25":41,"humidity":40}', ["air.pm25", "climate.humidity"]),
        ("esphome/bed/sensor/pm_2_5/state", b"41.5", ["air.pm25"]),
        ("airgradient/readings/1", b'{"pm02":41,"rco2":700}', ["air.co2", "air.pm25"]),
        ("canonical", json.dumps([event()]).encode(), ["air.pm25"]),
        ("events", json.dumps(event()).encode(), ["air.pm25"]),
    ],
)
def test_what_cannot_sign_is_believed_as_the_brokers_rules_have_it(topic, payload, kinds):
    pairing = carrying()

    [one] = take(publication(pairing.pk, topic, payload))

    assert one.code == ""
    assert one.answer() is None
    assert sorted(Insight.objects.values_list("kind", flat=True)) == kinds
    assert sealed(Insight.objects.first())["assurance"] == Assurance.HUB_BEARER


def test_readings_of_one_home_are_stored_together(monkeypatch):
    pairing, sizes = carrying(), watch_sizes(monkeypatch)

    take(*(publication(pairing.pk, f"tasmota/tele/plug{n}/SENSOR", SENSOR, packet=n) for n in range(1, 31)))

    assert sizes == [30]
    assert Insight.objects.count() == 30


def test_more_than_a_request_may_hold_is_divided(monkeypatch):
    pairing, sizes = carrying(), watch_sizes(monkeypatch)

    take(*(publication(pairing.pk, "events", [event() for _ in range(400)]) for _ in range(3)))

    assert sizes == [400, 400, 400]
    assert Insight.objects.count() == 1200


def test_two_homes_in_one_delivery_stay_two_homes():
    first, second = carrying(), carrying()

    take(*(publication(one.pk, "tasmota/tele/plug/SENSOR", SENSOR) for one in (first, second)))

    homes = set(Insight.objects.values_list("household", flat=True))
    assert homes == {first.household_id, second.household_id}


# --- neither an id nor a time ------------------------------------------------------------------------------------


def test_what_says_no_time_is_known_when_it_is_delivered_again():
    pairing, now = carrying(), timezone.now()

    def said(again: bool) -> Publication:
        return publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=9, again=again)

    take(said(again=False), at=now)
    [again] = take(said(again=True), at=now + timedelta(seconds=30))

    assert [one.status for one in again.results] == ["duplicate"]
    assert Insight.objects.count() == 1


def test_the_same_words_under_another_number_are_another_thing():
    pairing = carrying()

    take(*(publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=n) for n in (1, 2)))
    take(publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=1))

    assert Insight.objects.count() == 3


def test_what_says_its_time_is_known_however_it_comes():
    pairing = carrying()
    said = {"pm25": 41, "last_seen": utc_text(timezone.now(), to="milliseconds")}

    take(*(publication(pairing.pk, "zigbee2mqtt/living", said, packet=n) for n in (1, 2)))

    assert Insight.objects.count() == 1


# --- Home Assistant's statestream --------------------------------------------------------------------------------


def stream(pairing, *told, entity="sensor/living_pm25"):
    return [publication(pairing.pk, f"homeassistant/{entity}/{name}", text.encode()) for name, text in told]


UNIT = (("unit_of_measurement", '"µg/m³"'), ("device_class", '"pm25"'))


def test_attributes_of_one_state_are_put_together():
    pairing = carrying()

    take(*stream(pairing, ("state", "41"), *UNIT, ("friendly_name", '"거실"')))

    assert sealed(Insight.objects.get())["value"] == 41


def test_every_state_of_an_entity_counts_though_they_come_at_once():
    pairing = carrying()

    take(*stream(pairing, ("state", "41"), *UNIT, ("state", "42"), *UNIT, ("state", "41"), *UNIT))

    assert sorted(sealed(one)["value"] for one in Insight.objects.all()) == [41, 41, 42]


def test_a_state_is_understood_though_its_attributes_come_with_the_next_delivery():
    pairing, intake = carrying(), Intake(client="bridge")
    take(*stream(pairing, ("state", "40"), *UNIT), intake=intake)

    take(*stream(pairing, ("state", "41")), intake=intake)
    take(*stream(pairing, *UNIT), intake=intake)

    assert Insight.objects.count() == 2
    assert not TurnedAway.objects.exists()


def test_nobody_is_told_what_another_homes_entity_is():
    intake = Intake(client="bridge")
    take(*stream(carrying(), ("state", "40"), *UNIT), intake=intake)

    take(*stream(carrying(), ("state", "41")), intake=intake)

    assert Insight.objects.count() == 1


def told_of(entities, pairing_id, *, entity="sensor/pm"):
    entities.turns(pairing_id, [(0, f"{entity}/device_class", b"pm25")])


def is_known(entities, pairing_id, *, entity="sensor/pm"):
    (turn,), _ = entities.turns(pairing_id, [(0, f"{entity}/state", b"41")])
    return "device_class" in turn.attributes


def test_one_home_with_many_entities_makes_nobody_forget_another_homes():
    entities, loud, quiet = Entities(most=10, most_of_one=3), uuid4(), uuid4()
    told_of(entities, quiet)

    for number in range(30):
        told_of(entities, loud, entity=f"sensor/{number}")

    assert is_known(entities, quiet)
    assert [is_known(entities, loud, entity=f"sensor/{number}") for number in (26, 27, 29)] == [False, True, True]


def test_names_without_end_are_not_remembered():
    entities, loud = Entities(), uuid4()

    told_of(entities, loud, entity=f"sensor/{'a' * 5_000}")

    assert not is_known(entities, loud, entity=f"sensor/{'a' * 5_000}")


def test_the_pairings_heard_longest_ago_are_forgotten_first():
    entities, pairings = Entities(most=10), [uuid4() for _ in range(12)]

    for pairing_id in pairings:
        told_of(entities, pairing_id)

    assert [is_known(entities, one) for one in pairings] == [False] * 2 + [True] * 10


# --- what is wrong with a publication ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("xml", b"<a/>", "unknown_topic"),
        ("events", b"{", "not_json"),
        ("events", b"\xff\xfe", "not_utf8"),
        ("events", b"[" * 5000, "too_deep"),
        ("events", b'{"a":NaN}', "number_not_finite"),
        ("events", b" " * (wire.MAX_BODY_BYTES + 1), "body_too_large"),
        ("events", json.dumps([{}] * 501).encode(), "too_many_items"),
        ("events", b"content-encoding: br\n\n{}", "unsupported_content_encoding"),
        ("events", b"content-encoding: gzip\n\n{}", "cannot_unpack"),
        ("events", b"content-encoding: gzip\n\n" + gzip.compress(b" " * 40_000_000), "body_too_large"),
        ("events", b"", "not_json"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name_and_counted(topic, payload, code):
    pairing = carrying()

    [one] = take(publication(pairing.pk, topic, payload))

    assert one.code == code
    assert TurnedAway.objects.values_list("code", "times").get() == (code, 1)


def test_a_stranger_to_every_home_is_counted_under_no_name():
    take(publication(uuid4(), "events", [event()]), publication("x", "events", b""), Publication("", b""))

    assert set(TurnedAway.objects.values_list("pairing", "code", "times")) == {
        (None, "authentication_failed", 1), (None, "unknown_topic", 2)
    }  # fmt: skip


def test_one_that_nothing_understands_is_set_aside_and_the_others_are_stored(monkeypatch, caplog):
    pairing, real = carrying(), operations.record_insights

    def record(*, items, **given):
        if any(getattr(item, "value", None) == 13 for item in items):
            raise TypeError("13 is a secret")
        return real(items=items, **given)

    monkeypatch.setattr(operations, "record_insights", record)
    monkeypatch.setattr("marketplace.insights.mqtt.intake._PAUSE_SECONDS", 0)
    said = [publication(pairing.pk, "tasmota/tele/a/SENSOR", {"ENERGY": {"Power": n}}) for n in (12, 13, 14)]

    with caplog.at_level(logging.WARNING):
        take(*said)

    assert [one.code for one in said] == ["", SET_ASIDE, ""]
    assert Insight.objects.count() == 2
    assert TurnedAway.objects.values_list("pairing", "code", "times").get() == (pairing.pk, SET_ASIDE, 1)
    assert "secret" not in caplog.text


def test_what_is_wrong_with_the_database_is_not_the_publications_fault(monkeypatch):
    pairing, real = carrying(), operations.record_insights
    one = publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=4)

    def away(**_):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(operations, "record_insights", away)
    monkeypatch.setattr("marketplace.insights.mqtt.refusals.connection.close", lambda: None)
    with pytest.raises(NotNow):
        take(one)
    assert not one.is_done
    monkeypatch.setattr(operations, "record_insights", real)
    take(one)

    assert Insight.objects.count() == 1


def test_items_that_are_refused_are_counted_too():
    pairing = carrying()

    take(publication(pairing.pk, "events", [event(-4), event(-5), event(3)]))

    assert TurnedAway.objects.values_list("pairing", "code", "times").get() == (pairing.pk, "out_of_range", 2)


def test_a_home_that_closed_is_not_heard(monkeypatch):
    person = factories.member()
    hub = signing(person)
    said = publication(hub.pairing.pk, "events", framed(hub, [event()]))
    appliances.end_all_pairings(household=hub.pairing.household, at=timezone.now())

    [one] = take(said)

    assert one.code == "signature_refused"
