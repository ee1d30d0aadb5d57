"""Everything about somebody, handed over: one JSON document, or the same as tables in one archive.

Both go through a file that never has a name, piece by piece, so that they are never large in memory and never begun and
then cut off: what cannot be opened just now is said before the first byte. Most are so small that memory is their file.
"""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import IO, Any, TextIO

from django.core.serializers.json import DjangoJSONEncoder

from consent.parties.models import User
from consent.parties.tables import cell
from marketplace.care.takeout import CHUNK, Row, home_of, parts_about, person_of

#: Bytes beyond which the disk takes it.
_IN_MEMORY = 1024 * 1024


class _Handed(tempfile.SpooledTemporaryFile[bytes]):
    """Closed by the answer that it is sent with, or, where that is never sent, with its last owner."""

    def __del__(self) -> None:
        self.close()


def everything_about(user: User, *, at: datetime) -> Iterator[str]:
    """Yield the document in pieces."""
    person, home = person_of(user), home_of(user)
    yield f'{{"made_at": {_json(at)}, "person": {_json(person)}, "household": {_json(home)}'
    for name, rows in parts_about(user, at=at).items():
        yield f", {_json(name)}: ["
        for place, row in enumerate(rows()):
            yield f"{', ' if place else ''}{_json(row)}"
        yield "]"
    yield "}\n"


def document_about(user: User, *, at: datetime) -> IO[bytes]:
    """Return `everything_about` somebody as a file, open at its start.

    Raises:
        KeyAway: what is sealed cannot be opened just now.
    """
    return _file_of(lambda file: file.writelines(piece.encode() for piece in everything_about(user, at=at)))


def tables_about(user: User, *, at: datetime) -> IO[bytes]:
    """Return the same as an archive of CSV files, open at its start. What is nested in the document is flat here.

    No cell begins with a sign that a spreadsheet takes for a formula. The files begin with the mark by which
    spreadsheets know UTF-8.

    Raises:
        KeyAway: what is sealed cannot be opened just now.
    """
    parts = {"person": lambda: [person_of(user)], "household": lambda: [home_of(user)], **parts_about(user, at=at)}

    def write(spooled: IO[bytes]) -> None:
        with zipfile.ZipFile(spooled, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, rows in parts.items():
                with archive.open(f"{name}.csv", "w") as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
                    _write_table(text, rows())

    return _file_of(write)


def _file_of(write: Callable[[IO[bytes]], None]) -> IO[bytes]:
    spooled = _Handed(_IN_MEMORY)
    try:
        write(spooled)
    except BaseException:
        spooled.close()
        raise
    spooled.seek(0)
    return spooled


def _write_table(file: TextIO, rows: Iterable[Row]) -> None:
    """Write rows under the names that the first of them have; what a later one has beyond those goes under `more`."""
    found = iter(rows)
    first = [_flat(row) for row in islice(found, CHUNK)]
    names = list(dict.fromkeys(name for row in first for name in row))
    table = csv.writer(file)
    table.writerow([*names, "more"])
    for row in chain(first, (_flat(row) for row in found)):
        rest = {name: value for name, value in row.items() if name not in names}
        table.writerow([*(row.get(name, "") for name in names), _json(rest) if rest else ""])


def _flat(row: Row, prefix: str = "") -> dict[str, str]:
    """Return a row without nesting: what was inside something stands behind its name and a dot."""
    flat: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = _cell(value)
    return flat


def _cell(value: Any) -> str:
    """Return one cell. A text that a spreadsheet would run gets an apostrophe in front, as they themselves write it."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    text = value if isinstance(value, str) else _json(value).strip('"')
    return cell(text)


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
