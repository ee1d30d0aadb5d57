"""Every finished row gets one leaf for ever, no row is lost, and what was signed is never taken back."""

import itertools
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import OperationalError

from marketplace.care import clock
from rewards.ledger import liabilities, merkle, sealing, tasks
from rewards.ledger import operations as ledger
from rewards.ledger.errors import InsufficientTokens, NotSealedYet, UnknownCheckpoint
from rewards.ledger.evidence import keep_evidence
from rewards.ledger.models import FEES, ISSUANCE, Account, Attempt, Checkpoint, Leaf, Node, Transfer
from tests.conftest import connect_as_owner
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import climbed, fill, recomputed, sealed, unsealed
from tests.threads import all_at_once


def test_every_row_gets_its_leaf_and_a_checkpoint_signs_them_all(committed_db):
    fill(5)

    sealed()

    newest, size = sealing.latest_checkpoint(), Account.objects.count() + 5 + 5
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(size))
    assert (newest.tree_size, bytes(newest.root)) == (size, recomputed(size))
    assert sealing.seal() == 0
    assert sealing.seconds_behind() == 0


def test_every_leaf_has_a_salt_of_its_own_and_a_transfer_one_for_each_side(committed_db):
    escrow = books.account("escrow", tokens=90)
    for _ in range(4):
        operation = uuid.uuid4()
        keep_evidence(op_id=operation, digest=bytes(32))
        placed = books.hold(debit=escrow, amount=9)
        books.capture((books.account(), 4), (FEES, 1), hold=placed.key, op_id=operation)
    for _ in range(2):
        ledger.close_account(address=books.account(), actor="test")
    with pytest.raises(InsufficientTokens):
        books.post(debit=books.account(), credit=escrow)
    sealed()
    liabilities.tell()

    with connect_as_owner(committed_db) as owner:
        salts = [one for pair in owner.execute("SELECT salt, credit_salt FROM ledger_leaf") for one in pair if one]
    forms = {content.content[0] for content in sealing.contents_of(list(range(Leaf.objects.count()))).values()}
    assert forms == {1, 2, 3, 4, 5, 6}
    assert len(salts) == len(set(salts)) == Leaf.objects.count() + Transfer.objects.count()


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["salt", "credit_salt", "*"])
def test_salts_are_not_read_from_the_table(column):
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM ledger_leaf")

    assert caught.value.__cause__.sqlstate == "42501"


def test_the_kept_nodes_are_those_of_the_tree_however_it_grew(committed_db):
    sizes = []
    for count in (3, 14, 1, 260, 40):
        fill(count)
        sealed()
        sizes.append(sealing.latest_checkpoint())

    for checkpoint in sizes:
        assert bytes(checkpoint.root) == recomputed(checkpoint.tree_size)
    size = Leaf.objects.count()
    assert size > 2 * 318
    assert Node.objects.filter(level=4).count() == size // 16
    assert Node.objects.filter(level=8).count() == size // 256


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


def test_what_commits_late_under_an_early_id_is_not_lost_and_holds_up_nobody(committed_db):
    one, other = books.account(), books.account()
    with connect_as_owner(committed_db) as late:
        late.autocommit = False
        late.execute(POST.format(key="late", credit=one))
        for _ in range(5):
            books.post(credit=other)
            sealing.seal()
        assert Leaf.objects.filter(transfer__isnull=False).count() == 5, "an open transaction held up the others"
        late.commit()

    sealed()

    order = Leaf.objects.filter(transfer__isnull=False).order_by("index").values_list("transfer__credit__address")
    assert [address for (address,) in order] == [other] * 5 + [one]


def test_no_checkpoint_has_a_version_without_those_below_it(committed_db):
    """A transaction takes its number early and writes late: by number alone it would be sealed before its elders."""
    home = books.account()
    with connect_as_owner(committed_db) as early, connect_as_owner(committed_db) as open_one:
        early.autocommit = open_one.autocommit = False
        early.execute("SELECT pg_current_xact_id()")
        open_one.execute("SELECT pg_current_xact_id()")
        books.post(credit=home)
        early.execute(POST.format(key="early", credit=home))
        early.commit()
        sealing.seal(at_most=1)
        assert versions_in_the_order_of_the_tree(home) == [1, 2]
        open_one.rollback()


