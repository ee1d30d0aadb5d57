"""What the hands wrote down, put beside what the books say: which call did what, and which versions it moved."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

Row = dict[str, Any]
LATE = 2**63


class Wrong(AssertionError):
    """The history is not one that a ledger can have."""


@dataclass(eq=False)
class Op:
    """One invocation of one hand. Without an end nobody knows whether it happened."""

    name: str
    asked: Row
    heard: Row = field(default_factory=dict)

    @property
    def mode(self) -> str:
        return str(self.asked["mode"])

    @property
    def items(self) -> list[Row]:
        return list(self.asked["items"])

    @property
    def is_lost(self) -> bool:
        return not self.heard or "lost" in self.heard

    @property
    def begin(self) -> int:
        return int(self.asked["time"])

    @property
    def end(self) -> int:
        return LATE if self.is_lost else int(self.heard["time"])

    def answered(self) -> Iterable[tuple[Row, Row]]:
        return zip(self.items, self.heard.get("answers", []), strict=False)


@dataclass(eq=False)
class Node:
    """A transaction that took effect, or an answer that changed nothing, at one place in the order to be found."""

    name: str
    op: Op | None
    begin: int = 0
    end: int = LATE
    #: What it was the first to do, in order: the item and its rows (none where the refusal alone was kept).
    firsts: list[tuple[Row, list[Row]]] = field(default_factory=list)
    #: Per account with a balance: its version before, and after.
    moved: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def read(self) -> Any:
        return self.op.heard.get("read") if self.op else None


@dataclass
class Books:
    """The journal and the attempts as they stand in the end."""

    rows: dict[str, list[Row]]
    by_id: dict[int, Row]
    attempts: dict[str, Row]


def load(logs: Iterable[Path]) -> list[Op]:
    """Read what the hands wrote; the last line of one that was killed may be torn."""
    ops = {}
    for log in sorted(logs):
        for text in log.read_text().splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if "asks" in line:
                name = f"{log.stem}#{line['asks']['number']}"
                ops[name] = Op(name, line["asks"])
            else:
                ops[f"{log.stem}#{line['heard']['number']}"].heard = line["heard"]
    return sorted(ops.values(), key=lambda op: op.begin)


def read_books(connection: "psycopg.Connection[Any]") -> Books:
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        rows = cursor.execute(JOURNAL).fetchall()
        attempts = cursor.execute("SELECT * FROM ledger_attempt").fetchall()
    by_op = defaultdict(list)
    for row in rows:
        by_op[str(row["op_id"])].append(row)
    return Books(dict(by_op), {row["id"]: row for row in rows}, {one["key"]: one for one in attempts})


def firsts_of(ops: list[Op], books: Books) -> dict[str, Op]:
    """Return, per key, the one call that was the first under it: I8, and what was acknowledged is kept."""
    firsts: dict[str, Op] = {}
    same_body: set[tuple[str, str]] = set()
    for op in ops:
        for item, answer in op.answered():
            if answer["replayed"]:
                same_body.add((item["key"], text_of(item)))
            elif is_kept(op, answer):
                if item["key"] in firsts:
                    raise Wrong(f"{op.name} and {firsts[item['key']].name} were both the first under {item['key']}")
                firsts[item["key"]] = op
                same_body.add((item["key"], text_of(item)))
                if item["key"] not in books.attempts:
                    raise Wrong(f"{op.name} was told {answer['outcome']} of {item['key']}, and the books know nothing")
    for op in ops:
        for item in op.items if op.is_lost else []:
            if item["key"] in books.attempts and (item["key"], text_of(item)) in same_body:
                firsts.setdefault(item["key"], op)
    nobodys = [key for key in books.attempts if key not in firsts and not key.startswith("expire:")]
    if nobodys:
        raise Wrong(f"nobody asked for {nobodys[:5]}")
    return firsts


def is_kept(op: Op, answer: Row) -> bool:
    """Tell whether this first answer left an attempt behind."""
    if "undone" in op.heard or answer["outcome"] == "idempotency_mismatch":
        return False
    return answer["outcome"] == "applied" or op.mode == "single"


def check_answers(ops: list[Op], books: Books) -> None:
    """Every answer under one key is the first one's, word for word; every acknowledged row is in the journal."""
    told: dict[str, Row] = {}
    for op in ops:
        for item, answer in op.answered():
            if "undone" in op.heard and not answer["replayed"]:
                continue
            if not (answer["replayed"] or is_kept(op, answer)):
                continue
            words = {key: value for key, value in answer.items() if key != "replayed" and value is not None}
            if told.setdefault(item["key"], words) != words:
                raise Wrong(f"{op.name} heard {words} under {item['key']}, somebody else {told[item['key']]}")
            kept = books.attempts[item["key"]]
            found = (kept["outcome"], str(kept["op_id"]), kept["transfer_id"], kept["debit_version"])
            if found != (answer["outcome"], *(str(words.get("op_id")), words.get("transfer_id")),
                         words.get("debit_version")):  # fmt: skip
                raise Wrong(f"{op.name} heard {words} under {item['key']}, the books say {found}")


def nodes_of(ops: list[Op], books: Books, firsts: dict[str, Op]) -> list[Node]:
    """Return what is to be put in order: every call that was answered or took effect, and every sweep."""
    nodes, by_xid = [], {}
    for op in ops:
        node = Node(op.name, op, op.begin, op.end)
        for item in op.items:
            if firsts.get(item["key"]) is op:
                op_id = books.attempts[item["key"]]["op_id"]
                node.firsts.append((item, books.rows[str(op_id)] if op_id else []))
        if op.heard.get("xid"):
            by_xid[op.heard["xid"]] = node
        elif node.firsts or not (op.is_lost or "failed" in op.heard):
            nodes.append(node)
    for key, attempt in books.attempts.items():
        if key.startswith("expire:") and key not in firsts:
            rows = books.rows[str(attempt["op_id"])]
            node = by_xid.setdefault(rows[0]["xid"], Node(f"sweep in {rows[0]['xid']}", None))
            node.firsts.append(({"action": "expire", "key": key, "hold": key.removeprefix("expire:")}, rows))
    for node in by_xid.values():
        node.firsts.sort(key=lambda first: first[1][0]["id"])
    nodes += by_xid.values()
    for node in nodes:
        _note_versions(node)
    return nodes


def _note_versions(node: Node) -> None:
    versions = defaultdict(list)
    for _, rows in node.firsts:
        for row in rows:
            versions[row["debit"]].append(row["debit_version"])
            versions[row["credit"]].append(row["credit_version"])
    if len({row["xid"] for _, rows in node.firsts for row in rows}) > 1:
        raise Wrong(f"{node.name} is one call and several transactions")
    for address, seen in versions.items():
        if address and seen[0] is not None:
            node.moved[address] = (min(seen) - 1, max(seen))
            if sorted(seen) != list(range(min(seen), max(seen) + 1)):
                raise Wrong(f"{node.name} moved {address} through {sorted(seen)}: somebody stood between")


def text_of(item: Row) -> str:
    return json.dumps(item, sort_keys=True)


JOURNAL = """
SELECT t.id, t.op_id, t.xid::text AS xid, t.kind, t.hold_id, d.address AS debit, c.address AS credit, t.amount,
       t.debit_version, t.debit_after, t.debit_held, t.credit_version, t.credit_after, t.expires_at, t.recorded_at,
       t.reverses_id
FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id LEFT JOIN ledger_account c ON c.id = t.credit_id
ORDER BY t.id
"""
