"""From DATABASE_URL to Django's settings: the runtime acts as `maru_app`, migrations as the owner."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict


def postgresql(url: str, *, role: str | None, pooled: bool = False) -> dict[str, Any]:
    """Return Django's database settings for a libpq URL.

    Args:
        url: a libpq URL, `postgresql://user@host:port/name` or `postgresql:///name?host=/socket/folder`.
        role: the role every connection acts as, or None for the role that logs in.
        pooled: a pool may give every transaction another connection: none keeps a cursor, and the role is the pool's.

    Raises:
        ImproperlyConfigured: libpq cannot read the URL, or it names no database.
    """
    try:
        parts = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError as exc:
        raise ImproperlyConfigured("DATABASE_URL is not a PostgreSQL URL that libpq can read.") from exc
    if "dbname" not in parts:
        raise ImproperlyConfigured("DATABASE_URL names no database.")
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    settings: dict[str, Any] = {known[key]: str(value) for key, value in parts.items() if key in known}
    options: dict[str, Any] = {key: value for key, value in parts.items() if key not in known}
    if role and not pooled:
        options["options"] = f"{options.get('options', '')} -c role={role}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
        **settings,
    }
