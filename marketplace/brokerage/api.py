"""What a household does over the API. A browser session with CSRF; no key can approve."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.parties.languages import language
from consent.parties.models import Organisation
from consent.parties.paging import page_of
from consent.parties.parsing import one_of
from consent.parties.seats import PAGING, MemberView
from consent.records import receipts
from consent.records.models import Ask, Consent
from marketplace.brokerage import operations, queries
from marketplace.brokerage.models import Offer
from marketplace.brokerage.operations import Deal, Waiting
from marketplace.brokerage.queries import Shown
from marketplace.brokerage.reasons import Why
from marketplace.brokerage.serializers import (
    ApproveAskInput,
    ApprovedOutput,
    AskDetailOutput,
    AsksOutput,
    ConsentsOutput,
    DecidedOutput,
    KeysOutput,
    ReceiptOutput,
    VerifyInput,
    VerifyOutput,
)

STATES = [str(state) for state in Ask.State]


class HouseholdView(MemberView):
    """A view that shows a household its own asks and no others; what it refuses to do leaves a line in the trail.

    Attributes:
        tries: what a POST here is called in the audit trail, and of what.
    """

    tries: tuple[str, str] | None = None

    def own_ask(self, ask_id: UUID) -> Ask:
        return get_object_or_404(Ask.objects.visible_to(self.request.user), pk=ask_id)

    def handle_exception(self, exc: Exception) -> Response:
        if (
            self.tries
            and self.request.method == "POST"
            and not isinstance(exc, NotAuthenticated | AuthenticationFailed)
        ):
            action, noun = self.tries
            operations.note_refused_try(
                user=getattr(self.request, "user", None),
                action=action,
                subject=f"{noun}:{self.kwargs[f'{noun}_id']}",
                refusal=exc,
                at=timezone.now(),
            )
        return super().handle_exception(exc)


class ListAsks(HouseholdView):
    """GET /api/v1/asks: the household's asks, newest first."""

    @extend_schema(parameters=[OpenApiParameter("state", str, enum=STATES), *PAGING], responses=AsksOutput)
    def get(self, request: Request) -> Response:
        at, state = timezone.now(), request.query_params.get("state")
        if state is not None:
            one_of(state, STATES, name="state")
        offers = queries.offers_to(request.user)
        page = page_of(
            queries.in_state(offers, state, at=at) if state else offers,
            by=("-ask__asked_at", "-ask_id"),
            name=f"asks:{self.member.membership.household_id}:{state}",
            cursor=self.cursor,
            limit=self.limit,
        )
        return Response({"data": [_ask(offer, at=at) for offer in page.rows], "next_cursor": page.next_cursor})


class GetAsk(HouseholdView):
    """GET /api/v1/asks/<id>: one ask, with the exact preview of one choice and its digest."""

    @extend_schema(
        parameters=[
            OpenApiParameter("precision", str, description="a rung that the ask offers; the finest if left out"),
            OpenApiParameter(
                "drop_fields", str, description="optional fields to leave out, with commas; all if left out"
            ),
        ],
        responses=AskDetailOutput,
    )
    def get(self, request: Request, ask_id: UUID) -> Response:
        at = timezone.now()
        self.own_ask(ask_id)
        dropped = request.query_params.get("drop_fields")
        shown = queries.show_ask(
            ask_id=ask_id,
            user=self.member,
            locale=language(),
            at=at,
            precision=request.query_params.get("precision"),
            drop_fields=None if dropped is None else [name for name in dropped.split(",") if name],
        )
        return Response(_detail(shown, at=at), headers={"Cache-Control": "no-store"})


class ApproveAsk(HouseholdView):
    """POST /api/v1/asks/<id>/approve: a member of the household says yes to one event."""

    tries = ("ask.approve", "ask")

    @extend_schema(request=ApproveAskInput, responses=ApprovedOutput)
    def post(self, request: Request, ask_id: UUID) -> Response:
        self.own_ask(ask_id)
        said = ApproveAskInput(data=request.data)
        said.is_valid(raise_exception=True)
        outcome = operations.approve_ask(
            ask_id=ask_id, actor=self.member, locale=language(), at=timezone.now(), **said.validated_data
        )
        return Response(_approved(outcome))


class DenyAsk(HouseholdView):
    """POST /api/v1/asks/<id>/deny: a member says no; nothing leaves and nothing is lost."""

    tries = ("ask.deny", "ask")

    @extend_schema(request=None, responses=DecidedOutput)
    def post(self, request: Request, ask_id: UUID) -> Response:
        self.own_ask(ask_id)
        consent = operations.deny_ask(ask_id=ask_id, actor=self.member, locale=language(), at=timezone.now())
        return Response({"state": Ask.State.DENIED, "consent": consent.pk})


class DeferAsk(HouseholdView):
    """POST /api/v1/asks/<id>/defer: it waits until its date, without another word."""

    tries = ("ask.defer", "ask")

    @extend_schema(request=None, responses=DecidedOutput)
    def post(self, request: Request, ask_id: UUID) -> Response:
        self.own_ask(ask_id)
        operations.defer_ask(ask_id=ask_id, actor=self.member, at=timezone.now())
        return Response({"state": Ask.State.PENDING, "consent": None})


