"""The disk is full: what was asked happened whole or not at all, and once there is room again it happens once."""

import psycopg
import pytest
from django.db import DatabaseError, connection

from rewards.ledger import operations as ledger
from rewards.ledger import sealing
from rewards.ledger.errors import NotSealedYet
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import ISSUANCE, Attempt, Checkpoint, Leaf, Transfer
from rewards.ledger.queries import balance_of
from tests.faults.clusters import Cluster, pointed_at
from tests.faults.ledger.run import check_seals
from tests.faults.ledger.servers import a_small_disk, fill
from tests.rewards.ledger import books

DISK_FULL = "53100"
NAME = "on_a_small_disk"


@pytest.fixture
def small(cluster, tmp_path, django_db_blocker):
    """A migrated database whose tables lie on a file system of their own; the log of the server does not."""
    with django_db_blocker.unblock(), a_small_disk(tmp_path / "disk", megabytes=64) as disk:
        cluster.own(disk)
        with cluster.connect("postgres") as admin:
            admin.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
            admin.execute(f"CREATE DATABASE {NAME} TEMPLATE maru TABLESPACE small")
        with pointed_at(cluster.url_of(NAME)):
            yield disk
        with cluster.connect("postgres") as admin:
            admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
            admin.execute("DROP TABLESPACE small")


def batch(number: int, home: str) -> list[ledger.PostItem]:
    return [
        ledger.PostItem(key=f"fault:{number}:{n}", debit=ISSUANCE, credit=home, amount=1, **books.FACT)
        for n in range(200)
    ]


def ask_until_it_is_full(home: str) -> int:
    """Ask batch after batch and return the number of the one that found no room."""
    for number in range(200):
        try:
            ledger.apply(batch(number, home))
        except DatabaseError as exc:
            if getattr(exc.__cause__, "sqlstate", None) != DISK_FULL:
                raise
            connection.close()
            return number
    raise AssertionError("the disk was never full")


def test_a_call_that_finds_no_room_has_written_nothing_and_is_asked_again(small):
    home = books.account()
    sealing.seal()
    filler = fill(small)
    broken_off = ask_until_it_is_full(home)

    assert Transfer.objects.count() == Attempt.objects.count() == 200 * broken_off
    assert balance_of(home).posted == 200 * broken_off
    assert broken_invariants() == {}
    filler.unlink()
    for number in range(broken_off + 1):
        answers = ledger.apply(batch(number, home))
        assert {answer.replayed for answer in answers} == {number < broken_off}

    assert balance_of(home).posted == 200 * (broken_off + 1)
    assert broken_invariants() == {}
    check_seals()


def test_a_sealer_that_finds_no_room_leaves_no_leaf_without_its_checkpoint(small):
    home = books.account()
    for number in range(10):
        ledger.apply(batch(number, home))
    filler = fill(small)
    with pytest.raises(DatabaseError) as caught:
        sealing.seal()
    assert getattr(caught.value.__cause__, "sqlstate", None) == DISK_FULL
    connection.close()

    newest = Checkpoint.objects.order_by("-tree_size").first()
    assert Leaf.objects.count() == (newest.tree_size if newest else 0)
    if newest is None:
        with pytest.raises(NotSealedYet):
            sealing.latest_checkpoint()
    filler.unlink()
    check_seals()
    assert sealing.seconds_behind() == 0


@pytest.fixture
def with_small_log(tmp_path, django_db_blocker):
    """A cluster of its own whose write-ahead log lies on a file system that is soon full; Django means it."""
    with django_db_blocker.unblock(), a_small_disk(tmp_path / "disk", megabytes=256) as disk:
        server = Cluster(tmp_path / "var")
        try:
            server.start()
            server.halt()
            server.keep_log_on(disk)
            server.start()
            server.migrate()
            with pointed_at(server.url):
                yield server, disk
        finally:
            server.stop()


def ask_until_the_server_is_gone(server: Cluster, home: str) -> int:
    """Ask batch after batch, each in a new file of the log, and return how many were answered."""
    for number in range(200):
        try:
            ledger.apply(batch(number, home))
        except DatabaseError:
            return number
        try:
            with server.connect("postgres") as admin:
                admin.execute("SELECT pg_switch_wal()")
        except psycopg.Error:
            return number + 1
    raise AssertionError("the disk was never full")


def test_a_log_that_finds_no_room_ends_the_server_and_nothing_that_was_answered(with_small_log):
    server, disk = with_small_log
    home = books.account()
    sealing.seal()
    filler = fill(disk)
    answered = ask_until_the_server_is_gone(server, home)
    connection.close()
    filler.unlink()
    server.start_again()

    assert Transfer.objects.count() == Attempt.objects.count() == balance_of(home).posted
    assert balance_of(home).posted in {200 * answered, 200 * (answered + 1)}, "a batch was cut in two"
    assert broken_invariants() == {}
    for number in range(answered + 1):
        answers = ledger.apply(batch(number, home))
        assert number == answered or {answer.replayed for answer in answers} == {True}

    assert balance_of(home).posted == 200 * (answered + 1)
    assert broken_invariants() == {}
    check_seals()
