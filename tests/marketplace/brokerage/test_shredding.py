"""`manage.py shred` destroys what is due, and nothing else, however often it is run."""

import io
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from marketplace.delivery.models import Release
from marketplace.insights import rotation
from marketplace.insights.models import Insight, SealedObject
from tests import factories

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


def test_an_insight_about_which_somebody_is_asked_stays(monkeypatch):
    ask = factories.ask(request=factories.open_request())
    Insight.objects.update(received_at=timezone.now() - timedelta(days=40))

    shred(monkeypatch)

    assert Insight.objects.get(pk=ask.subject.removeprefix("insight:")).sealed_id
