"""Twenty thousand calls from sixteen connections that are cut, ended and killed: one ledger, as if one at a time."""

import os
import random
import time
from collections import Counter

import pytest

from rewards.ledger.invariants import broken_invariants
from tests.faults.ledger import run
from tests.rewards.ledger.test_races import deadlocks

CALLS = int(os.environ.get("MARU_FAULT_CALLS") or 20_000)
SEED = int(os.environ.get("MARU_FAULT_SEED") or random.SystemRandom().randrange(10**9))


def test_what_many_hands_were_told_happened_one_at_a_time(own_database, tmp_path, seconds_left, capsys):
    if seconds_left < 20:
        pytest.skip("less than 20 s of the slice are left")
    plan = run.Plan(own_database, tmp_path, SEED, CALLS, seconds=min(900, seconds_left * 0.3))

    told = whole(plan, capsys)

    assert all(plan.done[fault] for fault in ("lost", "killed", "terminated")), "nothing went wrong"
    assert len(told) > 8, "too few kinds of refusals were met"


def test_a_server_that_is_killed_under_their_hands_loses_nothing_it_had_said(
    cluster, own_database, tmp_path, seconds_left, capsys
):
    if seconds_left < 25:
        pytest.skip("less than 25 s of the slice are left")
    calls, crashes = (CALLS // 5, 4) if seconds_left > 600 else (CALLS // 20, 1)
    plan = run.Plan(own_database, tmp_path, SEED, calls, seconds=min(300, seconds_left * 0.3), crashes=crashes)
    plan.crash = lambda: (cluster.kill(), cluster.start_again())

    whole(plan, capsys)

    assert plan.done["crashes"], "the hands were done before the server was killed"
    assert plan.done["lost"]


def whole(plan: run.Plan, capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """Run a plan, find out what became of everything, and check it all; return the first answers by kind."""
    begun = time.monotonic()
    run.let_loose(plan)
    took = time.monotonic() - begun
    made = run.calls_made(plan)
    assert not deadlocks(), "calls waited for each other in a circle"
    ops = run.find_out(plan)
    with capsys.disabled():
        print(f"\n{made} calls of {plan.hands} hands in {took:.0f} s, MARU_FAULT_SEED={plan.seed}: {dict(plan.done)}")
        if made < plan.calls:
            print(f"{plan.calls - made} of {plan.calls} calls were left out: {plan.seconds:.0f} s were over")
    assert made >= (plan.calls if took < plan.seconds else min(plan.calls, run.LEAST)), "the hands left early"

    replay = run.check(plan, ops)

    heard = [answer for op in ops for _, answer in op.answered()]
    told = Counter(answer["outcome"] for answer in heard if not answer["replayed"])
    again = sum(answer["replayed"] for answer in heard)
    with capsys.disabled():
        print(f"{replay.model.rows} rows, {replay.reads} reads and {replay.refusals} refusals replayed: {dict(told)}")
        print(f"used keys met: {again} with the same body, {told['idempotency_mismatch']} with another")
    assert again, "no used key came with the same body"
    assert told["idempotency_mismatch"], "no used key came with another body"
    run.check_seals()
    assert broken_invariants() == {}
    return told
