"""Every finished row gets one leaf for ever, no row is lost, and what was signed is never taken back."""

import time
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from rewards.ledger import merkle, sealing
from rewards.ledger.errors import NotSealedYet, UnknownCheckpoint
from rewards.ledger.models import FEES, Checkpoint, Leaf, Node, Transfer
from tests.conftest import connect_as_owner
from tests.rewards.ledger import books
from tests.rewards.ledger.test_races import all_at_once

PATIENCE = 60


def sealed(*, rows: int | None = None) -> None:
    """Seal until every row has its leaf: another database's open transaction may hold the watermark for a while."""
    wanted = Transfer.objects.count() if rows is None else rows
    end = time.monotonic() + PATIENCE
    while Leaf.objects.count() < wanted:
        assert time.monotonic() < end, "the watermark did not move"
        sealing.seal() or time.sleep(0.1)


def recomputed(size: int) -> bytes:
    leaves = [bytes(digest) for digest in Leaf.objects.order_by("index").values_list("hash", flat=True)]
    return merkle.root_of(size, subtree=lambda level, at: merkle.folded(leaves[at << level : (at + 1) << level]))


def fill(count: int) -> None:
    home = books.account()
    for _ in range(count):
        books.post(credit=home)


def test_every_row_gets_its_leaf_and_a_checkpoint_signs_them_all(committed_db):
    fill(5)

    sealed()

    newest = sealing.latest_checkpoint()
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(5))
    assert (newest.tree_size, bytes(newest.root)) == (5, recomputed(5))
    assert sealing.seal() == 0
    assert sealing.seconds_behind() == 0


def test_the_kept_nodes_are_those_of_the_tree_however_it_grew(committed_db):
    sizes = []
    for count in (3, 14, 1, 260, 40):
        fill(count)
        sealed()
        sizes.append(sealing.latest_checkpoint())

    for checkpoint in sizes:
        assert bytes(checkpoint.root) == recomputed(checkpoint.tree_size)
    assert Node.objects.filter(level=4).count() == 318 // 16
    assert Node.objects.filter(level=8).count() == 318 // 256


def test_proofs_lead_from_the_row_to_the_signed_root_and_from_old_to_new(committed_db):
    fill(20)
    sealed()
    old = sealing.latest_checkpoint()
    escrow = books.account("escrow", tokens=9)
    placed = books.hold(debit=escrow, amount=9)
    paid = books.capture((books.account(), 4), (FEES, 1), hold=placed.key)
    sealed()
    new = sealing.latest_checkpoint()

    first, second = sealing.proofs_of(paid.op_id, checkpoint=new)

    for proof in (first, second):
        leaf = merkle.leaf_hash(proof.content)
        assert leaf == bytes(Leaf.objects.get(transfer=proof.transfer).hash)
        assert climbed(leaf, proof.index, new.tree_size, proof.path) == bytes(new.root)
    assert sealing.consistency(old=old.tree_size, new=new.tree_size)
    with pytest.raises(NotSealedYet):
        sealing.proofs_of(paid.op_id, checkpoint=old)
    with pytest.raises(UnknownCheckpoint):
        sealing.consistency(old=old.tree_size + 1, new=new.tree_size)


