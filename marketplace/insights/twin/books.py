"""The keys of the twin, one for each appliance and month, and the places that its boxes vouch for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from marketplace.insights.boxes import JOIN_KEY, BoxKey, opened
from marketplace.insights.vault import ROW_COLUMNS

#: Of one appliance, one month.
Place = tuple[UUID, date]
_BOOKS = f"""
SELECT b.id, b.appliance_id, b.month, {ROW_COLUMNS}
FROM insights_twinbook b {JOIN_KEY}
WHERE b.appliance_id = ANY(%s::uuid[]) AND b.month = ANY(%s::date[])
ORDER BY b.id"""  # noqa: S608 - of constants
_LOCKED = " FOR NO KEY UPDATE OF b"


@dataclass(frozen=True, slots=True)
class OpenBook:
    """A book with its key at hand."""

    id: UUID
    appliance_id: UUID
    key: BoxKey


def page_place(book_id: UUID, kind: str, zone: str, span: str, begins_at: datetime) -> bytes:
    """Return what the box of a page vouches for. Kinds and zones are registered words without a bar."""
    return f"maru/twin-page/1|{book_id}|{kind}|{zone}|{span}|{begins_at.timestamp():.0f}".encode()


def state_place(book_id: UUID, kind: str, zone: str, observed_at: datetime) -> bytes:
    """Return what the box of a state vouches for: also the time, so that no older one can be put in its row."""
    return f"maru/twin-state/1|{book_id}|{kind}|{zone}|{observed_at.timestamp():.6f}".encode()


def open_books(
    appliance_ids: Iterable[UUID], months: Iterable[date], *, locked: bool = False
) -> Mapping[Place, OpenBook]:
    """Return the books of some appliances and months that can be opened, in one statement.

    Args:
        locked: keep others from writing into them until this transaction ends.

    Raises:
        KeyAway: a key is only not to be read just now; such a book is not taken for a lost one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BOOKS + _LOCKED if locked else _BOOKS, [list(appliance_ids), list(months)])
        rows = cursor.fetchall()
    return {(appliance_id, month): OpenBook(pk, appliance_id, key) for (pk, appliance_id, month), key in opened(rows)}
