"""The notice: the exact text a household is shown before it decides. The files beside this one are what people read
and what the code runs; a version is never edited once somebody was asked with it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext

from consent.parties.canonical import sha256_hex
from consent.records.errors import NoticeMissing

CURRENT_VERSION = 2
LOCALES = ("ko", "en")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Section:
    """One heading of a notice with its legal term; the law wants `strong` ones emphasised."""

    heading: str
    term: str
    strong: bool
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Notice:
    """One notice as one household reads it.

    Attributes:
        text: the exact text, NFC.
        sha256: SHA-256 of the UTF-8 bytes of `text`, 64 hex digits.
    """

    version: int
    locale: str
    title: str
    sections: tuple[Section, ...]
    text: str
    sha256: str


def render(*, version: int, locale: str, facts: Mapping[str, str]) -> Notice:
    """Return the notice with its facts filled in.

    Args:
        locale: `ko` or `en`.
        facts: what the placeholders of the file stand for, already in the words of that locale.

    Raises:
        NoticeMissing: there is no such version in this locale.
        KeyError: a fact is missing.
    """
    text = unicodedata.normalize("NFC", _source(version, locale).format_map(facts))
    title = text.split("\n", 1)[0].strip("# ")
    return Notice(version, locale, title, sections_of(text), text, sha256_hex(text.encode()))


def sections_of(text: str) -> tuple[Section, ...]:
    """Return the headings of a notice from its exact text, as a receipt has kept it."""
    return tuple(_section(part) for part in text.split("\n## ")[1:])


def check_complete(version: int) -> None:
    """Let a notice be used only if it stands in every language.

    Raises:
        NoticeMissing: a translation is missing, so nobody may be asked.
    """
    for locale in LOCALES:
        _source(version, locale)


def source_of(*, version: int, locale: str) -> str:
    """Return a notice as people keep it, with the places where its facts go.

    Raises:
        NoticeMissing: there is no such version in this locale.
    """
    return _source(version, locale)


@lru_cache(maxsize=32)
def _source(version: int, locale: str) -> str:
    path = _FOLDER / f"v{version}.{locale}.md"
    if locale not in LOCALES or not path.exists():
        raise NoticeMissing(gettext("이 알림은 아직 모든 언어로 갖춰지지 않았어요."))
    return path.read_text(encoding="utf-8")


def _section(part: str) -> Section:
    heading, *lines = part.strip().split("\n")
    names = [name.strip() for name in heading.split("|")]
    return Section(names[0], names[1] if len(names) > 1 else "", "!" in names[2:], tuple(filter(None, lines)))
