"""What the names that people give to what measures tell of it. The words that count stand in `entity_words.toml`.

An id like `sensor.naengjanggo_ondo` or a topic like `zigbee2mqtt/Kühlschrank` is all that tells a fridge's temperature
from a room's. Of what a person calls a thing nothing but these words is read.
"""

import re
import tomllib
import unicodedata
from functools import lru_cache
from itertools import chain, filterfalse, pairwise
from pathlib import Path
from typing import NamedTuple

_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _words(*sections: str) -> frozenset[str]:
    return frozenset(word for section in sections for line in _TABLE[section].values() for word in line.split())


def _longest_first(words: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(words, key=len, reverse=True))


FREEZER = _words("freezer")
# The first type one of whose words stands in the name; a guess the household can correct.
TYPES = {
    "refrigerator": _words("freezer", "refrigerator"),
    **{name: _words(name) for name in ("air_purifier", "robot_vacuum", "microwave", "air_conditioner")},
}
SETPOINT, OUTDOORS, INDOORS, BOARD, ROOM = map(_words, ("setpoint", "outdoors", "indoors", "board", "room"))
MAKERS = _words("makers")
NO_ROOM = _words("machines", "felt", "kitchen", "water", "heating", "laundry")
FILTER, FILTER_LEFT, FILTER_USED = map(_words, ("filter", "filter_left", "filter_used"))
_ENDINGS = _longest_first(_words("endings"))
_FRIDGES = _longest_first(TYPES["refrigerator"])
#: For an index of VOC there is neither a device class nor a unit: only this.
VOC_INDEX = "vocindex"
#: All that count.
_KNOWN = (
    frozenset({VOC_INDEX})
    .union(*TYPES.values(), SETPOINT, OUTDOORS, INDOORS, BOARD, NO_ROOM, ROOM, MAKERS)
    .union(FILTER, FILTER_LEFT, FILTER_USED)
)
#: More words than anybody calls a thing; a longer name counts by its end.
_MOST_WORDS = 24
_BETWEEN = re.compile(r"[\W_]+")


def unaccented(name: str) -> str:
    """Return a name in small letters without their accents."""
    if name.isascii():
        return name.lower()
    parts = unicodedata.normalize("NFD", name.casefold())
    return unicodedata.normalize("NFC", "".join(filterfalse(unicodedata.combining, parts)))


class Named(NamedTuple):
    """What the names of one thing come to, read once and known from then on; of its words those that count."""

    words: frozenset[str]
    appliance_type: str | None
    zone: str
    is_setpoint: bool
    is_no_room: bool
    is_elsewhere: bool
    is_outdoors: bool
    is_maker: bool

    @property
    def fridge_zone(self) -> str | None:
        """The part of a fridge that is named, or None where no fridge is."""
        return self.zone if self.appliance_type == "refrigerator" else None


@lru_cache(maxsize=4096)
def named(*names: str) -> Named:
    """Read all the names that one thing goes by."""
    words = _KNOWN.intersection(chain.from_iterable(map(words_of, names)))
    return _named(words)


# Most names come to nothing, and the rest to few things.
@lru_cache(maxsize=1024)
def _named(words: frozenset[str]) -> Named:
    return Named(
        words=words,
        appliance_type=type_named(words),
        zone=zone_named(words),
        is_setpoint=not words.isdisjoint(SETPOINT),
        is_no_room=is_no_room(words),
        is_elsewhere=is_elsewhere(words),
        is_outdoors=is_outdoors(words),
        is_maker=is_maker(words),
    )


@lru_cache(maxsize=4096)
def words_of(name: str) -> frozenset[str]:
    """Return the words of a name, without their accents; two that stand side by side count as one word too.

    Of a word that is written together its parts count as well: `kuhlschranktemperatur` is a `kuhlschrank`. Where a
    fridge's name is followed by that of its compartment, the last one counts.
    """
    words = [word for word in _BETWEEN.split(unaccented(name)) if word][-_MOST_WORDS:]
    found: list[str] = []
    for word, after in pairwise([*words, ""]):
        found += _parts(word)
        found.append(word + after)
    known = frozenset(found)
    if known.isdisjoint(FREEZER):
        return known
    last = next(part for part in reversed(found) if part in TYPES["refrigerator"])
    return known if last in FREEZER else known - FREEZER


# Names differ, their words hardly.
@lru_cache(maxsize=4096)
def _parts(word: str) -> list[str]:
    parts = [word]
    if word.endswith(_ENDINGS):
        parts.append(word.removesuffix(next(ending for ending in _ENDINGS if word.endswith(ending))))
        # As in `kylskapstemperatur`.
        word = parts[-1].removesuffix("s")
    return parts + [fridge for fridge in _FRIDGES if word.endswith(fridge)] if word.endswith(_FRIDGES) else parts


@lru_cache(maxsize=1024)
def type_named(words: frozenset[str]) -> str | None:
    """Return the type of appliance that words name, if they name one."""
    return next((name for name, known in TYPES.items() if not words.isdisjoint(known)), None)


def is_no_room(words: frozenset[str]) -> bool:
    """Say whether words of what is measured name something whose warmth and damp are not those of a room."""
    return is_elsewhere(words) or (_names(words, BOARD) and words.isdisjoint(INDOORS))


def is_elsewhere(words: frozenset[str]) -> bool:
    """Say whether words of a thing that measures name a place that is no room; a board may be called what it is."""
    return type_named(words) == "refrigerator" or _names(words, NO_ROOM) or is_outdoors(words)


def is_outdoors(words: frozenset[str]) -> bool:
    """Say whether words name a place whose air is not that of the home."""
    return _names(words, OUTDOORS) and words.isdisjoint(INDOORS)


def is_maker(words: frozenset[str]) -> bool:
    """Say whether words name what makes power instead of drawing it; an air conditioner may have an inverter."""
    return not words.isdisjoint(MAKERS) and type_named(words) is None


def _names(words: frozenset[str], things: frozenset[str]) -> bool:
    if words.isdisjoint(things):
        return False
    rooms = words & ROOM
    return any(not any(thing in room for room in rooms) for thing in words & things)


def zone_named(words: frozenset[str]) -> str:
    """Return the part of a fridge that words name; who names none means the cooler."""
    return "freezer" if words & FREEZER else "cooler"
