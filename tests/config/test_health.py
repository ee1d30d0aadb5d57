"""A load balancer learns whether this process is up and whether what it needs is there."""

import pytest
from django.db import connection

from config import health
from tests import factories
from tests.rewards.ledger import books


def test_says_it_is_up_without_asking_the_database(client):
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_is_ready_once_database_migrations_and_ledger_are_there(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == dict.fromkeys(
        ("status", "database", "ledger", "migrations", "keys", "sealing", "redis"), "ok"
    )
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_stays_ready_without_redis(client, settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["redis"] == "missing"


@pytest.mark.django_db
def test_says_when_the_folder_of_keys_is_away_and_stays_ready(client, settings, tmp_path):
    factories.insight(of=factories.household())
    settings.KEYS_DIR = tmp_path / "elsewhere"

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["keys"]) == (200, "missing")


@pytest.mark.django_db
def test_says_when_the_seal_of_the_ledger_is_late_and_stays_ready(client, monkeypatch):
    books.post(credit=books.account())
    monkeypatch.setattr(health.sealing, "LATE_SECONDS", 0)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["sealing"]) == (200, "late")


@pytest.mark.django_db
def test_is_not_ready_before_every_migration_has_run(client, monkeypatch):
    monkeypatch.setattr(health, "SEEN_MIGRATED", set())
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: ["one is missing"])

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["migrations"]) == (503, "missing")


@pytest.mark.django_db
def test_is_not_ready_while_acting_as_the_owner(client):
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET LOCAL ROLE none")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["database"]) == (503, "missing")


@pytest.mark.django_db
def test_is_not_ready_when_the_ledger_cannot_be_called(client, monkeypatch):
    monkeypatch.setattr(health, "LEDGER_IS_CALLABLE", health.LEDGER_IS_CALLABLE.replace("ledger_apply", "nowhere"))

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["ledger"]) == (503, "missing")


def test_is_not_ready_without_a_database(client, monkeypatch):
    def unreachable(sql):
        raise health.DatabaseError("no route")

    monkeypatch.setattr(health, "_one", unreachable)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["database"]) == (503, "missing")
    assert "no route" not in answer.content.decode()
