"""Everybody may see that consents, payments and releases go together."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from consent.parties.canonical import utc_text
from marketplace.appliances.models import BridgeBeat
from marketplace.brokerage import proofs
from marketplace.brokerage.tasks import count_status
from rewards.ledger import sealing
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgotten():
    cache.clear()


def test_tells_a_machine_in_json(client):
    factories.deal()

    answer = client.get("/status").json()

    assert {"orphans": 0, "consents": 1, "payments": 1, "releases": 1}.items() <= answer.items()
    assert answer["as_of"].endswith("Z")


def test_tells_a_browser_in_a_page(client):
    answer = client.get("/status", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert answer["Content-Type"].startswith("text/html")
    assert "장부가 맞아요" in answer.content.decode()
    assert "Accept" in answer["Vary"]


def test_says_so_when_something_stands_alone(client, monkeypatch):
    monkeypatch.setattr(proofs, "STATUS", "SELECT 3, 2, 3, 1")

    page = client.get("/status", headers={"accept": "text/html"}).content.decode()

    assert "장부가 어긋났어요" in page
    assert "장부가 맞아요" not in page


def test_tells_how_the_books_are_sealed(client, monkeypatch):
    def told(waited: float) -> dict:
        cache.clear()
        monkeypatch.setattr(sealing, "seconds_behind", lambda: waited)
        return client.get("/status").json()["sealing"]

    assert told(59.9) == {"tree_size": 0, "sealed_at": None, "behind_minutes": 0, "is_late": False}
    assert (told(119.9)["is_late"], told(120)["is_late"], told(601)["behind_minutes"]) == (False, True, 10)


def test_alarms_on_the_page_and_leads_to_what_checks_the_books(client, monkeypatch):
    monkeypatch.setattr(sealing, "seconds_behind", lambda: 600.0)

    page = client.get("/status", headers={"accept": "text/html"}).content.decode()

    assert "봉인이 늦어지고 있어요" in page
    assert "가장 오래 기다린 줄은 10분째예요" in page
    for way in (
        "/ledger/checkpoint", "/ledger/checkpoint?cosigned", "/ledger/key", "/.well-known/jwks.json",
        "/ledger/verify_bundle.py", "/receipts/verify_receipt.py", "/api/docs",
    ):  # fmt: skip
        assert f'href="{way}"' in page


def test_tells_when_the_bridge_was_last_there_where_there_is_a_broker(client, settings):
    def told() -> dict:
        cache.clear()
        return client.get("/status").json()["mqtt_bridge"]

    assert told() is None
    settings.MQTT_URL = "mqtts://broker.example"
    assert told() == {"seen_at": None, "is_late": True}
    now = timezone.now()
    beat = BridgeBeat.objects.create(client="maru-bridge", seen_at=now, connected_at=now)
    assert told() == {"seen_at": utc_text(now, to="seconds"), "is_late": False}
    assert "다리가 이어져 있어요" in client.get("/status", headers={"accept": "text/html"}).content.decode()

    BridgeBeat.objects.filter(pk=beat.pk).update(seen_at=now - timedelta(days=1))
    assert told()["is_late"]
    assert "다리의 소식이 없어요" in client.get("/status", headers={"accept": "text/html"}).content.decode()


def test_visitors_read_what_the_clock_counted_and_count_nothing(client, django_assert_num_queries):
    count_status()
    first = client.get("/status").json()
    factories.deal()

    with django_assert_num_queries(0):
        assert client.get("/status").json() == first

    assert (first["consents"], first["is_late"]) == (0, False)


def test_the_clock_counts_anew_once_in_thirty_seconds(django_assert_num_queries, settings):
    assert settings.STATUS_CACHE_SECONDS == 30
    kept = proofs.keep_status(at=timezone.now())

    with django_assert_num_queries(0):
        assert proofs.keep_status(at=kept.as_of + timedelta(seconds=29)) is None

    assert proofs.keep_status(at=kept.as_of + timedelta(seconds=30)) == proofs.current_status() != kept


def test_the_clock_cries_out_about_what_stands_alone_and_names_nothing(caplog, monkeypatch):
    monkeypatch.setattr(proofs, "STATUS", "SELECT 3, 2, 3, 1")

    count_status()
    count_status()

    assert [record.getMessage() for record in caplog.records] == ["1 consents, payments and releases stand alone"]


def test_says_how_old_the_numbers_are_when_the_clock_stands_still(client):
    def page() -> str:
        return client.get("/status", headers={"accept": "text/html"}).content.decode()

    kept = proofs.keep_status(at=timezone.now())
    assert "멈춰 있어요" not in page()
    cache.set(proofs.STATUS_KEY, replace(kept, as_of=kept.as_of - timedelta(hours=3)), timeout=None)

    assert "장부가 맞아요" not in page()
    assert "짝이 없는 기록은 하나도 없어요" not in page()
    assert "마지막으로 셌을 때는 장부가 맞았어요" in page()
    assert "3시간 전 것이고" in page().replace("\N{NO-BREAK SPACE}", "")
    assert client.get("/status").json()["is_late"]
