"""What templates need that Django does not bring: dates as people say them, tokens, pegs, planks and the floor."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext

register = template.Library()

MINUS = "−"


def _local(value: date | datetime) -> date | datetime:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def _this_year(value: date | datetime) -> bool:
    return value.year == timezone.localdate().year


def _written(value: date | datetime | None, short: str, full: str) -> str:
    """Write a date by one of two patterns: the full one names the year when it is not this year."""
    if not value:
        return ""
    local = _local(value)
    return format_date(local, short if _this_year(local) else full)


@register.filter
def moment(value: datetime | None) -> str:
    """11월 22일 일요일 21:00 / Sunday 22 November 21:00."""
    return _written(
        value,
        pgettext("date format", "n월 j일 l H:i"),
        pgettext("date format", "Y년 n월 j일 l H:i"),
    )


@register.filter
def moment_short(value: datetime | None) -> str:
    """11월 22일 21:00 / 22 Nov 21:00."""
    return _written(
        value,
        pgettext("date format", "n월 j일 H:i"),
        pgettext("date format", "Y년 n월 j일 H:i"),
    )


@register.filter
def moment_slip(value: datetime | None) -> str:
    """11월 22일 일 21:00 / Sun 22 Nov 21:00: the form that stands in a slip."""
    return _written(
        value,
        pgettext("date format", "n월 j일 D H:i"),
        pgettext("date format", "Y년 n월 j일 D H:i"),
    )


@register.filter
def day(value: date | datetime | None) -> str:
    """11월 22일 / 22 November."""
    return _written(value, pgettext("date format", "n월 j일"), pgettext("date format", "Y년 n월 j일"))


@register.filter
def weekday(value: date | datetime | None) -> str:
    """11월 22일 일요일 / Sunday 22 November."""
    return _written(value, pgettext("date format", "n월 j일 l"), pgettext("date format", "Y년 n월 j일 l"))


@register.filter
def clock(value: datetime | None) -> str:
    """21:00."""
    return format_date(_local(value), "H:i") if value else ""


@register.filter
def stamp(value: date | datetime | None) -> str:
    """Write the machine form for `<time datetime>`, in the zone in which people read it."""
    if not value:
        return ""
    local = _local(value)
    return local.isoformat(timespec="minutes") if isinstance(local, datetime) else local.isoformat()


@register.filter
def tokens(value: int | None) -> str:
    """2,250, with a true minus sign."""
    if value is None:
        return ""
    return f"{value:,}".replace("-", MINUS)


@register.filter
def signed(value: int | None) -> str:
    """+40 or −600."""
    if value is None:
        return ""
    return f"{value:+,}".replace("-", MINUS)


@register.filter
def fingerprint(value: str | None) -> str:
    """Write the first eight hex digits of a hash as people compare them: 3f9a 81c2."""
    head = (value or "")[:8]
    return f"{head[:4]} {head[4:]}".strip()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw one symbol of `parts/sprite.html`; the word beside it carries the meaning."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.inclusion_tag("parts/state.html")
def state(key: str, word: str) -> dict[str, str]:
    """Show a peg and a word. `key` is one of the data-states of maru.css."""
    return {"key": key, "word": word}


@register.inclusion_tag("parts/planks.html")
def planks(laid: int, total: int, label: str) -> dict[str, Any]:
    """Show a count that has a limit; more than twenty boards become twenty in proportion."""
    boards = min(total, 20)
    filled = min(laid, total) if total <= boards else min(laid, total) * boards // total
    return {"boards": [place < filled for place in range(boards)], "label": label}


@lru_cache(maxsize=32)
def _planking(width: int, height: int) -> str:
    """Lay a floor of beams (14 wide) and boards (164 by 52, two apart), every other bay half a board lower."""
    path: list[str] = []
    for bay, x in enumerate(range(0, width, 182)):
        path.append(f"M{x} 0h14v{height}h-14z")
        if x + 16 >= width:
            break
        tops = [0, *range(27 if bay % 2 else 54, height, 54)]
        boards = zip(tops, [*tops[1:], height + 2], strict=True)
        path += [f"M{x + 16} {top}h164v{min(bottom - top - 2, 52)}h-164z" for top, bottom in boards]
    return "".join(path)


@lru_cache(maxsize=32)
def _light(x: int, y: int, rows: int) -> str:
    """Let the light of a lattice door fall on the floor: three panes a row, each row further into the room."""
    return "".join(
        f"M{x + 73 * pane - 29 * row} {y + 53 * row}h64l-24 44h-64z" for row in range(rows) for pane in range(3)
    )


@register.inclusion_tag("parts/room.html")
def room(width: int, height: int, light_x: int, light_y: int, rows: int) -> dict[str, Any]:
    """Draw the floor from above. Only on pages where nobody has to decide."""
    return {
        "width": width,
        "height": height,
        "planking": _planking(width, height),
        "light": _light(light_x, light_y, rows),
    }
