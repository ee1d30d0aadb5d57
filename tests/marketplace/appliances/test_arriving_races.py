"""A request on its way, and a home or an appliance that goes meanwhile: commits are real here."""

import json
import threading

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.appliances.models import Appliance
from marketplace.appliances.operations import arriving
from marketplace.brokerage import operations as brokerage
from marketplace.insights import api
from marketplace.insights import operations as insights
from marketplace.insights.models import Insight
from tests import factories
from tests.marketplace.appliances.hubs import BATCH, Hub, code_for, event, pair


@pytest.fixture
def on_its_way(monkeypatch):
    """Let something happen between the door and the taking in; the request waits until it is over."""
    record = insights.record_insights

    def hold(meanwhile):
        def held(**said):
            answers = []
            thread = threading.Thread(target=lambda: answers.append(_alone(meanwhile)))
            thread.start()
            thread.join(timeout=30)
            assert not isinstance(answers[0], Exception), answers
            return record(**said)

        monkeypatch.setattr(api.operations, "record_insights", held)

    return hold


def _alone(act):
    try:
        return act()
    except Exception as exc:
        return exc
    finally:
        connection.close()


def hand_on(mother):
    brokerage.hand_on_appliance(appliance_id=Appliance.objects.get().pk, actor=mother, at=timezone.now())


def leave(mother):
    brokerage.leave_maru(actor=mother, at=timezone.now())


@pytest.mark.parametrize("go", [hand_on, leave])
def test_what_was_signed_before_its_end_is_refused_after_it(committed_db, on_its_way, go):
    mother = factories.member()
    purifier = Hub(mother, type="air_purifier")
    on_its_way(lambda: go(mother))

    answer = purifier.send([event()])

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_refused")
    assert not Insight.objects.exists()


def test_a_carried_key_that_ended_on_the_way_is_refused(committed_db, on_its_way):
    mother = factories.member()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair(code_for(mother)).json()['key']['api_key']}")
    on_its_way(lambda: leave(mother))

    answer = client.generic("POST", "/api/v1/insights", json.dumps([event()]), content_type=BATCH)

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert not Insight.objects.exists()


@pytest.mark.parametrize("type", ["air_purifier", ""])
@pytest.mark.parametrize("go", [hand_on, leave])
def test_who_goes_waits_for_what_is_being_taken_in_and_destroys_it(committed_db, monkeypatch, go, type):
    mother = factories.member()
    speaker = Hub(mother, type=type)
    speaker.send([event()])
    store, threads, waited = insights.store_new, [], []

    def store_slowly(**said):
        threads.append(threading.Thread(target=lambda: _alone(lambda: go(mother))))
        threads[0].start()
        threads[0].join(timeout=0.5)
        waited.append(threads[0].is_alive())
        store(**said)

    monkeypatch.setattr(insights, "store_new", store_slowly)

    answer = speaker.send([event(63)])
    threads[0].join(timeout=30)

    assert (answer.status_code, waited) == (200, [True])
    assert Insight.objects.count() == 2
    assert not Insight.objects.filter(sealed__isnull=False).exists()
    assert Appliance.objects.get().left_at is not None


def test_what_a_hub_says_of_one_that_has_just_left_is_of_a_new_one(committed_db, monkeypatch):
    mother = factories.member()
    hub = Hub(mother)
    hub.send([event()])
    old, seen, times = Appliance.objects.get(), arriving._seen, []

    def seen_too_late(found, at):
        times.append(1)
        if len(times) == 1:
            thread = threading.Thread(target=lambda: _alone(lambda: hand_on(mother)))
            thread.start()
            thread.join(timeout=30)
        seen(found, at)

    monkeypatch.setattr(arriving, "_seen", seen_too_late)

    answer = hub.send([event(63)])

    assert [one["status"] for one in answer.json()["results"]] == ["accepted"]
    assert not Insight.objects.filter(appliance=old, sealed__isnull=False).exists()
    assert Insight.objects.get(sealed__isnull=False).appliance.left_at is None