class CallWrong(HouseholdView):
    """POST /api/v1/asks/<id>/wrong: what this ask is about is not so; it is taken back, and what left is withdrawn."""

    tries = ("ask.wrong", "ask")

    @extend_schema(request=None, responses=DecidedOutput)
    def post(self, request: Request, ask_id: UUID) -> Response:
        self.own_ask(ask_id)
        operations.call_wrong(ask_id=ask_id, actor=self.member, at=timezone.now())
        ask = Ask.objects.select_related("consent").get(pk=ask_id)
        return Response({"state": ask.state, "consent": ask.consent.pk if hasattr(ask, "consent") else None})


class ListConsents(HouseholdView):
    """GET /api/v1/consents: what the household decided, newest first."""

    @extend_schema(parameters=PAGING, responses=ConsentsOutput)
    def get(self, request: Request) -> Response:
        at = timezone.now()
        page = page_of(
            queries.consents_of(request.user),
            by=("-at", "-pk"),
            name=f"consents:{self.member.membership.household_id}",
            cursor=self.cursor,
            limit=self.limit,
        )
        return Response({"data": [_consent(row, at=at) for row in page.rows], "next_cursor": page.next_cursor})


class GetReceipt(HouseholdView):
    """GET /api/v1/consents/<id>/receipt: the signed receipt of the latest act on this consent."""

    @extend_schema(responses=ReceiptOutput)
    def get(self, request: Request, consent_id: UUID) -> Response:
        consent = get_object_or_404(Consent.objects.visible_to(request.user), pk=consent_id)
        receipt = consent.receipts.latest("at")
        document = {"receipt": receipts.as_document(bytes(receipt.body)), "signature": receipt.signature}
        return Response(document, headers={"Cache-Control": "no-store"})


class WithdrawConsent(HouseholdView):
    """POST /api/v1/consents/<id>/withdraw: from this answer on nobody reads; the tokens stay."""

    tries = ("consent.withdraw", "consent")

    @extend_schema(request=None, responses=DecidedOutput)
    def post(self, request: Request, consent_id: UUID) -> Response:
        get_object_or_404(Consent.objects.visible_to(request.user), pk=consent_id)
        operations.withdraw_consent(consent_id=consent_id, actor=self.member, at=timezone.now())
        return Response({"state": Consent.State.WITHDRAWN, "consent": consent_id})


class VerifyReceipt(APIView):
    """POST /api/v1/receipts/verify: tell anybody whether a receipt is one of ours, unchanged."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(request=VerifyInput, responses=VerifyOutput, auth=[])
    def post(self, request: Request) -> Response:
        said = VerifyInput(data=request.data)
        said.is_valid(raise_exception=True)
        valid, reason = receipts.is_genuine(said.validated_data["receipt"], said.validated_data["signature"])
        return Response({"valid": valid, "reason": reason})


class ListSigningKeys(APIView):
    """GET /.well-known/jwks.json: the public keys of receipts, old ones too."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(responses=KeysOutput, auth=[])
    def get(self, request: Request) -> Response:
        return Response(receipts.jwks())


def _ask(offer: Offer, *, at: datetime) -> dict[str, Any]:
    ask = offer.ask
    return {
        "id": str(ask.pk),
        "state": queries.shown_state(offer, at=at),
        "buyer": _buyer(ask.recipient),
        "purpose": {"code": ask.purpose, "text": offer.version.purpose_text},
        "kind": offer.insight.kind,
        "appliance": offer.insight.appliance.type,
        "tokens": offer.tokens,
        "price_tokens": offer.price_tokens,
        "retention_days": offer.version.retention_days,
        "asked_at": ask.asked_at,
        "expires_at": ask.expires_at,
        "deferred_at": ask.deferred_at,
    }


def _detail(shown: Shown, *, at: datetime) -> dict[str, Any]:
    offer, preview, notice = shown.offer, shown.preview, shown.notice
    return {
        **_ask(offer, at=at),
        "precision": preview.choice.rung,
        "rungs": offer.version.rungs,
        "optional_fields": offer.version.optional_fields,
        "dropped_fields": list(preview.choice.dropped),
        "answers_missing": shown.answers_missing,
        "preview": preview.document,
        "preview_sha256": preview.sha256,
        "assurance": preview.assurance,
        "conclusion": _conclusion(preview.why),
        "notice": {
            "version": notice.version,
            "locale": notice.locale,
            "text": notice.text,
            "sha256": notice.sha256,
        },
    }


def _conclusion(why: Why | None) -> dict[str, Any] | None:
    if why is None:
        return None
    return {"rule": why.rule or None, "confidence": why.confidence, "explained": why.say(language())}


def _approved(outcome: Deal | Waiting) -> dict[str, Any]:
    if isinstance(outcome, Deal):
        tokens = outcome.consent.ask.offer.tokens_chosen
        return {"state": "approved", "consent": outcome.consent.pk, "tokens": tokens, "answers_missing": 0}
    return {"state": "waiting", "consent": None, "tokens": 0, "answers_missing": outcome.missing}


def _consent(consent: Consent, *, at: datetime) -> dict[str, Any]:
    return {
        "id": str(consent.pk),
        "ask": str(consent.ask_id),
        "state": consent.state(at),
        "buyer": _buyer(consent.recipient),
        "kind": consent.ask.offer.insight.kind,
        "tokens": consent.ask.offer.tokens_chosen,
        "at": consent.at,
        "ends_at": consent.ends_at,
        "payload_digest": consent.payload_digest,
    }


def _buyer(organisation: Organisation) -> dict[str, Any]:
    return {"id": str(organisation.pk), "name": organisation.name, "verified": organisation.is_active}
