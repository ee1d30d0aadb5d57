"""One client of the ledger, a process that may be killed: it writes down what it asks, before, and what it heard.

Run as a program: `python -m tests.faults.ledger.hand <plan.json>`. It knows the database function and nothing of Maru.
A line of its log is an invocation ("asks", with the time before) or an end ("heard", with the time after); a call
without an end, or whose end is "lost", may have happened or not.
"""

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.ledger.traffic import Call, Shared, Traffic

#: A second try settles these; nothing of the first remained.
CONFLICTS = {"40001", "40P01"}
APPLY = "SELECT ledger_apply(%s::jsonb, %s)"
#: Every account's version and sums in one snapshot, and the sums of those that keep no balance.
READ = """
SELECT (SELECT jsonb_agg(jsonb_build_array(a.address, b.version, b.credits - b.debits, b.held))
        FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id),
       (SELECT jsonb_agg(jsonb_build_array(a.address,
            (SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t
             WHERE t.credit_id = a.id AND t.credit_version IS NULL)
          - (SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t
             WHERE t.debit_id = a.id AND t.debit_version IS NULL)))
        FROM ledger_account a WHERE NOT a.has_balance)
"""


class Undo(Exception):
    """A refusal in a call that is whole or not at all."""


class Hand:
    """Asks, and writes down what came of it."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.connection: psycopg.Connection[Any] | None = None
        self.number = 0

    def ask(self, call: Call, *, cut: bool = False) -> list[dict[str, Any]] | None:
        """Make one call; None where nobody knows whether it happened."""
        self.number += 1
        asked = {"number": self.number, "mode": call.mode, "items": call.items, "wall": time.time()}
        self._write(asks=asked | {"time": time.monotonic_ns()})
        try:
            heard: dict[str, Any] = self._cut(call) if cut else self._until_settled(call)
        except psycopg.OperationalError as exc:
            heard = {"lost": exc.sqlstate or "connection"}
            self.leave()
        except psycopg.Error as exc:
            heard = {"failed": exc.sqlstate}
        self._write(heard={"number": self.number, "time": time.monotonic_ns(), "wall": time.time(), **heard})
        return None if "lost" in heard else heard.get("answers", [])

    def _until_settled(self, call: Call) -> dict[str, Any]:
        for left in reversed(range(12)):
            try:
                return getattr(self, f"_{call.mode}")(call)  # type: ignore[no-any-return]
            except psycopg.Error as exc:
                same_key = exc.diag.constraint_name == "ledger_attempt_pkey"
                if not left or not (exc.sqlstate in CONFLICTS or same_key):
                    raise
                time.sleep(random.uniform(0.001, 0.02))
        raise AssertionError("unreachable")

    def _single(self, call: Call) -> dict[str, Any]:
        return {"answers": self._fetch(APPLY, [json.dumps(call.items), True])}

    def _each(self, call: Call) -> dict[str, Any]:
        return {"answers": self._fetch(APPLY, [json.dumps(call.items), False])}

    def _all(self, call: Call) -> dict[str, Any]:
        answers: list[dict[str, Any]] = []
        try:
            with self._connected().transaction():
                answers = self._fetch(APPLY, [json.dumps(call.items), False])
                if any(answer["outcome"] != "applied" for answer in answers):
                    raise Undo
        except Undo:
            return {"answers": answers, "undone": True}
        return {"answers": answers}

    def _read(self, call: Call) -> dict[str, Any]:
        kept, summed = self._connected().execute(READ).fetchone() or ([], [])
        return {"read": [kept, summed]}

    def _sweep(self, call: Call) -> dict[str, Any]:
        with self._connected().transaction():
            swept = self._fetch("SELECT ledger_expire_holds(25)", [])
            xid = self._fetch("SELECT pg_current_xact_id_if_assigned()::text", [])
        return {"swept": swept, "xid": xid if swept else None}

    def _cut(self, call: Call) -> dict[str, Any]:
        """Send the call and hang up before the answer."""
        wire = self._connected().pgconn
        wire.send_query_params(
            b"SELECT ledger_apply($1::jsonb, $2)",
            [json.dumps(call.items).encode(), b"t" if call.mode == "single" else b"f"],
        )
        while wire.flush():
            time.sleep(0.0005)
        self.leave()
        return {"lost": "cut"}

    def _fetch(self, sql: str, parameters: list[Any]) -> Any:
        row = self._connected().execute(sql, parameters).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None

    def _connected(self) -> "psycopg.Connection[Any]":
        end = time.monotonic() + 60
        while self.connection is None or self.connection.closed:
            try:
                self.connection = psycopg.connect(self.url, autocommit=True, application_name="hand")
            except psycopg.OperationalError:  # the server may be starting again
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        return self.connection

    def leave(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def _write(self, **line: Any) -> None:
        os.write(self.log, json.dumps(line, separators=(",", ":")).encode() + b"\n")


def main(plan: dict[str, Any]) -> None:
    """Ask as many times as the plan says, or until its time is over; a least number whatever the time."""
    shared = Shared([tuple(gift) for gift in plan["gifts"]])
    traffic = Traffic(seed=plan["seed"], hand=plan["hand"], life=plan["life"], hands=plan["hands"], shared=shared)
    chance = random.Random(f"{plan['seed']}/{plan['hand']}/{plan['life']}/faults")
    hand = Hand(plan["url"], Path(plan["log"]))
    for made in range(plan["calls"]):
        if made >= plan["least"] and time.monotonic() > plan["until"]:
            return
        call = traffic.next()
        answers = hand.ask(call, cut=call.mode in {"single", "each"} and chance.random() < plan["cuts"])
        if answers is None and call.items and chance.random() < 0.5:
            answers = hand.ask(call)  # as an impatient client does: the same again
        for item, answer in zip(call.items, answers or [], strict=False):
            traffic.learn(item, answer)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
