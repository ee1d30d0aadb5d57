"""How a hub or an appliance comes in with a code, and how it changes its own key."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from consent.parties.authentication import BrowserSession, MachineKeyAuthentication
from marketplace.appliances import operations, signatures, topics, wire
from marketplace.appliances.authentication import (
    SignedRequest,
    Signer,
    SpeaksForHome,
    kept_body,
    speaker_of,
)
from marketplace.appliances.errors import SignatureRefused
from marketplace.appliances.models import PairedKey, Pairing
from marketplace.appliances.serializers import BrokerLoginOutput, NextKeyInput, NextKeyOutput, PairedOutput, PairInput
from marketplace.appliances.signatures import Signed

ONE_DAY = timedelta(days=1)
MAX_BODY_BYTES = 4 * 1024


class Pair(APIView):
    """POST /api/v1/pairings: come into the home that shows this code, with a public key or for a key to carry.

    A public key comes with a signature by its private half over this very request, so that nobody brings somebody
    else's. A code works once, for ten minutes.
    """

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(request=PairInput, responses={201: PairedOutput}, auth=[])
    def post(self, request: Request) -> Response:
        at = timezone.now()
        said = _read(PairInput, request)
        public_key = None
        if "public_key" in said:
            public_key = signatures.read_public_key(said["public_key"])
            _check_holds(request, public_key, at=at)
        caller = get_adapter(request._request).get_client_ip(request._request)
        paired = operations.redeem_code(code=said["code"], caller=caller, public_key=public_key, at=at)
        let_in = {
            "id": paired.pairing.pk,
            "appliance": paired.pairing.appliance_id,
            "key": _key(paired.key, paired.text),
        }
        return Response(PairedOutput(let_in).data, status=201, headers={"Cache-Control": "no-store"})


class ChangeKey(APIView):
    """POST /api/v1/pairings/keys: the next key, asked for with the present one; both are valid until a named instant.

    A public key is brought in a request that both keys signed. A carried key is answered with another one.
    """

    authentication_classes = [SignedRequest, MachineKeyAuthentication, BrowserSession]
    permission_classes = [SpeaksForHome]

    @extend_schema(request=NextKeyInput, responses={201: NextKeyOutput})
    def post(self, request: Request) -> Response:
        at = timezone.now()
        said = _read(NextKeyInput, request)
        _, sender = speaker_of(request, at=at)
        if sender.key_id is None:
            raise SignatureRefused
        signs = isinstance(request.user, Signer)
        if signs != ("public_key" in said):
            raise SignatureRefused
        public_key = signatures.read_public_key(said["public_key"]) if signs else None
        if public_key is not None:
            _check_holds(request, public_key, at=at)
        try:
            key, text, until = operations.change_own_key(
                key_id=sender.key_id,
                public_key=public_key,
                message_sha256=sender.message_sha256,
                old_until=said.get("old_valid_until", at + ONE_DAY),
                at=at,
            )
        except (PairedKey.DoesNotExist, Pairing.DoesNotExist) as exc:
            raise SignatureRefused from exc
        changed = {"key": _key(key, text), "old_valid_until": until}
        return Response(NextKeyOutput(changed).data, status=201, headers={"Cache-Control": "no-store"})


class MakeBrokerLogin(APIView):
    """POST /api/v1/pairings/broker: a name and a password for the MQTT broker, asked for with the key of a pairing.

    Asked for again, the password before ends. Where this Maru has no broker the answer is 409.
    """

    authentication_classes = [SignedRequest, MachineKeyAuthentication, BrowserSession]
    permission_classes = [SpeaksForHome]

    @extend_schema(request=None, responses={201: BrokerLoginOutput})
    def post(self, request: Request) -> Response:
        at = timezone.now()
        kept_body(request, limit=MAX_BODY_BYTES)
        _, sender = speaker_of(request, at=at)
        if sender.key_id is None:
            raise SignatureRefused
        try:
            pairing_id, password = operations.make_broker_login(
                key_id=sender.key_id, message_sha256=sender.message_sha256, at=at
            )
        except PairedKey.DoesNotExist as exc:
            raise SignatureRefused from exc
        login = {
            "address": settings.MQTT_HUBS_URL,
            "username": str(pairing_id),
            "password": password,
            "publish": topics.publish_under(pairing_id),
            "answers": topics.answers_of(pairing_id),
        }
        return Response(BrokerLoginOutput(login).data, status=201, headers={"Cache-Control": "no-store"})


def _read(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Read the few words of a body whose bytes are kept, because a signature may be over them."""
    wire.check_content_type(request.content_type, {"application/json"})
    wanted = shape(data=wire.loads(kept_body(request, limit=MAX_BODY_BYTES)))
    wanted.is_valid(raise_exception=True)
    return dict(wanted.validated_data)


def _check_holds(request: Request, public_key: bytes, *, at: datetime) -> Signed:
    """Let pass who signed this request with the private half of the key it brings."""
    signed = signatures.read_headers({name.lower(): value for name, value in request.headers.items()})
    signatures.check_clock(signed, at=at)
    signatures.check_signature(signed, kept_body(request), public_key=public_key)
    return signed


def _key(key: PairedKey, text: str) -> dict[str, Any]:
    about = {"id": key.pk, "type": "ed25519" if key.signs else "bearer"}
    return about | ({"api_key": text} if text else {})
