"""What the readings of one item have in common, and the two shapes most formats come in: snapshots and messages."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.readings import Interval, Method, Parsed, Raw, Reading
from marketplace.appliances.dialects.rejections import ItemRefused, Rejection
from marketplace.appliances.dialects.scalars import clip, header, is_no_data, read_number
from marketplace.appliances.dialects.unit_words import ucum

Result = Reading | Rejection

_DEVICE = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_HUNDRED = Decimal(100)
# One item of a batch may hold several values, and one snapshot of a fridge some twenty.
MAX_RESULTS = 10 * wire.MAX_ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """The thing that speaks in one item of a body, and when.

    `name` in its methods is a path in our own words, never a key the sender chose.
    """

    dialect: str
    index: int
    source: str | None = None
    appliance_type: str = "other"
    observed_at: datetime | None = None
    event_id: str | None = None

    def measured(
        self,
        name: str,
        raw: object,
        kind: str,
        unit: object,
        *,
        zone: str | None = None,
        interval: Interval | None = None,
        scale: Decimal = Decimal(1),
        power_w: Decimal | None = None,
        observed_at: datetime | None = None,
    ) -> Result:
        """Read one number the sender wrote; what is no number or has no unit becomes the rejection that says so."""
        if is_no_data(raw):
            return Rejection(self.index, "no_data", name)
        value = read_number(raw)
        if value is None:
            return Rejection(self.index, "not_a_number", name)
        if unit is None or unit == "":
            return Rejection(self.index, "missing_unit", name)
        if not isinstance(unit, str) or ucum(unit) is None:
            return Rejection(self.index, "unknown_unit", name)
        return self._reading(
            name,
            kind=kind,
            value=value * scale,
            raw=raw,
            unit=unit,
            zone=zone,
            interval=interval,
            power_w=power_w,
            observed_at=observed_at or self.observed_at,
        )

    def filter_left(
        self, name: str, used: object, *, life: object = None, observed_at: datetime | None = None
    ) -> Result:
        """Turn a used share, in percent or as time used of a lifetime, into the share that is left.

        A filter that has outlived its time has nothing left; a share above a hundred percent cannot be.
        """
        if is_no_data(used):
            return Rejection(self.index, "no_data", name)
        spent, lifetime = read_number(used), _HUNDRED if life is None else read_number(life)
        if spent is None or lifetime is None:
            return Rejection(self.index, "not_a_number", name)
        if lifetime <= 0 or spent < 0 or (life is None and spent > _HUNDRED):
            return Rejection(self.index, "out_of_range", name)
        left = max(Decimal(0), _HUNDRED - spent * _HUNDRED / lifetime)
        at = observed_at or self.observed_at
        # Under one name, so that two filters with the same left are one event told twice and not a conflict.
        return self._reading("filter", kind="filter.remaining", value=left, raw=used, unit="%", observed_at=at)

    def opened(self, name: str, *, zone: str | None = None, observed_at: datetime | None = None) -> Reading:
        """A fridge's door was opened once."""
        at = observed_at or self.observed_at
        return self._reading(
            name, kind="fridge.door_openings", value=Decimal(1), raw=1, unit="{opening}", zone=zone, observed_at=at
        )

    def fault(self, name: str, code: str, *, observed_at: datetime | None = None) -> Reading:
        """A fault of this vendor, under a code out of a list or made of digits: never free text."""
        value = f"{self.dialect.replace('-', '_')}:{code}"
        at = observed_at or self.observed_at
        return self._reading(name, kind="device.fault", value=value, raw=code, unit="", observed_at=at)

    def refused(self, code: str, name: str | None = None) -> Rejection:
        return Rejection(self.index, code, name)

    def _reading(self, name: str, *, kind: str, value: Decimal | str, raw: object, unit: str, **more: Any) -> Reading:
        return Reading(
            index=self.index,
            source=self.source,
            appliance_type=self.appliance_type,
            event_id=self.event_id,
            kind=kind,
            value=value,
            unit=unit,
            method=Method(type="sensor", name=f"{self.dialect}.{name}"[:64], version=f"{self.dialect}@1"),
            raw=Raw(clip(raw), unit),
            **more,
        )


def answers(items: Iterable[object], read: Callable[[int, Any], Iterable[Result]]) -> Parsed:
    """Read item by item; one that yields nothing is said to be no insight.

    Raises:
        TooManyItems: a few items hold more values than a batch may bring.
    """
    results: Parsed = []
    for index, item in enumerate(items):
        try:
            found = list(islice(read(index, item), MAX_RESULTS + 1))
        except ItemRefused as refused:
            found = [refused.at(index)]
        results += found or [Rejection(index, "not_an_insight")]
        if len(results) > MAX_RESULTS:
            raise wire.TooManyItems
    return results


def documents(body: bytes, *, read: Callable[[bytes], Any] = wire.loads) -> list[object]:
    """Return the documents of a body that holds one of them, or a list.

    Args:
        read: How the body is read: as JSON, or with `messages.read_lines`, for what also comes as an event stream.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    document = read(body)
    items = document if isinstance(document, list) else [document]
    wire.check_item_count(items)
    return items


def device_of(headers: Mapping[str, str], *named: object) -> str | None:
    """Return the first usable name of the speaking device: out of the body, or the header `X-Device`."""
    for candidate in (*named, header(headers, "X-Device").strip()):
        text = str(candidate) if isinstance(candidate, int) and not isinstance(candidate, bool) else candidate
        if isinstance(text, str) and _DEVICE.fullmatch(text):
            return text
    return None


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return a JSON array, or an empty one where something else stands."""
    return value if isinstance(value, list) else []