def versions_in_the_order_of_the_tree(address: str) -> list[int]:
    rows = Transfer.objects.filter(credit__address=address, leaves__isnull=False).order_by("leaves__index")
    return list(rows.values_list("credit_version", flat=True))


def test_batches_are_bounded_and_each_stands_under_its_own_checkpoint(committed_db):
    home = books.account()
    for number in range(3):
        ledger.apply([ledger.PostItem(key=f"b:{number}:{n}", debit=ISSUANCE, credit=home, amount=1, **books.FACT)
                      for n in range(7)])  # fmt: skip

    assert sealing.seal(at_most=4) == unsealed() + Leaf.objects.count()

    sizes = list(Checkpoint.objects.order_by("tree_size").values_list("tree_size", flat=True))
    assert max(new - old for old, new in zip([0, *sizes], sizes, strict=False)) <= 3 * 4
    assert len(sizes) >= 21 // 4
    assert versions_in_the_order_of_the_tree(home) == list(range(1, 22))
    for checkpoint in Checkpoint.objects.all():
        assert bytes(checkpoint.root) == recomputed(checkpoint.tree_size)


def test_an_operation_is_never_cut_in_two(committed_db):
    escrow, homes = books.account("escrow", tokens=90), [books.account() for _ in range(5)]
    for _ in range(3):
        placed = books.hold(debit=escrow, amount=10)
        books.capture(*[(home, 2) for home in homes], hold=placed.key)

    sealing.seal(at_most=2)

    assert unsealed() == 0
    for size in Checkpoint.objects.values_list("tree_size", flat=True):
        inside = Transfer.objects.filter(kind="capture", leaves__index__lt=size)
        assert inside.count() % 5 == 0, f"the checkpoint at {size} has a part of an operation"
        keyed = Attempt.objects.filter(action="capture", leaves__index__lt=size).count()
        assert keyed == inside.count() / 5, "an operation is sealed without its key"


def test_a_pass_ends_when_its_time_is_over_and_the_next_goes_on(committed_db):
    fill(6)

    assert 0 < sealing.seal(seconds=0, at_most=20) < 20
    sealing.seal(at_most=2)

    assert unsealed() == 0


