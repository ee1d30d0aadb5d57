"""Lists are walked by a signed cursor: it holds the last key seen and opens only the list that made it."""

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import QuerySet

from consent.parties.errors import InvalidCursor

DEFAULT_LIMIT, MAX_LIMIT = 50, 500


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows and the cursor of the next page, None at the end."""

    rows: list[Any]
    next_cursor: str | None


def read_limit(text: str | None) -> int:
    """Return the page size a caller asked for, between 1 and 500.

    Raises:
        InvalidCursor: it is not a whole number in that range.
    """
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_LIMIT):
        raise InvalidCursor(f"limit은 1부터 {MAX_LIMIT}까지의 수예요.")
    return int(text)


def page_of(rows: QuerySet[Any], *, by: str, name: str, cursor: str | None, limit: int) -> Page:
    """Return one page of `rows`, walked along the unique column `by` (a leading `-` walks down).

    Args:
        by: a unique, indexed column; the cursor holds its last value.
        name: what the cursor is bound to (list, owner and filters), so that it opens nothing else.

    Raises:
        InvalidCursor: the cursor is broken or belongs to another list.
    """
    column, down = by.lstrip("-"), by.startswith("-")
    if cursor:
        rows = rows.filter(**{f"{column}__{'lt' if down else 'gt'}": _opened(cursor, name)})
    found = list(rows.order_by(by)[: limit + 1])
    more = len(found) > limit
    last = getattr(found[limit - 1], column) if more else None
    return Page(found[:limit], signing.dumps(str(last), salt=f"cursor:{name}") if more else None)


def _opened(cursor: str, name: str) -> str:
    try:
        return signing.loads(cursor, salt=f"cursor:{name}")
    except signing.BadSignature as exc:
        raise InvalidCursor("이 목록의 다음 쪽 표시가 아니에요. 처음부터 다시 읽어 주세요.") from exc
