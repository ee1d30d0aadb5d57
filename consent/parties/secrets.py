"""Secrets that live in files outside the database and its backups, one file each, made at first use."""

import os
import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from consent.parties.canonical import keyed_hex, keyed_hexes


def read_or_make(name: str, make: Callable[[], bytes]) -> bytes:
    """Return the bytes of the key file `name`, making it (0400) if there is none.

    Where the folder is away (a volume that is not there yet, say) nothing is made in its place: whoever read that once
    would go on naming and signing with it. `KEYS_CHECK` of the settings names what tells so.

    Raises:
        OSError: the folder cannot be written or the file cannot be read.
        Exception: what `KEYS_CHECK` raises where the folder is away.
    """
    if settings.KEYS_CHECK and not (Path(settings.KEYS_DIR) / name).exists():
        import_string(settings.KEYS_CHECK)()
    return make_file(name, make)


def make_file(name: str, make: Callable[[], bytes]) -> bytes:
    """Return the bytes of the key file `name`, making it and its folder if there is none, whatever is missing beside.

    Several processes may start at once: the file appears whole or not at all, and the first one wins.

    Raises:
        OSError: the folder cannot be written or the file cannot be read.
    """
    path = Path(settings.KEYS_DIR) / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


@lru_cache(maxsize=8)
def pepper(name: str, folder: str) -> bytes:
    """Return the 32 secret bytes of the key file `name`; `folder` is `KEYS_DIR`, so that another one is another key."""
    return read_or_make(f"{name}.key", lambda: secrets.token_bytes(32))


def keyed_name(purpose: str, text: str) -> str:
    """Return a keyed hash that names `text` for one purpose only, as 64 hex digits.

    Two purposes, or two recipients, never get the same name for the same thing.
    """
    return keyed_hex(pepper("names", str(settings.KEYS_DIR)), f"{purpose}|{text}")


def keyed_names(purpose: str, texts: Iterable[str]) -> list[str]:
    """Return `keyed_name(purpose, text)` of each text, in their order: for those who name many things at once."""
    return keyed_hexes(pepper("names", str(settings.KEYS_DIR)), f"{purpose}|", texts)
