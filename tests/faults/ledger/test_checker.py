"""The check itself is checked: a true history passes, and each lie told about it is found."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection

from rewards.ledger.items import CaptureItem, HoldItem, Leg, PostItem, ReleaseItem, ReverseItem
from tests.faults.ledger import run
from tests.faults.ledger.history import LATE, Op, Wrong
from tests.faults.ledger.traffic import Shared, Traffic
from tests.rewards.ledger.test_mutations import MUTATIONS


@dataclass
class Lie:
    """One thing changed in what the hands wrote down."""

    tell: Callable[[list[Op]], None]
    found: str


def first(ops: list[Op], outcome: str, *, mode: str = "single", replayed: bool = False) -> Op:
    for op in ops:
        for _, answer in op.answered():
            if op.mode == mode and (answer["outcome"], answer["replayed"]) == (outcome, replayed):
                return op
    raise AssertionError(f"nobody was told {outcome}")


def say_applied(ops: list[Op]) -> None:
    op = first(ops, "insufficient_tokens")
    op.heard["answers"][0] |= {"outcome": "applied", "op_id": "0", "transfer_id": 0, "debit_version": 1}


def say_poor(ops: list[Op]) -> None:
    """A refusal that was never right: nobody had given the account's tokens away."""
    op = first(ops, "account_closed")
    op.heard["answers"][0]["outcome"] = "insufficient_tokens"


def say_other_version(ops: list[Op]) -> None:
    first(ops, "applied").heard["answers"][0]["transfer_id"] += 1


def say_other_replay(ops: list[Op]) -> None:
    first(ops, "applied", replayed=True).heard["answers"][0]["transfer_id"] += 1


def forget_that_it_was_a_replay(ops: list[Op]) -> None:
    first(ops, "applied", replayed=True).heard["answers"][0]["replayed"] = False


def see_tokens_vanish(ops: list[Op]) -> None:
    reads(ops)[0].heard["read"][0][0][2] += 1


def see_an_older_version(ops: list[Op]) -> None:
    """A read that comes after a write it does not see: stale, so the order has a circle."""
    late = max(reads(ops), key=lambda op: op.begin)
    early = min(reads(ops), key=lambda op: op.begin)
    late.heard["read"] = copy.deepcopy(early.heard["read"])


def see_a_later_version(ops: list[Op]) -> None:
    late = max(reads(ops), key=lambda op: op.begin)
    early = min(reads(ops), key=lambda op: op.begin)
    early.heard["read"] = copy.deepcopy(late.heard["read"])


def see_one_account_from_elsewhen(ops: list[Op]) -> None:
    """A fractured read: one account as it stood later than the others."""
    late = {row[0]: row for row in max(reads(ops), key=lambda op: op.begin).heard["read"][0]}
    rows = min(reads(ops), key=lambda op: op.begin).heard["read"][0]
    place = next(place for place, row in enumerate(rows) if row[0] == "escrow:hot0")
    rows[place] = late["escrow:hot0"]


def have_ended_before_the_money_came(ops: list[Op]) -> None:
    """The answer was there before what it depends on had begun."""
    op = first(ops[len(ops) // 2 :], "applied")
    start = ops[0].begin
    op.asked["time"], op.heard["time"] = start - 2, start - 1


def lose_the_question(ops: list[Op]) -> None:
    ops.remove(first(ops, "applied"))


def reads(ops: list[Op]) -> list[Op]:
    return [op for op in ops if "read" in op.heard]


LIES = {
    "a refusal is told as applied": Lie(say_applied, "."),
    "a refusal that no state explains": Lie(say_poor, "books say|never right"),
    "an answer that is not the journal's": Lie(say_other_version, "heard"),
    "a replay that answers something else": Lie(say_other_replay, "heard"),
    "two firsts under one key": Lie(forget_that_it_was_a_replay, "both the first"),
    "a read whose sum is wrong": Lie(see_tokens_vanish, "do not balance|read"),
    "a stale read": Lie(see_an_older_version, "no order"),
    "a read from the future": Lie(see_a_later_version, "no order"),
    "a read from two moments": Lie(see_one_account_from_elsewhen, "no order|do not balance"),
    "an effect before its cause": Lie(have_ended_before_the_money_came, "no order"),
    "a row that nobody asked for": Lie(lose_the_question, "nobody asked"),
}


@pytest.fixture(scope="module")
def history(cluster, django_db_blocker, tmp_path_factory) -> Iterator[tuple[run.Plan, list[Op]]]:
    """A small true history, and the books it left."""
    with django_db_blocker.unblock(), cluster.database() as url:
        plan = run.Plan(url, tmp_path_factory.mktemp("history"), 7, calls=480, seconds=60)
        run.let_loose(plan)
        yield plan, run.find_out(plan)


def test_a_true_history_passes(history):
    plan, ops = history

    replay = run.check(plan, ops)

    assert replay.reads
    assert replay.refusals
    assert all(op.end < LATE for op in ops if "answers" in op.heard)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(history, lie):
    plan, ops = history
    told = copy.deepcopy(ops)
    LIES[lie].tell(told)

    with pytest.raises(Wrong, match=LIES[lie].found):
        run.check(plan, told)


@pytest.mark.parametrize("mutation", ["what is held may be held again", "what is held may be spent"])
def test_a_ledger_without_a_safeguard_is_found_out(own_database, tmp_path, mutation):
    plan = run.Plan(own_database, tmp_path, 7, calls=480, seconds=60, escrow_tokens=60)
    MUTATIONS[mutation].apply(connection.settings_dict["NAME"])

    run.let_loose(plan)

    with pytest.raises(AssertionError):
        run.check(plan, run.find_out(plan))


def test_what_the_hands_ask_is_what_maru_asks():
    """The hands know no Django: the bodies they write must be those of the room's own items."""
    traffic = Traffic(seed=1, hand=0, life=0, hands=1, shared=Shared([(1, "platform:issuance", "household:h1", 5)]))
    asked = {item["action"]: item for _ in range(400) for item in traffic.next().items if _is_plain(item)}
    assert set(asked) == {"post", "hold", "capture", "release", "reverse"}
    for item in asked.values():
        assert _as_item(item).body() == item


def _is_plain(item: dict) -> bool:
    return "effective_at" not in item and 0 < item.get("amount", 1) < 2**53


def _as_item(item: dict) -> PostItem | HoldItem | CaptureItem | ReleaseItem | ReverseItem:
    kinds = {"post": PostItem, "hold": HoldItem, "capture": CaptureItem, "release": ReleaseItem, "reverse": ReverseItem}
    fields = {key: value for key, value in item.items() if key != "action"}
    if "legs" in fields:
        fields["legs"] = [Leg(**leg) for leg in fields["legs"]]
    if "lifetime" in fields:
        fields["lifetime"] = timedelta(seconds=fields["lifetime"])
    return kinds[item["action"]](**fields)
