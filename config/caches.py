"""Where wrong passwords and used codes are counted, shared by all processes and there when Redis is not; and Redis."""

import base64
import pickle
from datetime import UTC, datetime
from functools import cache
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.db import connection
from django.utils import timezone

_ADD = """
INSERT INTO {table} AS was (cache_key, value, expires) VALUES (%s, %s, %s)
ON CONFLICT (cache_key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires WHERE was.expires < %s"""


class TableCache(DatabaseCache):
    """Django's, but that of several who add one key exactly one is told that it did.

    Django's own looks first and writes after: two may both take over a key that has expired, and whoever finds one that
    stands runs into its primary key, which the database writes down as an error each time. Nothing is cleared away
    here: the next `set` does that.
    """

    _table: str

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value under a key that nobody has, and tell whether it was kept."""
        until, now = self.get_backend_timeout(timeout), timezone.now()
        expires = datetime.max.replace(tzinfo=UTC) if until is None else datetime.fromtimestamp(until, tz=UTC)
        text = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("ascii")
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(self._table)
            name = self.make_and_validate_key(key, version=version)
            cursor.execute(_ADD.format(table=table), [name, text, expires.replace(microsecond=0), now])
            return cursor.rowcount == 1


class KeptRedisCache(RedisCache):
    """Django's, but that its client is made once: made anew for every command it takes five times as long as that."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _KeptClient


class _KeptClient(RedisCacheClient):
    def __init__(self, *servers: Any, **options: Any) -> None:
        super().__init__(*servers, **options)
        self._client: Any = cache(redis.Redis)
