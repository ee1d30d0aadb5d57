"""A canary: one value nobody else has, taken through the whole deal, is found in the vault and nowhere else."""

import json
import logging

import pytest
from celery import current_app
from django.core import mail
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.brokerage import operations
from marketplace.brokerage.operations import deciding
from marketplace.care import clock
from marketplace.delivery.models import OutboxMessage
from marketplace.insights import vault
from marketplace.insights.models import SealedObject
from tests import factories
from tests.marketplace.insights.test_ingest import pm25, send, whole_database

pytestmark = pytest.mark.django_db
CANARY = "617.83"


@pytest.fixture
def task_messages(monkeypatch):
    """Everything that would go to Redis."""
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: sent.append((args, kwargs)))
    return sent


@pytest.fixture
def mother():
    return factories.member()


@pytest.fixture
def hub(mother):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.hub_key(of=mother.membership.household)}")
    return client


def test_the_value_is_in_the_vault_and_in_no_table_log_mail_or_task(
    hub, mother, task_messages, caplog, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.DEBUG)
    request = factories.open_request()
    with django_capture_on_commit_callbacks(execute=True):
        assert send(hub, [pm25(CANARY)]).json()["results"][0]["status"] == "accepted"
        operations.match_insights(at=timezone.now())
    member = APIClient()
    member.force_login(mother)
    (ask,) = member.get("/api/v1/asks?state=pending").json()["data"]
    detail = member.get(f"/api/v1/asks/{ask['id']}").json()
    school = APIClient()
    school.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.buyer_key(of=request.organisation)}")

    with django_capture_on_commit_callbacks(execute=True):
        member.post(f"/api/v1/asks/{ask['id']}/approve", {"preview_sha256": detail["preview_sha256"]}, format="json")
        read = school.get(f"/api/v1/data-requests/{request.pk}/records").json()["data"]
        clock.tick()

    assert detail["preview"]["data"]["value"] == read[0]["data"]["value"] == float(CANARY)
    assert any(CANARY in str(vault.open_sealed(one)) for one in SealedObject.objects.select_related("data_key"))
    outside = {
        "database": whole_database(),
        "log": caplog.text,
        "mails": "".join(f"{m.subject}{m.body}" for m in mail.outbox),
        "tasks": repr(task_messages),
        "outbox": json.dumps(list(OutboxMessage.objects.values_list("body", flat=True)), default=str),
    }
    assert [place for place, text in outside.items() if CANARY in text] == []


def test_an_exception_in_the_middle_of_a_settlement_tells_nobody_the_value(hub, mother, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    factories.open_request()
    send(hub, [pm25(CANARY)])
    operations.match_insights(at=timezone.now())
    client = Client(raise_request_exception=False)
    client.force_login(mother)
    (ask,) = client.get("/api/v1/asks?state=pending").json()["data"]
    digest = client.get(f"/api/v1/asks/{ask['id']}").json()["preview_sha256"]

    def broken(content):
        raise RuntimeError(f"the vault is broken: {CANARY}")

    monkeypatch.setattr(deciding.vault, "seal", broken)
    answer = client.post(
        f"/api/v1/asks/{ask['id']}/approve", {"preview_sha256": digest}, content_type="application/json"
    )

    assert answer.status_code == 500
    assert CANARY not in answer.content.decode() + caplog.text + whole_database()
    assert client.get(f"/api/v1/asks/{ask['id']}").json()["state"] == "pending"


def test_a_chore_that_fails_is_logged_by_its_kind_alone(caplog, monkeypatch):
    def failing():
        raise ValueError(f"a payload: {CANARY}")

    monkeypatch.setattr(clock, "CHORES", (failing,))

    clock.tick()

    assert "failing failed with ValueError" in caplog.text
    assert CANARY not in caplog.text
