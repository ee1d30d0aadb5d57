"""Records as lines: NDJSON for programs, CSV for spreadsheets. Each chunk is one piece of the stream."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from consent.parties.tables import cell
from marketplace.delivery.door import Record

BOM = "\ufeff"
FIRST, LAST = ["id", "kind"], ["receipt", "payload_digest"]
#: Holds, as JSON, what a later record has and the first chunk had not: nothing is left out.
REST = "more"


def ndjson_pieces(chunks: Iterable[list[Record]]) -> Iterator[bytes]:
    """Write one JSON document a line."""
    for chunk in chunks:
        yield b"".join(record.line + b"\n" for record in chunk)


def csv_pieces(chunks: Iterable[list[Record]]) -> Iterator[bytes]:
    """Write a table: UTF-8 with a byte order mark, nested fields under dotted names, no cell a formula.

    Source: OWASP ASVS 5.0, 1.2.10.
    """
    columns: list[str] | None = None
    for chunk in chunks:
        rows = [dict(_flat(record.document)) for record in chunk]
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        if columns is None:
            columns = _columns(rows)
            buffer.write(BOM)
            writer.writerow([*columns, REST])
        for row in rows:
            rest = {name: row[name] for name in row if name not in columns}
            more = json.dumps(rest, ensure_ascii=False) if rest else ""
            writer.writerow([_cell(row.get(name)) for name in columns] + [more])
        yield buffer.getvalue().encode()


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    between = {name for row in rows for name in row} - {*FIRST, *LAST}
    return [*FIRST, *sorted(between), *LAST]


def _flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return cell(value)
    if isinstance(value, bool | list):
        return json.dumps(value, ensure_ascii=False)
    return value
