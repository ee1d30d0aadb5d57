"""The books as lines for an auditor's own tools: CSV with a header row, or one JSON document a line.

A file is written piece by piece and ends in one more line, which says how many rows came before it, the SHA-256 of
every byte before it, and where to go on. A file without that line was cut off on the way.

Transfers are exported in the order of their leaves, up to one checkpoint: that order never changes, and no late commit
can slip in behind a reader. So the same checkpoint gives the same rows, for ever.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from consent.parties.tables import cell
from rewards.ledger import queries
from rewards.ledger.as_of import statement_between
from rewards.ledger.exceptions import Found, page_of_list
from rewards.ledger.journal import Filters
from rewards.ledger.models import Account, Checkpoint, Leaf

#: Rows of one piece, and of one file; a longer list goes on in another file.
CHUNK, FILE = 500, 100_000
BOM = "\ufeff"
#: The word in the first column of the line that ends a file.
END = "#end"

OF_TRANSFER = (
    "id", "op_id", "leg", "kind", "hold_id", "hold_leg", "amount", "debit_version", "debit_after", "debit_held",
    "credit_version", "credit_after", "expires_at", "effective_at", "recorded_at", "actor", "event_type", "event_ref",
    "reverses_id", "approved_by", "reason",
)  # fmt: skip
#: From the name of a column to the way there from a leaf.
TRANSFER_COLUMNS = {
    "leaf": "index",
    "leaf_hash": "hash",
    "debit": "transfer__debit__address",
    "credit": "transfer__credit__address",
    **{name: f"transfer__{name}" for name in OF_TRANSFER},
}
ACCOUNT_COLUMNS = (
    "address", "kind", "floor", "has_balance", "opened_at", "closed_at", "posted", "held", "version",
)  # fmt: skip
#: `line` is "closing", "line" or "opening": newest first, as a statement is read here.
STATEMENT_COLUMNS = (
    "line", "version", "recorded_at", "effective_at", "op_id", "leg", "kind", "event_type", "event_ref", "other",
    "change", "after", "held",
)  # fmt: skip
EXCEPTION_COLUMNS = tuple(column.name for column in fields(Found))

#: A row is a list of values in the order of the columns.
Row = list[Any]


@dataclass(frozen=True)
class Chunk:
    """Some rows, and the place behind the last of them; None where nothing follows."""

    rows: list[Row]
    further: str | None


@dataclass(frozen=True)
class Table:
    """What a file holds: its columns, and its rows chunk by chunk."""

    name: str
    columns: tuple[str, ...]
    chunks: Iterator[Chunk]
    #: How far its rows reach: the line that ends the file says it too.
    reach: dict[str, Any] = field(default_factory=dict)


def transfers_table(filters: Filters, *, through: Checkpoint, after: int = -1) -> Table:
    """Return the sealed rows that fit, in the order of their leaves.

    Args:
        through: the checkpoint up to which the journal is exported.
        after: the leaf after which to go on.
    """
    chunks = _transfer_chunks(filters, through.tree_size, after)
    reach = {"tree_size": through.tree_size, "root": bytes(through.root).hex()}
    return Table("transfers", tuple(TRANSFER_COLUMNS), chunks, reach)


def accounts_table(*, kind: str = "", after: int = 0) -> Table:
    """Return accounts as they were opened. Each chunk is seen at one instant, which `version` pins down.

    Args:
        after: the account's id after which to go on.
    """
    return Table("accounts", ACCOUNT_COLUMNS, _account_chunks(kind, after))


def statement_table(address: str, *, start: datetime, end: datetime) -> Table:
    """Return what happened on one account between two instants, newest first, and where it stood at both.

    Raises:
        UnknownAccount: there is no such account.
    """
    queries.account_at(address)
    return Table("statement", STATEMENT_COLUMNS, _statement_chunks(address, start, end))


def exceptions_table(name: str, *, at: datetime) -> Table:
    """Return one of the lists of exceptions.

    Raises:
        KeyError: there is no such list.
    """
    first = page_of_list(name, at=at, cursor=None, limit=CHUNK)
    return Table(name, EXCEPTION_COLUMNS, _exception_chunks(name, first, at))


def csv_pieces(table: Table, *, seal: Callable[[str], str]) -> Iterator[bytes]:
    """Write a table: UTF-8 with a byte order mark, a header row, no cell a formula.

    Args:
        seal: makes the cursor that goes on behind a place.

    Source: RFC 4180; OWASP ASVS 5.0, 1.2.10.
    """
    heading = BOM + _csv_line(table.columns)
    yield from _ended(table, heading, _csv_lines, _csv_end, seal)


def jsonl_pieces(table: Table, *, seal: Callable[[str], str]) -> Iterator[bytes]:
    """Write one JSON document a line; the last one has the single name `end`.

    Args:
        seal: makes the cursor that goes on behind a place.
    """

    def lines(rows: list[Row]) -> str:
        return "".join(_json_line(dict(zip(table.columns, map(_plain, row), strict=True))) for row in rows)

    yield from _ended(table, "", lines, lambda end: _json_line({"end": end}), seal)


PIECES = {"csv": csv_pieces, "jsonl": jsonl_pieces}


def _ended(
    table: Table,
    heading: str,
    lines: Callable[[list[Row]], str],
    ending: Callable[[dict[str, Any]], str],
    seal: Callable[[str], str],
) -> Iterator[bytes]:
    """Write the chunks of one file and the line that ends it."""
    digest, count, further = hashlib.sha256(heading.encode()), 0, None
    if heading:
        yield heading.encode()
    for chunk in table.chunks:
        piece, count, further = lines(chunk.rows).encode(), count + len(chunk.rows), chunk.further
        digest.update(piece)
        if piece:
            yield piece
        if further and count >= FILE:
            break
    end = {"rows": count, "sha256": digest.hexdigest(), "next_cursor": seal(further) if further else "", **table.reach}
    yield ending(end).encode()


def _transfer_chunks(filters: Filters, size: int, after: int) -> Iterator[Chunk]:
    rows = filters.narrow(Leaf.objects.filter(transfer__isnull=False), at="transfer__")
    if filters.account:
        address = filters.account
        rows = rows.filter(Q(transfer__debit__address=address) | Q(transfer__credit__address=address))
    for first in range(after + 1, size, CHUNK):
        last = min(first + CHUNK, size)
        run = rows.filter(index__gte=first, index__lt=last).order_by("index")
        found = [list(row) for row in run.values_list(*TRANSFER_COLUMNS.values())]
        yield Chunk(found, str(last - 1) if last < size else None)


def _account_chunks(kind: str, after: int) -> Iterator[Chunk]:
    while True:
        rows = list(queries.accounts(kind=kind).filter(pk__gt=after).order_by("pk")[: CHUNK + 1])
        standings = queries.balances_of([row.address for row in rows[:CHUNK]])
        more = len(rows) > CHUNK
        after = rows[CHUNK - 1].pk if more else after
        yield Chunk([_account(row, standings[row.address]) for row in rows[:CHUNK]], str(after) if more else None)
        if not more:
            return


def _account(row: Account, standing: queries.Standing) -> Row:
    closed = row.closure.closed_at if hasattr(row, "closure") else None
    opened = [row.address, row.kind, row.floor, row.has_balance, row.opened_at, closed]
    return [*opened, standing.posted, standing.held, standing.version]


def _statement_chunks(address: str, start: datetime, end: datetime) -> Iterator[Chunk]:
    before, after, opening = None, None, None
    while True:
        period = statement_between(address, start=start, end=end, before=before, limit=CHUNK + 1)
        rows = [] if opening else [_standing("closing", period.closing)]
        opening = period.opening
        after = period.closing.posted if after is None else after
        for line in period.lines[:CHUNK]:
            rows.append(_line(line, after))
            after -= line.change
        more = len(period.lines) > CHUNK
        yield Chunk(rows if more else [*rows, _standing("opening", opening)], None)
        if not more:
            return
        before = period.lines[CHUNK - 1].position


def _standing(line: str, standing: queries.Standing) -> Row:
    values = {"line": line, "version": standing.version, "after": standing.posted, "held": standing.held}
    return [values.get(column) for column in STATEMENT_COLUMNS]


def _line(line: queries.Line, after: int) -> Row:
    row = line.transfer
    other = row.credit if line.change < 0 else row.debit
    return [
        "line", line.version, row.recorded_at, row.effective_at, row.op_id, row.leg, row.kind, row.event_type,
        row.event_ref, other.address if other and line.change else None, line.change, after, None,
    ]  # fmt: skip


def _exception_chunks(name: str, first: tuple[list[Found], str | None], at: datetime) -> Iterator[Chunk]:
    found, cursor = first
    while True:
        yield Chunk([list(asdict(one).values()) for one in found], None)
        if cursor is None:
            return
        found, cursor = page_of_list(name, at=at, cursor=cursor, limit=CHUNK)


def _csv_lines(rows: list[Row]) -> str:
    return "".join(_csv_line([_cell(value) for value in row]) for row in rows)


def _csv_end(end: dict[str, Any]) -> str:
    return _csv_line([END, *(f"{name}={value}" for name, value in end.items())])


def _csv_line(values: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


def _json_line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False) + "\n"


def _cell(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, str):
        return cell(plain)
    return {True: "true", False: "false"}[plain] if isinstance(plain, bool) else plain


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: times in UTC, spans in seconds, bytes as hex digits."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return round(value.total_seconds())
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value) if isinstance(value, UUID) else value