def climbed(digest: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Return the root a path leads to.

    Source: RFC 9162, 2.1.3.2.
    """
    last = size - 1
    for other in path:
        if index & 1 or index == last:
            digest = merkle.node_hash(other, digest)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            digest = merkle.node_hash(digest, other)
        index, last = index >> 1, last >> 1
    assert last == 0
    return digest


def test_what_commits_late_under_an_early_id_is_not_lost(committed_db):
    one, other = books.account(), books.account()
    with connect_as_owner(committed_db) as late:
        late.autocommit = False
        late.execute(POST.format(key="late", credit=one))
        books.post(credit=other)
        for _ in range(5):
            assert sealing.seal() == 0, "a row younger than an open transaction was sealed"
        late.commit()

    sealed()

    assert Leaf.objects.count() == Transfer.objects.count() == 2


def test_many_sealers_beside_many_writers_leave_no_row_out_and_none_twice(committed_db):
    homes = [books.account() for _ in range(4)]

    def hand(number: int) -> Any:
        for _ in range(10):
            sealing.seal() if number < 4 else books.post(credit=homes[number % 4])

    answers = all_at_once(hand, hands=12)
    sealed()

    assert answers == [None] * 12
    assert Leaf.objects.count() == Transfer.objects.count() == 80
    for checkpoint in Checkpoint.objects.all():
        assert bytes(checkpoint.root) == recomputed(checkpoint.tree_size)


def test_after_a_restore_that_counts_transactions_anew_every_row_is_still_sealed(committed_db):
    fill(3)
    sealed()
    with connect_as_owner(committed_db) as owner:
        # As a dump would leave it: the last checkpoint, and a row without a leaf, of a former life's high numbers.
        owner.execute("SET session_replication_role = replica")
        owner.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER transfer_only_grows")
        owner.execute("ALTER TABLE ledger_checkpoint DISABLE TRIGGER checkpoint_only_grows")
        owner.execute("UPDATE ledger_checkpoint SET through = '9000000000'")
    fill(2)
    with connect_as_owner(committed_db) as owner:
        owner.execute("UPDATE ledger_transfer SET xid = '8999999999' WHERE id = (SELECT max(id) FROM ledger_transfer)")

    sealed(rows=5)
    fill(1)
    sealed(rows=6)

    assert Leaf.objects.count() == Transfer.objects.count() == 6


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["ledger_leaf", "ledger_node", "ledger_checkpoint"])
@pytest.mark.parametrize("sql", ["DELETE FROM {0}", "INSERT INTO {0} SELECT * FROM {0}", "TRUNCATE {0}"])
def test_only_the_sealing_functions_write(table, sql):
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(table))

    assert caught.value.__cause__.sqlstate == "42501"


def test_a_checkpoint_is_of_the_whole_tree_and_larger_than_the_last(committed_db):
    fill(3)
    sealed()

    for size in (2, 3, 4):
        with pytest.raises(DatabaseError, match="whole tree"), connection.cursor() as cursor:
            cursor.execute("SELECT ledger_keep_checkpoint(%s, '', '', '1', '{}', '{}', '{}')", [size])


@pytest.mark.django_db
def test_every_column_of_the_journal_is_in_its_leaf():
    escrow, home = books.account("escrow", tokens=9), books.account()
    placed = books.hold(debit=escrow, amount=9)
    books.capture((home, 4), hold=placed.key)
    changed = {"op_id": "gen_random_uuid()", "xid": "'77'::xid8", "kind": "'x'", "leg": "9::smallint"}
    changed |= dict.fromkeys(("hold_leg",), "7::smallint")
    changed |= dict.fromkeys(("expires_at", "effective_at", "recorded_at"), "'2001-01-01T00:00:00Z'::timestamptz")
    changed |= dict.fromkeys(("actor", "event_type", "event_ref", "approved_by", "reason"), "'x'")
    with connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'ledger_transfer'::regclass AND attnum > 0")
        columns = [name for (name,) in cursor.fetchall()]
        for column in columns:
            row = ", ".join(changed.get(name, "10001::bigint") if name == column else f"t.{name}" for name in columns)
            cursor.execute(
                f"""SELECT ledger_leaf_content(t, 'a', 'b') = ledger_leaf_content(ROW({row})::ledger_transfer, 'a', 'b')
                    FROM ledger_transfer t WHERE kind = 'capture'"""
            )
            assert cursor.fetchall() == [(False,)], f"{column} is not in the leaf"
    assert len(columns) == len(Transfer._meta.concrete_fields)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other"), [("'ab', 'c'", "'a', 'bc'"), ("NULL, 'a'", "'', 'a'"), ("'a', NULL", "'a', ''")]
)
def test_no_two_rows_have_one_content(one, other):
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT ledger_leaf_content(NULL::ledger_transfer, {one})
                     = ledger_leaf_content(NULL::ledger_transfer, {other})"""
        )
        assert cursor.fetchone() == (False,)


@pytest.mark.django_db
def test_what_waits_for_its_seal_is_told():
    books.post(credit=books.account())

    assert 0 < sealing.seconds_behind() < 60
    with pytest.raises(NotSealedYet):
        sealing.latest_checkpoint()


POST = """
SELECT ledger_apply('[{{"action": "post", "key": "{key}", "debit": "platform:issuance", "credit": "{credit}",
    "amount": 1, "actor": "test", "event_type": "", "event_ref": ""}}]')
"""
