"""Everybody may see that consents, payments and releases go together."""

import pytest
from django.core.cache import cache

from marketplace.brokerage import proofs
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


def test_counts_once_in_thirty_seconds(client, django_assert_num_queries, settings):
    assert settings.STATUS_CACHE_SECONDS == 30
    first = client.get("/status").json()

    with django_assert_num_queries(0):
        assert client.get("/status").json() == first
