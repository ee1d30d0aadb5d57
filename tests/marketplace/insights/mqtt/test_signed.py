"""What is published signed: by the key of its own topic, in its time, and once."""

import gzip
import json
import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Assurance, TurnedAway
from marketplace.appliances.operations import HOLD
from marketplace.insights.models import Insight
from tests.marketplace.appliances.hubs import event
from tests.marketplace.appliances.publishing import framed, signing
from tests.marketplace.insights.mqtt.taking import SENSOR, publication, sealed, take

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("key_came", "pairing_came", "code"),
    [(20, 1, "timestamp_outside_window"), (1, 20, "timestamp_outside_window"), (20, 20, "")],
    ids=["before the pairing came to the broker", "before the key came to the pairing", "after both"],
)
def test_what_was_signed_too_early_is_refused(key_came, pairing_came, code):
    hub, now = signing(), timezone.now()
    for row, hours in ((hub.key, key_came), (hub.pairing.broker_login, pairing_came)):
        row.made_at = now - timedelta(hours=hours)
        row.save()

    [one] = take(publication(hub.pairing.pk, "events", framed(hub, [event()], at=now - timedelta(hours=2))))

    assert one.code == code


def test_a_pairing_without_a_login_is_not_heard():
    hub = signing()
    hub.pairing.broker_login.delete()

    [one] = take(publication(hub.pairing.pk, "events", framed(hub, [event()])))

    assert one.code == "signature_refused"
