"""Each invariant is seen to break: somebody with every right changes one row behind the ledger's back."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from rewards.ledger.invariants import INVARIANTS
from tests.conftest import connect_as_owner

ROOT = Path(__file__).parents[3]
TELL = {"actor": "test", "event_type": "", "event_ref": ""}
HISTORY = [
    {"action": "post", "key": "i:1", "debit": "platform:issuance", "credit": "escrow:i", "amount": 100},
    {"action": "hold", "key": "i:2", "debit": "escrow:i", "amount": 30, "lifetime": 3600},
    {"action": "capture", "key": "i:3", "hold": "i:2", "legs": [{"credit": "household:i", "amount": 20},
                                                                {"credit": "platform:fees", "amount": 5}]},
    {"action": "hold", "key": "i:4", "debit": "escrow:i", "amount": 7, "lifetime": 3600},
    {"action": "hold", "key": "i:5", "debit": "escrow:i", "amount": 9, "lifetime": 3600},
    {"action": "release", "key": "i:6", "hold": "i:5"},
    {"action": "post", "key": "i:7", "debit": "household:i", "credit": "escrow:i", "amount": 3},
]  # fmt: skip
REVERSAL = {"action": "reverse", "key": "i:8", "debit": "escrow:i", "credit": "household:i", "amount": 3}
REVERSAL |= {"approved_by": "another", "reason": "test"}

ROW = "UPDATE ledger_transfer SET"
BALANCE = "UPDATE ledger_balance SET"
CAPTURE = "WHERE op_id = (SELECT op_id FROM ledger_attempt WHERE key = 'i:3')"
FIRST, SECOND = f"{CAPTURE} AND leg = 1", f"{CAPTURE} AND leg = 2"
REVERSED = "WHERE kind = 'reverse'"
HOME = "WHERE account_id = (SELECT id FROM ledger_account WHERE address = 'household:i')"
#: What breaks each, in the words of somebody who may do everything.
BREAKS = {
    "I1 every token taken was given": f"{BALANCE} credits = credits + 1 {HOME}",
    "I2 a balance is the sum of its journal": f"{BALANCE} credits = credits + 1, debits = debits + 1 {HOME}",
    "I2 what was rolled up is the sum of its journal": """
        INSERT INTO ledger_rollup (kind, through, debits, credits, held, earliest, latest)
        VALUES ('fees', 1, 0, 0, 1, '-infinity', 'infinity')""",
    "I3 versions run from 1 without a gap": f"{ROW} credit_version = 99 {FIRST}",
    "I3 a version stands exactly where a balance is kept": f"{ROW} credit_version = 1 {SECOND}",
    "I3 a row names accounts and rows that are there": f"{ROW} hold_id = 1000000 {FIRST}",
    "I4 what is held is the sum of the open holds": f"{BALANCE} held = held + 1 WHERE held > 0",
    "I4 the list of open holds is the journal's": "DELETE FROM ledger_openhold",
    "I5 no account ever stood below its floor": f"{ROW} debit_after = -1 {FIRST}",
    "I6 every balance after a row is the replay's": f"{ROW} credit_after = credit_after + 1 {CAPTURE}",
    "I7 an applied attempt is one operation's rows": f"{ROW} op_id = gen_random_uuid() {SECOND}",
    "I9 an attempt's rows are its own": f"UPDATE ledger_attempt SET actor = 'else' {CAPTURE}",
    "I10 a capture pays from its own hold, at most what was held, in time": f"{ROW} amount = 26 {FIRST}",
    "I11 a reversal is the whole row, with its sides swapped, of no reversal": f"{ROW} amount = 2 {REVERSED}",
    "I12 time never runs backwards within an account": f"{ROW} recorded_at = recorded_at - interval '1 day' {CAPTURE}",
    "I13 the leaves stand without a gap": "INSERT INTO ledger_leaf (index, hash) VALUES (1000000, '')",
    "I14 no checkpoint is of more leaves than there are": """
        INSERT INTO ledger_checkpoint (tree_size, root, note, through, sealed_at)
        VALUES (1000000, '', '', '1', now())""",
    "I19 an operation has all its legs": f"{ROW} leg = 9 {SECOND}",
}
LOOSE = """
DO $$ DECLARE rule record; BEGIN
    FOR rule IN SELECT conname, conrelid::regclass AS place FROM pg_constraint
        WHERE contype IN ('c', 'f') AND conrelid::regclass::text LIKE 'ledger_%'
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', rule.place, rule.conname); END LOOP;
    FOR rule IN SELECT DISTINCT tgrelid::regclass AS place FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'ledger_%'
    LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', rule.place); END LOOP;
