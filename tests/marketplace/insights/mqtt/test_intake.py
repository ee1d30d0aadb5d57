"""What is published becomes insights by the very rules of a request, and nothing is believed that nobody shows."""

import gzip
import json
import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from consent.parties.canonical import utc_text
from consent.parties.models import MachineKey
from marketplace.appliances import operations as appliances
from marketplace.appliances import wire
from marketplace.appliances.models import Assurance, BrokerLogin, TurnedAway
from marketplace.appliances.operations.keys import issue_carried
from marketplace.insights import operations
from marketplace.insights.models import Insight
from marketplace.insights.mqtt.intake import Intake
from marketplace.insights.mqtt.publications import Publication
from marketplace.insights.mqtt.refusals import SET_ASIDE, NotNow
from tests import factories
from tests.marketplace.appliances.hubs import event
from tests.marketplace.appliances.publishing import carrying, framed, signing
from tests.marketplace.insights.mqtt.taking import SENSOR, publication, sealed, take, watch_sizes

pytestmark = pytest.mark.django_db


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


def test_a_carried_key_that_ended_is_not_heard_from_the_next_publication_on():
    pairing, intake = carrying(), Intake(client="bridge")
    [before] = take(publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=1), intake=intake)
    MachineKey.objects.update(revoked_at=timezone.now())

    [after] = take(publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=2), intake=intake)

    assert (before.code, after.code) == ("", "authentication_failed")
    assert Insight.objects.count() == 1


def test_a_password_that_an_ended_key_could_ask_for_is_not_believed_whatever_the_broker_does():
    """The broker reads its files only now and then, and whoever is connected stays so."""
    pairing, now = carrying(), timezone.now()
    stolen = pairing.keys.get().machine_key
    issue_carried(pairing, at=now)
    MachineKey.objects.filter(pk=stolen.pk).update(revoked_at=now)

    [thief] = take(publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=1))
    BrokerLogin.objects.update(changed_at=now + timedelta(seconds=1))
    [owner] = take(publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=2))

    assert (thief.code, owner.code) == ("authentication_failed", "")
    assert Insight.objects.count() == 1


def test_a_home_that_closed_is_not_heard(monkeypatch):
    person = factories.member()
    hub = signing(person)
    said = publication(hub.pairing.pk, "events", framed(hub, [event()]))
    appliances.end_all_pairings(household=hub.pairing.household, at=timezone.now())

    [one] = take(said)

    assert one.code == "signature_refused"
