"""How often one caller may ask the API: counted by key, by person, and by address for everybody else.

The counts lie in Redis, which is for hints: without it nobody is stopped. An answer to a question is never counted,
and never refused: nobody loses the right to say yes or no because some program of theirs asked too much.
"""

import logging
import time
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from consent.parties.canonical import sha256_hex

logger = logging.getLogger(__name__)
WINDOW_SECONDS = 60
#: After a failure Redis is left alone for so long: a server that does not answer must not slow every request.
REST_SECONDS = 10.0
#: Addresses whose use is a right.
NEVER = frozenset({"approve_ask", "deny_ask", "defer_ask", "withdraw_consent"})


class PerCaller(BaseThrottle):
    """So many requests in a minute, by whoever asks."""

    _left_alone_until = 0.0

    def allow_request(self, request: Request, view: object) -> bool:
        most = settings.API_PER_MINUTE.get(kind_of(request), 0)
        match = request.resolver_match
        if not most or (match and match.url_name in NEVER):
            return True
        return self._count(request) <= most

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS

    def _count(self, request: Request) -> int:
        """Return how often this caller came within the minute, this time too; 0 where nobody counts."""
        if time.monotonic() < PerCaller._left_alone_until:
            return 0
        try:
            counts, name = caches["counts"], name_of(request)
            counts.add(name, 0, timeout=WINDOW_SECONDS * 2)
            return int(counts.incr(name))
        except ValueError:
            return 0  # it was forgotten between the two
        except (RedisError, OSError) as exc:
            logger.warning("requests are not counted: %s", type(exc).__name__)
            PerCaller._left_alone_until = time.monotonic() + REST_SECONDS
            return 0


def kind_of(request: Request) -> str:
    """Return whose measure applies: a machine's key, a signed-in person, or an address."""
    if not getattr(request.user, "is_authenticated", False):
        return "address"
    return "key" if str(request.user.pk).startswith("key:") else "person"


def name_of(request: Request) -> str:
    """Return the name under which a caller is counted in this minute; no address and no id can be read from it."""
    kind = kind_of(request)
    who: Any = request.user.pk if kind != "address" else _address_of(request)
    return f"{int(time.time()) // WINDOW_SECONDS}:{kind}:{sha256_hex(f'{settings.SECRET_KEY}{who}'.encode())[:32]}"


def _address_of(request: Request) -> str:
    # Behind proxies as allauth counts wrong passwords; on a bare socket nobody has an address, and all are one.
    try:
        return str(get_adapter(request._request).get_client_ip(request._request))
    except PermissionDenied:
        return ""
