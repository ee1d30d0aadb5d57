"""A rotation may be killed at any moment, and what it destroyed opens from no backup."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone

from config.embedded import postgres
from config.embedded.accounts import account_for
from config.embedded.wheels import postgres_program
from marketplace.brokerage import operations as brokerage
from marketplace.insights import keyring, vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.models import DataKey, SealedObject
from marketplace.insights.vault import Content
from tests import factories
from tests.conftest import connect_as_owner
from tests.faults.clusters import Cluster, pointed_at
from tests.faults.test_redis_is_gone import url_of

SEALED, ROUNDS = 2_000, 5


@pytest.fixture
def keys(committed_db, settings, tmp_path):
    settings.KEYS_DIR = tmp_path / "keys"
    return settings.KEYS_DIR


@pytest.fixture
def manage(committed_db, keys):
    """Start `manage.py` on the clone, in a process of its own."""
    environment = {**os.environ, "DATABASE_URL": url_of(committed_db), "MARU_DEMO": "1", "MARU_KEYS": str(keys)}

    def start(*words):
        argv = [sys.executable, "manage.py", *words]
        return subprocess.Popen(
            argv, env=environment, cwd=django_settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    return start


def payloads():
    rows = SealedObject.objects.select_related("data_key").order_by("subject_id")
    return {row.subject_id: vault.open_sealed(row) for row in rows}


def test_a_rotation_killed_again_and_again_loses_nothing_and_goes_on(manage, keys, seconds_left):
    subjects = [uuid4() for _ in range(SEALED)]
    vault.seal_many([Content("insight", uuid4(), subject, subject.bytes) for subject in subjects])
    kills = 0

    for _ in range(ROUNDS):
        process = manage("rotate_keys", "--epoch-ends", "now", "--batch", "20")
        for _ in range(random.randint(1, 6)):
            process.stdout.readline()
        time.sleep(random.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        assert payloads() == {subject: subject.bytes for subject in subjects}
    made = keyring.epochs()[-1]
    said, errors = manage("rotate_keys", "--epoch-ends", "now", "--batch", "500").communicate()

    assert kills > 0
    assert "open nothing any more" in said, errors
    assert "cut short" not in said or keyring.epochs() == [made]
    assert DataKey.objects.exclude(epoch=keyring.epochs()[0]).count() == 0
    assert payloads() == {subject: subject.bytes for subject in subjects}


@pytest.fixture
def primary(tmp_path, django_db_blocker):
    """A migrated cluster of its own, of which base backups can be taken; Django means it."""
    with django_db_blocker.unblock(), patch.dict(postgres.SETTINGS, {"wal_level": "replica", "max_wal_senders": "2"}):
        server = Cluster(tmp_path / "primary")
        server.start()
        try:
            server.migrate()
            with pointed_at(server.url_of(postgres.DATABASE)):
                yield server
        finally:
            server.stop()


@contextmanager
def restored_from(backup):
    """Start a server on a base backup: it reads its log up to the backup's end and opens, as after a disaster."""
    server = Cluster(backup)
    account = account_for(postgres.data_of(server.folder), files=[postgres_program("postgres")])
    if account:
        data = postgres.data_of(server.folder)
        for path in (data, *data.rglob("*")):
            account.own(path)
    server.start()
    try:
        with pointed_at(server.url_of(postgres.DATABASE)):
            yield
    finally:
        server.stop()


def take_base_backup(server, folder):
    """Take a base backup as the documentation of PostgreSQL says, with the log that belongs to it."""
    argv = [postgres_program("pg_basebackup"), "-h", server.sockets, "-U", "postgres", "-X", "stream", "-c", "fast"]
    subprocess.run([*argv, "-D", folder / "postgres"], check=True, capture_output=True)


def test_a_base_backup_restored_after_the_epoch_ended_opens_nothing(primary, settings, tmp_path):
    settings.KEYS_DIR = tmp_path / "keys"
    request = factories.open_request()
    kept, taken_back = factories.deal(request=request), factories.deal(request=request)
    shown = payloads()
    # Before the withdrawal, so that every key is in it; and, against all advice, with the keys beside it.
    take_base_backup(primary, tmp_path / "backup")
    shutil.copytree(settings.KEYS_DIR, tmp_path / "keys_kept")

    actor = taken_back.consent.decided_by
    brokerage.withdraw_consent(consent_id=taken_back.consent.pk, actor=actor, at=timezone.now())
    call_command("rotate_keys", "--epoch-ends", "now", stdout=io.StringIO())

    living = payloads()
    assert living == {subject: body for subject, body in shown.items() if subject in living}
    assert len(living) == len(shown) - 1
    with restored_from(tmp_path / "backup"):
        rows = list(SealedObject.objects.select_related("data_key"))
        assert {row.subject_id for row in rows} == set(shown)
        # What was noticed, the copies that left, the months of what appliances said, and what rules remember.
        assert {row.purpose for row in rows} == set(SealedObject.Purpose.values)
        for row in rows:
            with pytest.raises(VaultClosed):
                vault.open_sealed(row)
        # Nothing but the destroyed key is missing: the backup itself is whole.
        settings.KEYS_DIR = tmp_path / "keys_kept"
        assert payloads() == shown
    assert kept.release.payload_digest


@pytest.mark.parametrize("place", [0, 7, -1])
def test_the_bytes_of_a_destroyed_key_leave_the_tables_file(committed_db, manage, keys, place):
    rows = vault.seal_many([Content("insight", uuid4(), uuid4(), b"x") for _ in range(9)])
    gone, stays = rows[place], rows[3]
    wrapped, kept = (bytes(DataKey.objects.get(pk=row.pk).wrapped) for row in (gone, stays))
    vault.shred([gone.pk])
    assert wrapped in file_of("insights_datakey", committed_db)

    said, errors = manage("shred").communicate()

    assert "written anew" in said, errors
    assert wrapped not in file_of("insights_datakey", committed_db)
    assert kept in file_of("insights_datakey", committed_db)


def file_of(table, database):
    """Return a table's file as it lies on the disk, read by the server itself."""
    with connect_as_owner(database) as owner:
        owner.execute("CHECKPOINT")
        return owner.execute("SELECT pg_read_binary_file(pg_relation_filepath(%s))", [table]).fetchone()[0]


def test_a_file_that_still_holds_a_dead_key_for_an_old_reader_is_not_called_clean(committed_db, manage, keys):
    gone, _ = vault.seal_many([Content("insight", uuid4(), uuid4(), b"x") for _ in range(2)])
    with connect_as_owner(committed_db) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT 1 FROM parties_area")
        vault.shred([gone.pk])

        said, errors = manage("shred", "--seconds", "1").communicate()

    assert "in use" in said, errors
    assert "written anew" not in said
