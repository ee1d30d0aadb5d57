"""Twenty thousand calls from sixteen connections that are cut, ended and killed: one ledger, as if one at a time."""

import os
import random
import time
from collections import Counter

import pytest

from rewards.ledger.invariants import broken_invariants
from tests.faults.ledger import run

CALLS = int(os.environ.get("MARU_FAULT_CALLS") or 20_000)
SEED = int(os.environ.get("MARU_FAULT_SEED") or random.SystemRandom().randrange(10**9))


def test_what_many_hands_were_told_happened_one_at_a_time(own_database, tmp_path, seconds_left):
    if seconds_left < 20:
        pytest.skip("less than 20 s of the slice are left")
    plan = run.Plan(own_database, tmp_path, SEED, CALLS, seconds=min(900, seconds_left * 0.4))
    begun = time.monotonic()

    run.let_loose(plan)
    took = time.monotonic() - begun
    ops = run.find_out(plan)
    replay = run.check(plan, ops)

    outcomes = Counter(answer["outcome"] for op in ops for _, answer in op.answered() if not answer["replayed"])
    print(f"\n{len(ops)} calls of {plan.hands} hands in {took:.0f} s, seed {SEED} (MARU_FAULT_SEED): {dict(plan.done)}")
    print(f"{replay.model.rows} rows, {replay.reads} reads, {replay.refusals} refusals replayed: {dict(outcomes)}")
    run.check_seals()
    assert broken_invariants() == {}
    assert all(plan.done[fault] for fault in ("lost", "killed", "terminated")), "nothing went wrong"
    assert len(outcomes) > 8, "too few kinds of refusals were met"
