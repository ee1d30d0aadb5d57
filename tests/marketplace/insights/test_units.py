"""Units convert exactly, and only within one quantity."""

from decimal import Decimal
from fractions import Fraction

import pytest

from marketplace.insights.units import convert


@pytest.mark.parametrize(
    ("value", "unit", "to", "number"),
    [
        ("62", "µg/m³", "ug/m3", 62),
        ("0.018", "mg/m³", "ug/m3", 18),
        ("1.2", "ppm", "[ppb]", 1200),
        ("841000", "ppb", "[ppm]", 841),
        ("68", "°F", "Cel", 20),
        ("37", "°F", "Cel", Fraction(25, 9)),
        ("-40", "°F", "Cel", -40),
        ("273.15", "K", "Cel", 0),
        ("420", "Wh", "kW.h", Fraction(42, 100)),
        ("0.001", "MWh", "kW.h", 1),
        ("0.000001", "GWh", "kW.h", 1),
        ("1.5", "kW", "W", 1500),
        ("90", "min", "h", Fraction(3, 2)),
        ("2", "min", "s", 120),
        ("2", "h", "s", 7200),
        ("5400", "s", "h", Fraction(3, 2)),
    ],
)
def test_converts_exactly(value, unit, to, number):
    assert convert(Decimal(value), unit=unit, to=to) == number


@pytest.mark.parametrize(
    ("unit", "to"),
    [("ppb", "ug/m3"), ("W", "kW.h"), ("%", "Cel"), ("Cel", "[degF]"), ("furlong", "ug/m3"), ("", "%"), ("", "")],
)
def test_never_converts_across_quantities(unit, to):
    assert convert(Decimal(1), unit=unit, to=to) is None
