"""Exact conversion between UCUM units of one quantity. Nothing is converted across quantities (ppb is no mass)."""

from decimal import Decimal
from fractions import Fraction

from marketplace.appliances.dialects.unit_words import ucum

# (from, to): (factor, offset), exact. to = from * factor + offset
_LINEAR: dict[tuple[str, str], tuple[Fraction, Fraction]] = {
    ("mg/m3", "ug/m3"): (Fraction(1000), Fraction(0)),
    ("[ppm]", "[ppb]"): (Fraction(1000), Fraction(0)),
    ("[ppb]", "[ppm]"): (Fraction(1, 1000), Fraction(0)),
    ("[degF]", "Cel"): (Fraction(5, 9), Fraction(-160, 9)),
    ("K", "Cel"): (Fraction(1), Fraction(-27315, 100)),
    ("mW", "W"): (Fraction(1, 1000), Fraction(0)),
    ("kW", "W"): (Fraction(1000), Fraction(0)),
    ("W.h", "kW.h"): (Fraction(1, 1000), Fraction(0)),
    ("MW.h", "kW.h"): (Fraction(1000), Fraction(0)),
    ("GW.h", "kW.h"): (Fraction(1_000_000), Fraction(0)),
    ("MJ", "kW.h"): (Fraction(5, 18), Fraction(0)),
    ("min", "s"): (Fraction(60), Fraction(0)),
    ("h", "s"): (Fraction(3600), Fraction(0)),
    ("min", "h"): (Fraction(1, 60), Fraction(0)),
    ("s", "h"): (Fraction(1, 3600), Fraction(0)),
}


def convert(value: Decimal, *, unit: str, to: str) -> Decimal | Fraction | None:
    """Convert a number in any registered spelling of a unit to a UCUM unit, exactly.

    Returns:
        The exact number, the very decimal where nothing is converted; None when the unit is not registered or
        measures something else.
    """
    code = ucum(unit)
    if code == to:
        return value
    linear = _LINEAR.get((code, to)) if code is not None else None
    return None if linear is None else Fraction(value) * linear[0] + linear[1]
