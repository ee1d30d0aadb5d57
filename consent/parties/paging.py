"""Lists are walked by a sealed cursor: it holds the last key seen, tells nobody what it is, and opens only the list
that made it. (A key may count what its reader must not know: how many asks, how many reads.)"""

import base64
import binascii
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

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
    # Its length first: what is read must be all that was checked, and int() refuses thousands of digits.
    limit = int(text) if len(text) <= 6 and text.isascii() and text.isdigit() else 0
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidCursor(gettext("limit은 1부터 500까지의 수예요."))
    return limit


def page_of(rows: QuerySet[Any], *, by: str | tuple[str, ...], name: str, cursor: str | None, limit: int) -> Page:
    """Return one page of `rows`, walked along `by`.

    Args:
        by: an indexed column, or several, that together are unique; a leading `-` on each of them walks down.
        name: what the cursor is bound to (list, owner and filters), so that it opens nothing else.

    Raises:
        InvalidCursor: the cursor is broken or belongs to another list.
    """
    order = (by,) if isinstance(by, str) else by
    columns, down = [column.lstrip("-") for column in order], order[0].startswith("-")
    if cursor:
        rows = rows.filter(_beyond(columns, open_cursor(cursor, name=name, length=len(columns)), down=down))
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last = [_text(attrgetter(column.replace("__", "."))(found[limit - 1])) for column in columns]
    return Page(found[:limit], make_cursor(last, name=name))


def seal_position(position: int, *, name: str) -> str:
    """Return the cursor of a list that walks by a number of its own and not by columns."""
    return make_cursor([str(position)], name=name)


def open_position(cursor: str | None, *, name: str) -> int | None:
    """Return what `seal_position` sealed for this list; None without a cursor.

    Raises:
        InvalidCursor: the cursor is broken or belongs to another list.
    """
    return int(open_cursor(cursor, name=name)[0]) if cursor else None


def _beyond(columns: list[str], values: list[str], *, down: bool) -> Q:
    """Rows after these values in the order of the columns, compared like a tuple."""
    comparison = "lt" if down else "gt"
    beyond = Q()
    for place, column in enumerate(columns):
        same = dict(zip(columns[:place], values[:place], strict=True))
        beyond |= Q(**same, **{f"{column}__{comparison}": values[place]})
    return beyond


def make_cursor(values: list[str], *, name: str) -> str:
    """Return the cursor that continues the list `name` after the row with these keys."""
    nonce = os.urandom(12)
    sealed = AESGCM(_key()).encrypt(nonce, json.dumps(values).encode(), name.encode())
    return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()


def open_cursor(cursor: str, *, name: str, length: int = 1) -> list[str]:
    """Return the keys that a cursor of the list `name` holds.

    Raises:
        InvalidCursor: the cursor is broken or belongs to another list.
    """
    try:
        sealed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"==")
        values = json.loads(AESGCM(_key()).decrypt(sealed[:12], sealed[12:], name.encode()))
    except (InvalidTag, UnicodeEncodeError, binascii.Error, ValueError) as exc:
        raise InvalidCursor(gettext("이 목록의 다음 쪽 표시가 아니에요. 처음부터 다시 읽어 주세요.")) from exc
    if len(values) != length:
        raise InvalidCursor(gettext("이 목록의 다음 쪽 표시가 아니에요. 처음부터 다시 읽어 주세요."))
    return list(values)


def _key() -> bytes:
    return hashlib.sha256(b"maru/cursor/1|" + settings.SECRET_KEY.encode()).digest()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
