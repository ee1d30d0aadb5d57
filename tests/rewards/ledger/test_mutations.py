"""Tests that test the tests: with one safeguard taken out of the live database, the very tests that guard it must fail.

Each mutation changes a function or an index of a clone; its text must be found, or the mutation itself fails.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from django.db import connection

from tests.conftest import connect_as_owner
from tests.rewards.ledger import books, test_guards, test_keys, test_races, test_sealing, tree
from tests.rewards.ledger.test_spelling import replayed_however_it_is_spelled


@dataclass(frozen=True)
class Mutation:
    """One safeguard less: words in the functions of a name, or an index; and the checks that must notice."""

    checks: tuple[Callable[[str], object], ...]
    functions: str = ""
    pattern: str = ""
    becomes: str = ""
    index: str = ""

    def apply(self, database: str) -> None:
        with connect_as_owner(database) as owner:
            owner.execute(f'ALTER DATABASE "{database}" SET deadlock_timeout = 30')  # or each circle costs a second
            if self.index:
                owner.execute(f"DROP INDEX {self.index}")
                return
            texts = owner.execute(
                "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ %s AND prosrc ~ 'BEGIN'", [self.functions]
            ).fetchall()
            mutated = {text: re.sub(self.pattern, self.becomes, text) for (text,) in texts}
            changed = [after for before, after in mutated.items() if after != before]
            assert changed, f"{self.pattern} is no longer in {self.functions}: the mutation would do nothing"
            for text in changed:
                owner.execute(text)


@contextmanager
def owner_of(database: str) -> Iterator[psycopg.Connection]:
    """As the fixture `owner` of the guards, on a given database; nothing is committed."""
    with connect_as_owner(database) as hand:
        hand.autocommit = False
        hand.execute(test_guards.MAKE_BOOKS)
        hand.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield hand
        hand.rollback()


def a_hold_resolves_once(database: str) -> None:
    with owner_of(database) as owner:
        test_guards.test_a_hold_is_resolved_at_most_once(owner)


MUTATIONS = {
    # PostgreSQL promises no order to who asks for none; today's plan happens to keep one, random() does not.
    "the locks of a batch are taken in no order": Mutation(
        functions="^ledger_apply",
        pattern=r"ORDER BY (?:l\.account_id(?= FOR NO KEY UPDATE)|n\.id\b)",
        becomes="ORDER BY random()",
        checks=(test_races.test_callers_who_name_accounts_in_opposite_order_do_not_deadlock,),
    ),
    "a single post locks who pays first": Mutation(
        functions="^ledger_apply",
        pattern=r"IF from_id < to_id THEN",
        becomes="IF true THEN",
        checks=(test_races.test_single_posts_in_opposite_directions_do_not_deadlock,),
    ),
    "a single capture takes its locks in no order": Mutation(
        functions="^ledger_apply_capture$",
        pattern=r"ORDER BY l\.account_id(?= FOR NO KEY UPDATE)",
        becomes="ORDER BY random()",
        checks=(test_races.test_single_captures_in_opposite_directions_do_not_deadlock,),
    ),
    "a single capture trusts the hold that it saw before its lock": Mutation(
        functions="^ledger_apply_capture$",
        pattern=r"FROM ledger_openhold h\s+WHERE h\.key = item->>'hold'\s+ON CONFLICT",
        becomes="ON CONFLICT",
        checks=(test_races.test_of_twenty_captures_of_one_hold_one_succeeds,),
    ),
    "a hold may be resolved twice": Mutation(index="transfer_hold_resolved_once", checks=(a_hold_resolves_once,)),
    "the sealer goes by the last id": Mutation(
        functions="^ledger_seal_leaves$",
        pattern=r"SELECT coalesce\(min\(t\.id\) - 1, 0\) INTO sealed_to FROM ledger_transfer t WHERE t\.xid >= since",
        becomes="SELECT coalesce(max(l.transfer_id), 0) INTO sealed_to FROM ledger_leaf l",
        checks=(test_sealing.test_what_commits_late_under_an_early_id_is_not_lost_and_holds_up_nobody,),
    ),
    "what is held may be held again": Mutation(
        functions="^ledger_apply",
        pattern=r"(given\[d\] - taken\[d\]) - helds\[d\]",
        becomes=r"\1",
        checks=(test_races.test_of_twenty_who_hold_one_balance_exactly_those_it_covers_succeed,),
    ),
    "what is held may be spent": Mutation(
        functions="^ledger_apply",
        pattern=r"(given\[d\] - taken\[d\]) - helds\[d\]|(giver\.credits - giver\.debits) - giver\.held",
        becomes=r"\1\2",
        checks=(test_races.test_of_twenty_who_spend_what_is_partly_held_exactly_those_it_covers_succeed,),
    ),
    "the fingerprint is of the words, not of what they say": Mutation(
        functions="^ledger_apply",
        pattern=r"sha256\(convert_to\(item::text, 'UTF8'(?:::name)?\)\)",
        becomes="sha256(convert_to(current_query(), 'UTF8'))",
        checks=(replayed_however_it_is_spelled, test_keys.test_a_key_is_one_fact_in_whichever_batch_it_comes),
    ),
}
CASES = [(name, check) for name, mutation in MUTATIONS.items() for check in mutation.checks]


@pytest.mark.parametrize(("name", "check"), CASES, ids=[f"{name}: {check.__name__}" for name, check in CASES])
def test_the_tests_notice_that(committed_db, monkeypatch, name, check):
    monkeypatch.setattr(tree, "PATIENCE", 1.5)
    MUTATIONS[name].apply(committed_db)
    connection.close()
    assert books.post(credit=books.account()), "a mutation takes a safeguard away, not the ledger"

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        _five_times(check, committed_db)


def _five_times(check, committed_db):
    """A race goes well now and then without its safeguard too; one that fails ends this at once."""
    for _ in range(5):
        check(committed_db)


def test_a_mutation_that_finds_nothing_says_so(committed_db):
    with pytest.raises(AssertionError, match="would do nothing"):
        Mutation(functions="^ledger_apply$", pattern="no such words", checks=()).apply(committed_db)
