"""Who is asking: a person with a browser session, or a machine with a key."""

import base64
import binascii
import hmac
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from consent.parties.canonical import sha256_hex
from consent.parties.models import MachineKey


@dataclass(frozen=True)
class Machine:
    """The user of a request that carries a machine key. It is nobody's person: it can never approve."""

    key: MachineKey
    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    def pk(self) -> str:
        return f"key:{self.key.pk}"


class MachineKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer maru_<prefix>_<secret>`; `Basic <anything>:<key>` too where a view allows it."""

    def authenticate(self, request: Request) -> tuple[Machine, MachineKey] | None:
        scheme, _, credentials = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._open(credentials.strip())
        if scheme.lower() == "basic" and getattr(request.parser_context["view"], "allows_basic_keys", False):
            return self._open(_password_of(credentials))
        return None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _open(self, text: str) -> tuple[Machine, MachineKey]:
        _, prefix, secret = [*text.split("_", 2), "", "", ""][:3]
        keys = MachineKey.objects.open(timezone.now()).select_related("organisation", "household")
        key = keys.filter(prefix=prefix[:8]).first() if "\x00" not in prefix else None
        known = key.secret_sha256 if key else ""
        if key is None or not hmac.compare_digest(known, sha256_hex(secret.encode())):
            raise AuthenticationFailed(gettext("이 열쇠로는 열리지 않아요."))
        return Machine(key), key


class BrowserSession(SessionAuthentication):
    """A signed-in person, with CSRF protection on every write."""


def _password_of(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError) as exc:
        raise AuthenticationFailed(gettext("Basic 인증을 읽을 수 없어요.")) from exc