END $$
"""


@pytest.fixture
def almighty(django_db_setup, settings):
    """The owner, every guard taken down; nothing of it is committed."""
    with connect_as_owner(settings.DATABASES["default"]["NAME"]) as hand:
        hand.autocommit = False
        hand.execute(
            "SELECT ledger_open_account('escrow:i', 'escrow'), ledger_open_account('household:i', 'household')"
        )
        for item in HISTORY:
            hand.execute("SELECT ledger_apply(%s::jsonb)", [json.dumps([item | TELL])])
        posted = hand.execute("SELECT transfer_id FROM ledger_attempt WHERE key = 'i:7'").fetchone()[0]
        hand.execute("SELECT ledger_apply(%s::jsonb)", [json.dumps([REVERSAL | TELL | {"reverses": posted}])])
        hand.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert hand.execute("SELECT ledger_roll_up(2)").fetchone()[0]
        yield hand
        hand.rollback()


def count(hand, name):
    return hand.execute(INVARIANTS[name]).fetchone()[0]


def test_the_history_that_is_broken_next_is_a_good_one(almighty):
    assert {name: count(almighty, name) for name in INVARIANTS} == dict.fromkeys(INVARIANTS, 0)
    kinds = almighty.execute("SELECT DISTINCT kind FROM ledger_transfer ORDER BY 1").fetchall()
    assert {kind for (kind,) in kinds} >= {"capture", "hold", "post", "release", "reverse"}


@pytest.mark.django_db
def test_the_command_says_each_as_it_is_checked_and_fails_by_those_that_are_broken(monkeypatch):
    said = StringIO()
    monkeypatch.setitem(INVARIANTS, "I19 an operation has all its legs", "SELECT 2")

    with pytest.raises(CommandError, match=r"^I19 an operation has all its legs: 2$"):
        call_command("check_ledger", stdout=said)

    lines = [line.rpartition(": ") for line in said.getvalue().splitlines()]
    assert [name for name, _, _ in lines] == list(INVARIANTS)
    assert [name for name, _, found in lines if found != "holds"] == ["I19 an operation has all its legs"]


def test_every_invariant_has_a_change_that_breaks_it():
    assert set(BREAKS) == set(INVARIANTS)


def test_the_paper_says_what_holds_each_and_names_nothing_that_is_not_there():
    paper = (ROOT / "docs" / "invariants.md").read_text()
    rows = {int(number): row for row, number in re.findall(r"^(\| I(\d+) \|.*)$", paper, re.MULTILINE)}
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", paper)

    assert set(rows) == set(range(1, 21))
    assert {int(re.match(r"I(\d+)", name)[1]) for name in INVARIANTS} == {n for n, row in rows.items() if "SQL" in row}
    for file, function in named:
        assert f"def {function}" in (ROOT / file).read_text(), f"{file}::{function} is not there"
    for constraint in re.findall(r"`(\w+_once|\w+_per_leg|\w+_is_sound|\w+_pkey|\w+_only_grows)`", paper):
        sources = [*(ROOT / "rewards" / "ledger").rglob("*.sql"), *(ROOT / "rewards" / "ledger").rglob("*.py")]
        found = any(constraint in source.read_text() for source in sources)
        assert found or constraint == "ledger_attempt_pkey", f"{constraint} is not there"


@pytest.mark.parametrize("name", BREAKS)
def test_a_row_that_was_changed_breaks(almighty, name):
    almighty.execute(LOOSE)

    done = almighty.execute(BREAKS[name])

    assert done.rowcount
    assert count(almighty, name) != 0
