"""A streaming replica answers auditors as the primary does; promoted too early, it is caught by whoever kept a seal."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError

from rewards.ledger import as_of, bundle, liabilities, queries, sealing
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import FEES, Checkpoint, Transfer
from rewards.ledger.statements import statement_of
from rewards.ledger.verify_bundle import Broken, verify
from tests.faults.clusters import Cluster, pointed_at
from tests.faults.ledger.run import check_seals
from tests.faults.ledger.servers import Standby, a_primary
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import sealed

NAME = "maru"


@pytest.fixture(scope="module")
def primary(tmp_path_factory, django_db_blocker):
    with django_db_blocker.unblock(), a_primary(tmp_path_factory.mktemp("primary") / "var") as server:
        yield server


@pytest.fixture
def standby(primary: Cluster, tmp_path: Path):
    server = Standby(primary, tmp_path / "standby")
    yield server
    server.stop()


def some_books() -> str:
    """Fill a home's account by posts, holds and captures, and return its address."""
    escrow, home = books.account("escrow", tokens=100), books.account()
    for _ in range(3):
        placed = books.hold(debit=escrow, amount=10)
        books.capture((home, 6), (FEES, 2), hold=placed.key)
    books.hold(debit=home, amount=2)
    return home


def told(home: str, *, size: int, at: datetime, folder: Path) -> list[object]:
    """Return what an auditor reads: balances now, of then and in a tree, and what the offline check says."""
    with bundle.write_bundle() as file:
        (folder / "bundle.zip").write_bytes(file.read())
    return [
        queries.trial_balance(),
        as_of.trial_balance_in_tree(size=size),
        as_of.trial_balance_at(at=at, clock=as_of.Clock.RECORDED),
        as_of.standing_at(home, at=at, clock=as_of.Clock.RECORDED),
        statement_of(home, kept=[size]),
        verify(str(folder / "bundle.zip")),
    ]


def test_proofs_and_balances_of_then_are_the_same_on_a_replica(primary, standby, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), pointed_at(primary.url_of(NAME)):
        home = some_books()
        sealed()
        size, at = sealing.latest_checkpoint().tree_size, datetime.now(UTC)
        liabilities.tell()
        some_books()
        sealed()
        first = told(home, size=size, at=at, folder=tmp_path)
    standby.catch_up(primary)

    with django_db_blocker.unblock(), pointed_at(standby.url_of(NAME)):
        assert standby.ask("SELECT pg_is_in_recovery()") is True
        assert told(home, size=size, at=at, folder=tmp_path) == first
        assert sealing.seconds_behind() == 0
        with pytest.raises(DatabaseError, match="read-only"):
            books.post(credit=home)
        with pytest.raises(DatabaseError, match="read-only"):
            liabilities.tell()


def test_a_replica_that_was_promoted_too_early_goes_on_and_a_kept_seal_tells(
    primary, standby, tmp_path, django_db_blocker
):
    with django_db_blocker.unblock(), pointed_at(primary.url_of(NAME)):
        home = some_books()
        sealed()
        standby.catch_up(primary)
        standby.cut_off()
        lost = books.post(key="fault:lost", credit=home, amount=5)
        sealed()
        kept, known = sealing.latest_checkpoint(), Transfer.objects.count()
        standby.promote()

    with django_db_blocker.unblock(), pointed_at(standby.url_of(NAME)):
        assert Transfer.objects.count() < known, "the replica had everything; nothing was lost"
        again = books.post(key="fault:lost", credit=home, amount=5)
        assert (again.replayed, again.op_id == lost.op_id) == (False, False)
        while Checkpoint.objects.order_by("-tree_size")[0].tree_size <= kept.tree_size:
            books.post(credit=home)
            sealed()
        check_seals()
        assert broken_invariants() == {}
        with bundle.write_bundle() as file:
            (tmp_path / "bundle.zip").write_bytes(file.read())
        assert verify(str(tmp_path / "bundle.zip")).startswith("OK")
        with pytest.raises(Broken, match=f"not what was signed at {kept.tree_size} leaves"):
            verify(str(tmp_path / "bundle.zip"), kept=[kept.note])
