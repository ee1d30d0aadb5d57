"""What docs/scale.md reckons follows from what it says was measured, to the digits it shows."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
HOMES, DAY = 10_000_000, 86_400
SENT = (20, 300, 1_170)
#: Of one home: requests a day if nothing is gathered, and the twin's pages a day with what one of numbers takes.
REQUESTS = (20, 96 + 12, 288 + 20)
PAGES = ((0, 465), (3 * 25, 465), (4 * 25, 765))


def measured(words: str) -> float:
    """Return the number before some words of the page."""
    return float(re.search(r"([\d,.]+)\*{0,2} ?" + words, PAGE)[1].replace(",", ""))


def row(begin: str) -> list[list[float]]:
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {begin}")]
    return [[float(one.replace(",", "")) for one in re.findall(r"[\d,.]+\d|\d", cell)] for cell in line.split("|")[2:5]]


def seconds(each: float) -> list[list[float]]:
    """What happens so often a day in each home, in processors, at the mean and at three times it."""
    return [[of * HOMES / DAY * each * times for times in (1, 3)] for of in SENT]


SEALED, ROW, WAL = measured("bytes\\*\\* \\|"), measured("bytes \\| 97,000"), measured("bytes; 2,450")
RECKONED = {
    "sealed for 30 days": [[of * HOMES * 30 * SEALED / 1e12] for of in SENT],
    "rows that stay": [[of * HOMES * 365 * ROW / 1e12] for of in SENT],
    "the twin": [[(numbers * size + 4 * 465) * HOMES * 121 / 1e12] for numbers, size in PAGES],
    "write-ahead log a day": [[of * HOMES * WAL / 1e12] for of in SENT],
    "processors of Python": seconds(measured("µs an insight, as deployed") / 1e6),
    "of PostgreSQL": seconds(measured("µs, as deployed") / 1e6),
    "to look at all": seconds(measured(r"µs\) \| 0.1") / 1e6),
    "requests a second": [[of * HOMES / DAY] for of in REQUESTS],
    "processors for these": [[of * HOMES / DAY * 0.01 * times for times in (1, 3)] for of in REQUESTS],
    "the same if a hub gathers": [[min(of, 24) * HOMES / DAY * 0.01 * times for times in (1, 3)] for of in REQUESTS],
}


@pytest.mark.parametrize("begin", RECKONED)
def test_what_is_reckoned_follows_from_what_was_measured(begin):
    said = row(begin)

    for cell, reckoned in zip(said, RECKONED[begin], strict=True):
        assert cell == pytest.approx(reckoned, rel=0.03, abs=0.05)


def test_what_one_insight_costs_adds_up():
    assert measured(r"\+ 245 bytes") + 245 + ROW == SEALED
