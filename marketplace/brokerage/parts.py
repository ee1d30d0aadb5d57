"""Pieces of a page that cards and papers have in common, each as its partial in `parts/` wants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.records.notices import Section


@dataclass(frozen=True)
class Fact:
    """One pair of `parts/facts.html`."""

    label: str
    value: str = ""
    note: str = ""
    strong: bool = False
    at: datetime | None = None
    mono: bool = False


@dataclass(frozen=True)
class Paragraphs:
    """One section of `parts/notice.html`."""

    heading: str
    lines: tuple[str, ...]
    legal: str = ""
    strong: bool = False


def sections_for(sections: Sequence[Section]) -> list[Paragraphs]:
    """Return a notice's sections as `parts/notice.html` wants them."""
    return [Paragraphs(one.heading, one.paragraphs, one.term, one.strong) for one in sections]
