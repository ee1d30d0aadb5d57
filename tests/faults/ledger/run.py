"""Sixteen hands at one ledger, with everything going wrong that can; and what is checked when they have gone."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from rewards.ledger import sealing
from rewards.ledger.models import Checkpoint, Leaf
from tests.config.supervising import ROOT
from tests.faults.ledger.hand import Hand
from tests.faults.ledger.history import Op, check_answers, firsts_of, load, nodes_of, read_books
from tests.faults.ledger.order import ordered
from tests.faults.ledger.replay import Replay
from tests.faults.ledger.traffic import CLOSED, OPENED, Call, setup
from tests.rewards.ledger.tree import recomputed, sealed

HANDS = 16
#: So many calls are made however slow the machine: among fewer, what should go wrong may not have.
LEAST = 1_000
#: What a client may be told of a call that left nothing: it lost a race too often.
HARMLESS = {"40001", "40P01", "23505"}
POLL_SECONDS = 0.05
#: Ends the work of one hand in the middle of a call.
TERMINATE = """
SELECT pg_terminate_backend(pid)::int FROM (
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'hand' AND state = 'active' ORDER BY random() LIMIT 1
) busy
"""
ROLL_UP = "SELECT ledger_roll_up(30)::int"
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hand'"


@dataclass
class Plan:
    """How many calls, for how long at most (but `LEAST` of them in any case), and how often something goes wrong."""

    url: str
    folder: Path
    seed: int
    calls: int
    seconds: float
    hands: int = HANDS
    cuts: float = 0.015
    #: Of so many calls, on average, one is ended in its backend; after so many, a hand is killed.
    terminate_every: int = 250
    kill_every: int = 800
    escrow_tokens: int = 4000
    #: Kills the server and starts it again; done as often as this says, spread over the run.
    crash: Callable[[], None] | None = None
    crashes: int = 0
    done: Counter[str] = field(default_factory=Counter)

    @property
    def quota(self) -> int:
        """How many calls each hand makes."""
        return -(-self.calls // self.hands)

    @property
    def spare(self) -> int:
        """How many of these a hand leaves out when the time is over."""
        return self.quota - -(-min(self.calls, LEAST) // self.hands)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def fill(plan: Plan) -> list[tuple[int, str, str, int]]:
    """Open the accounts and put the first tokens in; return transfers that everybody may take back."""
    with psycopg.connect(plan.url, autocommit=True) as owner:
        for address in OPENED:
            owner.execute("SELECT ledger_open_account(%s, %s)", [address, address.partition(":")[0]])
        owner.execute("SELECT ledger_close_account(%s, 'user:setup')", [CLOSED])
    hand, gifts = Hand(plan.url, plan.log("setup")), []
    for call in setup(escrow_tokens=plan.escrow_tokens):
        (answer,) = hand.ask(call) or []
        (item,) = call.items
        if item["credit"].startswith("household:h"):
            gifts.append((answer["transfer_id"], item["debit"], item["credit"], item["amount"]))
    hand.leave()
    return gifts


def let_loose(plan: Plan) -> None:
    """Run the hands until they have asked enough; cut, kill and seal meanwhile."""
    gifts, until = fill(plan), time.monotonic() + plan.seconds

    def start(hand: int, life: int, calls: int) -> "subprocess.Popen[bytes]":
        name = f"{hand}.{life}"
        told: dict[str, Any] = {"url": plan.url, "log": str(plan.log(name)), "seed": plan.seed, "hand": hand}
        told |= {"life": life, "hands": plan.hands, "gifts": gifts, "calls": calls, "until": until}
        told |= {"least": calls - plan.spare}
        words = plan.folder / f"{name}.json"
        words.write_text(json.dumps(told | {"cuts": plan.cuts}))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.ledger.hand", str(words)], cwd=ROOT, env=os.environ
        )

    running = {hand: start(hand, 0, plan.quota) for hand in range(plan.hands)}
    referee = Referee(plan, running, start)
    try:
        while running:
            time.sleep(POLL_SECONDS)
            referee.look_around()
        while referee.asks(BUSY):
            time.sleep(POLL_SECONDS)  # a call whose reply was lost may still be at work
    finally:
        referee.leave()
        for process in running.values():
            process.kill()
            process.wait()


class Referee:
    """Makes things go wrong while the hands are at work, by dice that the seed has thrown."""

    def __init__(
        self, plan: Plan, running: "dict[int, subprocess.Popen[bytes]]", start: Callable[[int, int, int], Any]
    ):
        self.plan, self.running, self.start = plan, running, start
        self.dice = random.Random(plan.seed)
        self.lives = dict.fromkeys(running, 0)
        self.left = dict.fromkeys(running, plan.quota)
        self.begun = time.monotonic()
        self.asked, self.read_to = 0, Counter[Path]()
        self.next = {"terminate": 40, "kill": 100, "seal": 0}
        self.connection = psycopg.connect(plan.url, autocommit=True)

    def look_around(self) -> None:
        for hand, process in list(self.running.items()):
            if process.poll() is not None:
                assert process.returncode == 0, f"hand {hand} fell over"
                del self.running[hand]
        self._count()
        if self._is_time("terminate", self.dice.randint(1, 2 * self.plan.terminate_every)):
            self.plan.done["terminated"] += bool(self.asks(TERMINATE))
        if self._is_time("kill", self.dice.randint(1, 2 * self.plan.kill_every)) and self.running:
            self._kill(self.dice.choice(sorted(self.running)))
        if self._is_time("seal", max(20, self.plan.calls // 60)):
            self.plan.done["sealed"] += sealing.seal()
            self.plan.done["rolled up"] += self.asks(ROLL_UP)
        if self.plan.crash and self.plan.done["crashes"] < self.plan.crashes and self._is_time_to_crash():
            self._crash(self.plan.crash)

    def asks(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()  # type: ignore[arg-type]
        return int(row[0]) if row else 0

    def leave(self) -> None:
        self.connection.close()

    def _is_time(self, fault: str, calls: int) -> bool:
        if self.asked < self.next[fault]:
            return False
        self.next[fault] = self.asked + calls
        return True

    def _count(self) -> None:
        """Count what was asked so far, reading only what the hands wrote since."""
        for log in self.plan.folder.glob("*.*.log"):
            with log.open("rb") as file:
                file.seek(self.read_to[log])
                lines = file.read().split(b"\n")[:-1]
            self.read_to[log] += sum(len(line) + 1 for line in lines)
            self.asked += sum(line.startswith(b'{"asks"') for line in lines)

    def _kill(self, hand: int) -> None:
        self.running[hand].kill()
        self.running[hand].wait()
        self.plan.done["killed"] += 1
        log = self.plan.log(f"{hand}.{self.lives[hand]}")
        self.left[hand] -= log.read_text().count('{"asks"') if log.exists() else 0
        self.lives[hand] += 1
        self.running[hand] = self.start(hand, self.lives[hand], max(0, self.left[hand]))

    def _crash(self, crash: Callable[[], None]) -> None:
        self.leave()
        connection.close()
        crash()
        self.connection = psycopg.connect(self.plan.url, autocommit=True)
        self.plan.done["crashes"] += 1

    def _is_time_to_crash(self) -> bool:
        done = max(self.asked / self.plan.calls, (time.monotonic() - self.begun) / self.plan.seconds)
        return done > (self.plan.done["crashes"] + 1) / (self.plan.crashes + 1)


def calls_made(plan: Plan) -> int:
    """Return how many calls the hands made, those that never ended included."""
    return sum(log.read_text().count('{"asks"') for log in plan.folder.glob("*.*.log"))


def find_out(plan: Plan) -> list[Op]:
    """Ask again for everything that may have happened or not, under its own key; return the whole history."""
    hand = Hand(plan.url, plan.log("final"))
    for op in load(plan.folder.glob("*.log")):
        if op.is_lost and op.items:
            plan.done["lost"] += 1
            hand.ask(Call(op.mode, op.items))
    hand.leave()
    return load(plan.folder.glob("*.log"))


def check(plan: Plan, ops: list[Op]) -> Replay:
    """Recover the order and replay it.

    Raises:
        Wrong: something that no ledger may do.
    """
    with psycopg.connect(plan.url, autocommit=True) as owner:
        books = read_books(owner)
        failed = {op.heard["failed"] for op in ops if "failed" in op.heard}
        assert failed <= HARMLESS, f"calls failed in a way that no client expects: {failed}"
        firsts = firsts_of(ops, books)
        check_answers(ops, books)
        replay = Replay(ordered(nodes_of(ops, books, firsts), firsts), books)
        model = replay.run()
        hand = Hand(plan.url, plan.log("last"))
        for address, version, posted, held in hand._read(Call("read"))["read"][0]:
            stood = (model.versions.get(address, 0), model.posted.get(address, 0), model.held(address))
            assert (version, posted, held) == stood, address
        hand.leave()
        assert model.rows == len(books.by_id)
    return replay


def check_seals() -> None:
    """Everything still is what its leaf says, in its place, and the tree what was signed: I12, I13, I14."""
    sealed()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM ledger_leaf l
               JOIN ledger_contents(ARRAY(SELECT index FROM ledger_leaf)) c ON c.index = l.index
               WHERE c.content IS NULL OR l.hash <> sha256('\\x00'::bytea || c.content)"""
        )
        assert cursor.fetchone() == (0,), "a row is not what was sealed"
    assert Leaf.objects.count() == Leaf.objects.latest("index").index + 1
    signed = list(Checkpoint.objects.order_by("tree_size"))
    for checkpoint in {signed[0], signed[len(signed) // 2], signed[-1]}:
        assert bytes(checkpoint.root) == recomputed(checkpoint.tree_size)