def test_a_checkpoint_comes_after_so_many_rows_of_whatever_kind(committed_db):
    """Rows of the journal, accounts, refused attempts, closures count alike; an operation's attempt comes with it."""
    with connection.cursor() as cursor:
        for act in ONE_OF_EACH.values():
            cursor.execute(f"SELECT {act} FROM generate_series(1, 45) n")
        cursor.execute("SELECT count(*) FROM ledger_account WHERE kind <> 'household'")
        rows = 4 * 45 + cursor.fetchone()[0]

    sealing.seal(at_most=50)

    assert sealing.BATCH == 1000
    assert unsealed() == 0
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM ledger_leaf l LEFT JOIN ledger_attempt a ON a.key = l.attempt_id
               WHERE a.outcome IS DISTINCT FROM 'applied'
               GROUP BY (SELECT min(tree_size) FROM ledger_checkpoint WHERE tree_size > l.index)
               ORDER BY min(l.index)"""
        )
        assert [count for (count,) in cursor.fetchall()] == [50] * (rows // 50) + [rows % 50]


def test_who_is_killed_between_the_leaves_and_the_checkpoint_has_written_neither(committed_db):
    fill(3)
    with connect_as_owner(committed_db) as sealer:
        sealer.autocommit = False
        (seen,) = sealer.execute("SELECT pg_current_snapshot()::text").fetchone()
        (leaves,) = sealer.execute("SELECT sealed FROM ledger_seal_leaves(%s, 0, 1000, 0)", [seen]).fetchone()
        assert leaves > 3
        assert sealing.seal() == 0, "a second sealer worked beside the first"
        with connect_as_owner(committed_db) as killer:
            killer.execute("SELECT pg_terminate_backend(%s, 5000)", [sealer.info.backend_pid])
        with pytest.raises(OperationalError):
            sealer.execute("SELECT 1")

    assert (Leaf.objects.count(), Checkpoint.objects.count()) == (0, 0)
    sealed()
    newest = sealing.latest_checkpoint()
    assert bytes(newest.root) == recomputed(newest.tree_size)


def test_a_pass_that_was_overtaken_ends(committed_db):
    fill(2)
    sealed()
    fill(1)

    assert sealing._seal_batch("1:1:", 0, 1000, 0) is None


def test_many_sealers_beside_many_writers_leave_no_row_out_and_none_twice(committed_db):
    homes = [books.account() for _ in range(4)]

    def hand(number: int) -> Any:
        for _ in range(10):
            sealing.seal() if number < 4 else books.post(credit=homes[number % 4])

    answers = all_at_once(hand, hands=12)
    sealed()

    assert answers == [None] * 12
    assert Transfer.objects.count() == 80
    assert unsealed() == 0
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

    sealed()
    fill(1)
    sealed()

    assert (Transfer.objects.count(), unsealed()) == (6, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["ledger_leaf", "ledger_node", "ledger_checkpoint", "ledger_evidence"])
@pytest.mark.parametrize("sql", ["DELETE FROM {0}", "INSERT INTO {0} SELECT * FROM {0}", "TRUNCATE {0}"])
def test_only_the_sealing_functions_write(table, sql):
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(table))

    assert caught.value.__cause__.sqlstate == "42501"


def test_a_checkpoint_is_of_the_whole_tree_and_larger_than_the_last(committed_db):
    fill(3)
    sealed()

    leaves = Leaf.objects.count()
    for size in (leaves - 1, leaves, leaves + 1):
        with pytest.raises(DatabaseError, match="whole tree"), connection.cursor() as cursor:
            cursor.execute("SELECT ledger_keep_checkpoint(%s, '', '', '1', '{}', '{}', '{}')", [size])


def test_the_clock_seals_every_few_seconds_as_long_as_it_runs(monkeypatch, settings):
    now, sealed_at = [0.0], []
    monkeypatch.setattr(clock.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(clock.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(clock, "CHORES", [chore for chore in clock.CHORES if chore is tasks.seal])
    monkeypatch.setattr(sealing, "seal", lambda: sealed_at.append(now[0]))
    monkeypatch.setattr(sealing, "seconds_behind", lambda: 0)
    monkeypatch.setattr(liabilities, "tell_if_due", lambda: None)

    clock.run(seconds=settings.CLOCK_SECONDS, is_stopped=lambda: now[0] > 60)

    gaps = [after - before for before, after in itertools.pairwise(sealed_at)]
    assert len(gaps) > 10
    assert max(gaps) < 6


@pytest.mark.django_db
def test_what_waits_for_its_seal_is_told():
    books.post(credit=books.account())

    assert 0 < sealing.seconds_behind() < 60
    with pytest.raises(NotSealedYet):
        sealing.latest_checkpoint()


ACT = """ledger_apply(jsonb_build_array(jsonb_build_object('action', 'post', 'key', '{0}' || n, 'debit', {0}, 'credit',
    'platform:fees', 'amount', 1, 'actor', 'test', 'event_type', '', 'event_ref', '')), true)"""
ONE_OF_EACH = {
    "account": "ledger_open_account('household:n' || n, 'household')",
    "transfer": ACT.replace("{0}", "in", 1).format("'platform:issuance'"),
    "refused attempt": ACT.replace("{0}", "no", 1).format("'household:n' || n"),
    "closure": "ledger_close_account('household:n' || n, 'test')",
}
POST = """
SELECT ledger_apply('[{{"action": "post", "key": "{key}", "debit": "platform:issuance", "credit": "{credit}",
    "amount": 1, "actor": "test", "event_type": "", "event_ref": ""}}]')
"""


def test_the_clock_cries_out_when_the_seal_is_late(committed_db, monkeypatch, caplog):
    fill(1)
    tasks.seal()
    assert (unsealed(), caplog.messages) == (0, [])
    monkeypatch.setattr(sealing, "LATE_SECONDS", -1)

    tasks.seal()

    assert caplog.messages == ["the ledger's seal is 0 seconds behind"]
