"""`manage.py shred` destroys what is due, and nothing else, however often it is run."""

import io
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from marketplace.delivery.models import Release
from marketplace.insights import rotation, twin
from marketplace.insights.models import Insight, RuleMemory, SealedObject, TwinBook
from tests import factories
from tests.marketplace.insights.test_twin_months import LONG_AGO

pytestmark = pytest.mark.django_db


def shred(monkeypatch, *, swept=True) -> str:
    # The file itself is written anew outside any transaction; tests/faults looks at its bytes.
    monkeypatch.setattr(rotation, "sweep_file", lambda **_: swept)
    said = io.StringIO()
    call_command("shred", stdout=said, batch=2)
    return said.getvalue()


def test_destroys_what_is_due_with_progress_and_leaves_the_rest(monkeypatch):
    now, home, request = timezone.now(), factories.household(), factories.request_to_read()
    old = [factories.insight(of=home, at=now - timedelta(days=40)) for _ in range(3)]
    kept = factories.insight(of=home)
    ended = factories.release(request=request, at=now - timedelta(days=31))
    lasting = factories.release(request=request)
    Session.objects.create(session_key="over", session_data="", expire_date=now - timedelta(days=1))

    said = shred(monkeypatch)

    assert "2 insights past their keeping time destroyed\n3 insights" in said
    assert "1 copies of records past their end destroyed" in said
    assert set(Insight.objects.filter(sealed=None)) == set(old)
    assert Insight.objects.get(pk=kept.pk).sealed_id
    assert Release.objects.get(pk=ended.pk).closed_because == "expired"
    assert Release.objects.get(pk=lasting.pk).sealed_id
    assert not Session.objects.exists()
    assert SealedObject.objects.filter(purpose__in=("insight", "release")).count() == 2


def test_a_second_run_finds_nothing_and_says_so(monkeypatch):
    factories.insight(of=factories.household(), at=timezone.now() - timedelta(days=40))
    shred(monkeypatch)

    said = shred(monkeypatch, swept=False)

    assert "no insights past their keeping time" in said
    assert "in use" in said
    assert "insight" not in said.partition("still sealed:")[2]


def test_what_appliances_said_long_ago_goes_with_its_month_and_what_rules_remember_too(monkeypatch):
    noticed = factories.insight(of=factories.household())
    assert TwinBook.objects.count() == RuleMemory.objects.count() == 1
    TwinBook.objects.update(month=LONG_AGO.replace(day=1))
    RuleMemory.objects.update(touched_on=LONG_AGO)
    twin.make_month(LONG_AGO)

    said = shred(monkeypatch)

    assert "1 months of what appliances said destroyed\n1 tables of such months dropped" in said
    assert "1 memories that no rule needs destroyed" in said
    assert list(SealedObject.objects.values_list("pk", flat=True)) == [noticed.sealed_id]


def test_an_insight_about_which_somebody_is_asked_stays(monkeypatch):
    ask = factories.ask(request=factories.open_request())
    with factories.as_owner():
        Insight.objects.update(received_at=timezone.now() - timedelta(days=40))

    shred(monkeypatch)

    assert Insight.objects.get(pk=ask.subject.removeprefix("insight:")).sealed_id
