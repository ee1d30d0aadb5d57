"""How often one caller may ask the API: counted by key, by person, and by address for everybody else.

Wrong keys are counted by the address they come from, before anybody looks them up.

The counts lie in Redis, which is for hints: without it nobody is stopped. An answer to a question is never counted,
and never refused: nobody loses the right to say yes or no because some program of theirs asked too much.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config.api_errors import FRAMEWORK, is_api, problem
from consent.parties.canonical import sha256_hex

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
WINDOW_SECONDS = 60
#: After a failure Redis is left alone for so long: a server that does not answer must not slow every request.
REST_SECONDS = 10.0
#: For so long an address is remembered for a key that was right there.
KNOWN_SECONDS = 86_400
HOUR_SECONDS = 3_600
#: So much of the end of a key tells it apart from every other.
SECRET_LENGTH = 40
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
        return seconds_left()

    def _count(self, request: Request) -> int:
        """Return how often this caller came within the minute, this time too; 0 where nobody counts."""
        name = name_of(request)
        return _ask(lambda counts: _count_once(counts, name)) or 0


class WrongKeys:
    """Let one address try so many wrong keys in a minute; after that only those that were right there before.

    A guess is not looked up any more, be it right or wrong. Nobody's key is locked by that: it opens from every other
    address, and from this one if it did within the day, so that homes behind one address do not shut each other out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        most = settings.API_PER_MINUTE.get("wrong", 0)
        shown = request.headers.get("Authorization", "") or request.headers.get("Maru-Key", "")
        if not most or not shown or not is_api(request):
            return self.get_response(request)
        address = _address_of(request)
        # The end alone: a key opens however it is spelled before its secret, and is to be remembered once.
        secret, hour = shown.strip()[-SECRET_LENGTH:], int(time.time()) // HOUR_SECONDS
        tries, known = f"{_minute()}:wrong:{_sealed(address)}", f"known:{_sealed(f'{address} {secret}')}"
        found = _ask(lambda counts: counts.get_many([tries, known])) or {}
        if found.get(tries, 0) >= most and known not in found:
            return problem(request, FRAMEWORK[Throttled], headers={"Retry-After": str(int(seconds_left()) + 1)})
        response = self.get_response(request)
        if response.status_code == 401:
            _ask(lambda counts: (_count_once(counts, tries), counts.delete(known)))
        elif found.get(known) != hour and _is_machine(request):
            _ask(lambda counts: counts.set(known, hour, timeout=KNOWN_SECONDS + HOUR_SECONDS))
        return response


def seconds_left() -> float:
    """Return for how long the present count still counts."""
    return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def kind_of(request: Request) -> str:
    """Return whose measure applies: a machine's key, a signed-in person, or an address."""
    if not getattr(request.user, "is_authenticated", False):
        return "address"
    return "key" if _is_machine(request) else "person"


def name_of(request: Request) -> str:
    """Return the name under which a caller is counted in this minute; no address and no id can be read from it."""
    kind = kind_of(request)
    who: Any = request.user.pk if kind != "address" else _address_of(request._request)
    return f"{_minute()}:{kind}:{_sealed(who)}"


def _minute() -> int:
    return int(time.time()) // WINDOW_SECONDS


def _sealed(who: object) -> str:
    return sha256_hex(f"{settings.SECRET_KEY}{who}".encode())[:32]


def _is_machine(request: Request | HttpRequest) -> bool:
    return str(getattr(request.user, "pk", "")).startswith("key:")


def _address_of(request: HttpRequest) -> str:
    # Behind proxies as allauth counts wrong passwords; on a bare socket nobody has an address, and all are one.
    try:
        return str(get_adapter(request).get_client_ip(request))
    except PermissionDenied:
        return ""


def _count_once(counts: BaseCache, name: str) -> int:
    try:
        return int(counts.incr(name))
    except ValueError:
        counts.add(name, 0, timeout=WINDOW_SECONDS * 2)
    try:
        return int(counts.incr(name))
    except ValueError:
        return 0  # it was forgotten between the two


def _ask(what: Callable[[BaseCache], Answer]) -> Answer | None:
    """Ask the counts something; None where they are away, and for a while after that."""
    if time.monotonic() < PerCaller._left_alone_until:
        return None
    try:
        return what(caches["counts"])
    except (RedisError, OSError) as exc:
        logger.warning("requests are not counted: %s", type(exc).__name__)
        PerCaller._left_alone_until = time.monotonic() + REST_SECONDS
        return None
