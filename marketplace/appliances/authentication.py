"""Requests that a paired key signed. What cannot sign carries a machine key, as everything else does."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.parties.authentication import Machine
from consent.parties.errors import BodyTooLarge
from consent.parties.models import Household
from consent.parties.permissions import IsHub, household_of
from marketplace.appliances import operations, signatures, wire
from marketplace.appliances.errors import AppliancesError, SignatureRefused
from marketplace.appliances.models import PairedKey
from marketplace.appliances.queries import may_speak
from marketplace.appliances.senders import Sender, sender_of
from marketplace.appliances.signatures import Signed

logger = logging.getLogger(__name__)
#: Names the key, as Standard Webhooks leaves to the parties.
KEY_HEADER = "maru-key"


@dataclass(frozen=True)
class Signer:
    """The user of a request that a paired key signed. It is nobody's person: it can never approve."""

    key: PairedKey
    signed: Signed
    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    def pk(self) -> str:
        return f"key:{self.key.pk}"


class SignedRequest(BaseAuthentication):
    """`maru-key` names the key; `webhook-id`, `webhook-timestamp`, `webhook-signature` are Standard Webhooks' own.

    The signature is over the bytes as sent, checked before anybody looks into them. A refusal is logged by its code
    and the key's number, and holds nothing else.
    """

    def authenticate(self, request: Request) -> tuple[Signer, PairedKey] | None:
        named = request.headers.get(KEY_HEADER)
        if named is None:
            return None
        try:
            signer = self._checked(request, named, at=timezone.now())
        except AppliancesError as refusal:
            logger.warning("signed request refused: %s, key %s", refusal.code, _number_of(named) or "unreadable")
            raise
        return signer, signer.key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _checked(self, request: Request, named: str, *, at: datetime) -> Signer:
        signed = signatures.read_headers({name.lower(): value for name, value in request.headers.items()})
        signatures.check_clock(signed, at=at)
        key = _open_key(named, at=at)
        body = kept_body(request)
        signatures.check_signature(signed, body, public_key=bytes(key.public_key or b""))
        # After the signature, so that a key's age is told to nobody but its holder.
        signatures.check_not_before(signed, made_at=key.made_at)
        return Signer(key, signed)


class SpeaksForHome(BasePermission):
    """A paired key that signed the request, or a household's machine key that may send insights."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Signer) or IsHub().has_permission(request, view)


def speaker_of(request: Request, *, at: datetime) -> tuple[Household, Sender]:
    """Return the home that a request speaks for, and who brought it.

    Raises:
        NotPermitted: it is neither signed nor carries a hub's key.
    """
    user = request.user
    if isinstance(user, Signer):
        return user.key.pairing.household, sender_of(user.key, message_sha256=user.signed.message_sha256)
    household = household_of(user)
    assert isinstance(user, Machine)  # noqa: S101 - household_of refuses everybody else
    return household, sender_of(operations.adopt_key(machine_key=user.key, at=at))


def kept_body(request: Request, *, limit: int = wire.MAX_BODY_BYTES) -> bytes:
    """Return the bytes of a request as they were sent, and keep them for whoever reads it next.

    Raises:
        BodyTooLarge: it is larger than this request may be.
    """
    raw = request._request
    if not hasattr(raw, wire.KEPT_BODY):
        setattr(raw, wire.KEPT_BODY, wire.read_bounded(raw, limit=limit))
    body: bytes = getattr(raw, wire.KEPT_BODY)
    if len(body) > limit:
        raise BodyTooLarge
    return body


def _open_key(named: str, *, at: datetime) -> PairedKey:
    number = _number_of(named)
    if number is None or not may_speak(key_id=number, at=at):
        raise SignatureRefused
    try:
        return PairedKey.objects.select_related("pairing__household").get(pk=number, machine_key=None)
    except PairedKey.DoesNotExist as exc:
        raise SignatureRefused from exc


def _number_of(named: str) -> UUID | None:
    try:
        return UUID(named) if len(named) == 36 else None
    except ValueError:
        return None
