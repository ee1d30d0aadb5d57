"""The spellings of units met in the wild, each with its UCUM code; a word that is not here is no unit.

Source: UCUM case-sensitive codes; spellings from recorded bodies and the issue trackers of those who read them.
"""

import unicodedata
from functools import lru_cache

_SPELLINGS: dict[str, tuple[str, ...]] = {
    # U+00B5 and U+03BC both fold to U+03BC under NFKC, and a raised 3 to 3; the last two are mojibake.
    "ug/m3": ("ug/m3", "μg/m3", "μg/m^3", "ug/m^3", "ugm3", "ug/m3 LC", "μg/m3 LC", "Âμg/mÂ3", "Î1⁄4g/m3"),
    "mg/m3": ("mg/m3", "mg/m^3", "mgm3"),
    "[ppm]": ("[ppm]", "ppm"),
    "[ppb]": ("[ppb]", "ppb"),
    "Cel": ("Cel", "°C", "C", "oC", "degC", "Â°C", "CELSIUS", "Celsius", "celsius"),
    "[degF]": ("[degF]", "°F", "F", "oF", "degF", "Â°F", "FAHRENHEIT", "Fahrenheit", "fahrenheit"),
    "K": ("K",),
    "%": ("%", "%RH", "%H", "%EL", "pc", "/100"),
    "mW": ("mW",),
    "W": ("W",),
    "kW": ("kW",),
    "MJ": ("MJ",),
    "W.h": ("W.h", "Wh"),
    "kW.h": ("kW.h", "kWh"),
    "MW.h": ("MW.h", "MWh"),
    "GW.h": ("GW.h", "GWh"),
    "s": ("s", "sec", "seconds"),
    "min": ("min", "minutes"),
    "h": ("h", "hr", "hours", "Hour"),
    "{voc_index}": ("{voc_index}",),
    "{aqi}": ("{aqi}",),
    "{opening}": ("{opening}",),
}


_LONGEST = 64


def fold(text: str) -> str:
    """Bring a unit's spelling to one form: compatibility characters folded, outer blanks gone."""
    return unicodedata.normalize("NFKC", text.strip()) if len(text) <= _LONGEST else ""


_UCUM = {fold(word): code for code, words in _SPELLINGS.items() for word in words}


def ucum(text: str) -> str | None:
    """Return the UCUM code a spelling stands for, or None if it is no registered unit."""
    # Known as it stands, as most are; any other is folded once.
    return _UCUM.get(text) or (_folded(text) if len(text) <= _LONGEST else None)


def voc_kind(unit: object) -> str:
    """Return the kind of a VOC whose name leaves open whether it was counted or weighed: the unit tells."""
    is_mass = isinstance(unit, str) and ucum(unit) in ("ug/m3", "mg/m3")
    return "air.tvoc_mass" if is_mass else "air.tvoc_ratio"


@lru_cache(maxsize=1024)
def _folded(text: str) -> str | None:
    return _UCUM.get(fold(text))
