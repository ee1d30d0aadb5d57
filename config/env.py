"""Strict reading of the environment: every variable is declared here once, and a typo in a value fails loudly."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Variable:
    """One environment variable that Maru reads."""

    name: str
    default: str | None
    read: Callable[[str], Any]
    meaning: str


DECLARED: dict[str, Variable] = {}
#: The default of what must be set.
REQUIRED: Any = object()


def _as_bool(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return words[text.lower()]


def _as_list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _read(name: str, default: Any, read: Callable[[str], Any], meaning: str) -> Any:
    DECLARED[name] = Variable(name, None if default is REQUIRED else str(default), read, meaning)
    text = os.environ.get(name)
    if text is None:
        if default is REQUIRED:
            raise ImproperlyConfigured(f"{name} must be set: {meaning}.")
        return default
    try:
        return read(text)
    except (ValueError, KeyError) as exc:
        raise ImproperlyConfigured(f"{name} has a value that cannot be read: {meaning}.") from exc


def text(name: str, meaning: str, default: Any = REQUIRED) -> str:
    """Read a string."""
    return _read(name, default, str, meaning)


def flag(name: str, meaning: str, default: bool) -> bool:
    """Read true/false, yes/no or 1/0."""
    return _read(name, default, _as_bool, meaning)


def integer(name: str, meaning: str, default: int) -> int:
    """Read a whole number."""
    return _read(name, default, int, meaning)


def words(name: str, meaning: str, default: list[str]) -> list[str]:
    """Read a comma-separated list."""
    return _read(name, default, _as_list, meaning)
