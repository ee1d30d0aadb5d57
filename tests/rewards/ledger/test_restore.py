"""A dump is restored where transactions are counted anew, and the books are sealed on as if nothing had been."""

import os
import subprocess

import pytest
from django.db import connection, connections

from config.embedded.wheels import postgres_program
from rewards.ledger import bundle, sealing
from rewards.ledger.models import Checkpoint, Leaf, Transfer
from rewards.ledger.verify_bundle import verify
from tests.conftest import connect_as_owner
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import fill, recomputed, sealed, unsealed


def program(name: str, *arguments: str) -> None:
    settings = connections["default"].settings_dict
    port = ["-p", str(settings["PORT"])] if settings["PORT"] else []
    environment = {**os.environ, "PGPASSWORD": settings["PASSWORD"] or ""}
    command = [str(postgres_program(name)), "-U", settings["USER"], "-h", settings["HOST"], *port, *arguments]
    subprocess.run(command, env=environment, check=True, capture_output=True)


@pytest.fixture
def restored(committed_db, tmp_path):
    """Dump the books with rows that have no leaf yet, lift every number into the future, and restore it all."""
    home = books.account()
    fill(5)
    sealed()
    books.post(credit=home, amount=3)
    fill(2)
    lift = 1 << 40  # as from a cluster that had counted much further
    with connect_as_owner(committed_db) as owner:
        for table, column in (("transfer", "xid"), ("attempt", "xid"), ("account", "xid"), ("checkpoint", "through")):
            owner.execute(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER")
            unsealed_only = (
                f"WHERE NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.{table}_id = t.{KEYS[table]})"
                if column == "xid"
                else ""
            )
            owner.execute(
                f"UPDATE ledger_{table} t SET {column} = ({column}::text::bigint + {lift})::text::xid8 {unsealed_only}"
            )
            owner.execute(f"ALTER TABLE ledger_{table} ENABLE ALWAYS TRIGGER {table}_only_grows")
    connections["default"].close()
    archive = str(tmp_path / "books.dump")
    program("pg_dump", "-Fc", "-f", archive, committed_db)
    with connect_as_owner("postgres") as admin:
        admin.execute(f'DROP DATABASE "{committed_db}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{committed_db}"')
    program("pg_restore", "-d", committed_db, archive)
    return committed_db


KEYS = {"transfer": "id", "attempt": "key", "account": "id"}


def test_after_a_real_restore_nothing_is_lost_and_nothing_sealed_twice(restored, tmp_path):
    before = Checkpoint.objects.order_by("-tree_size").first()
    assert unsealed() > 3
    assert sealing.seconds_behind() > 0, "what waits is not seen after a restore"

    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_sealed_through()::text")
        assert cursor.fetchone() == ("0",)
    sealing.seal(at_most=2, seconds=0)
    sealed()
    fill(3)
    sealed()

    assert (unsealed(), sealing.seconds_behind()) == (0, 0)
    newest = sealing.latest_checkpoint()
    assert bytes(newest.root) == recomputed(newest.tree_size)
    assert Transfer.objects.count() == Leaf.objects.filter(transfer__isnull=False).count() == 11
    with bundle.write_bundle() as file:
        (tmp_path / "bundle.zip").write_bytes(file.read())
    assert "OK" in verify(str(tmp_path / "bundle.zip"), kept=[before.note])
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_sealed_through() <> '0'")
        assert cursor.fetchone() == (True,), "the new numbers have passed the old ones, and the search is short again"
