"""When one insight is what a data request asks for."""

from decimal import Decimal
from fractions import Fraction
from math import isfinite

from marketplace.demand.models import LeastAssurance, RequestVersion

Value = int | float | Decimal | Fraction | bool | str
#: A hub proves that it is the hub, not what hangs on it: what an appliance says itself is surer, however it says it.
_SUREST_FIRST = (LeastAssurance.SIGNED, LeastAssurance.BEARER, LeastAssurance.HUB_SIGNED)
REACHED_BY: dict[str, frozenset[str]] = {
    least: frozenset(map(str, _SUREST_FIRST[: place + 1])) for place, least in enumerate(_SUREST_FIRST)
}


def is_sure_enough(least: str, assurance: str) -> bool:
    """Tell whether it is as sure as a buyer wants who said it; a way that was not noted down is only good for any.

    Args:
        least: of `LeastAssurance`.
        assurance: of `appliances.Assurance`, or empty.
    """
    return least == LeastAssurance.ANY or assurance in REACHED_BY.get(least, ())


def is_met(version: RequestVersion, *, kind: str, value: Value | None, assurance: str = "") -> bool:
    """Tell whether an insight of `kind` with this value, which came in this way, meets the version's condition.

    `above` and `below` exclude their own number. A condition that does not fit the value is not met: a number never
    meets words, a word never meets a threshold.
    """
    if kind not in version.kinds or value is None or not is_sure_enough(version.least_assurance, assurance):
        return False
    if isinstance(value, str):
        return not _has_threshold(version) and (not version.words or value in version.words)
    if version.words:
        return False
    if isinstance(value, bool):
        return not _has_threshold(version)
    # NaN and infinity are no measurement; they meet nothing, not even an open end.
    return isfinite(value) and _is_between(value, version.above, version.below)


def _has_threshold(version: RequestVersion) -> bool:
    return version.above is not None or version.below is not None


def _is_between(value: int | float | Decimal | Fraction, above: float | None, below: float | None) -> bool:
    return (above is None or value > above) and (below is None or value < below)
