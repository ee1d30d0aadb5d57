"""A voucher's code as a square that a camera reads, drawn as one SVG path."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import segno

#: The sheet around it gives the other two of the four units a camera wants.
QUIET = 2


@dataclass(frozen=True)
class Qr:
    """What the template draws: a square of `size` units, and the strokes of its dark runs."""

    size: int
    path: str


def qr_of(text: str) -> Qr:
    """Return the QR code of a short text, with error correction M and half of the quiet zone."""
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=QUIET))
    return Qr(len(rows), "".join(_strokes(y, row) for y, row in enumerate(rows)))


def _strokes(y: int, row: Iterable[int]) -> str:
    path, x = "", 0
    for is_dark, run in groupby(row):
        width = len(list(run))
        if is_dark:
            path += f"M{x} {y}.5h{width}"
        x += width
    return path
