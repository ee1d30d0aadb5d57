"""From refusals to RFC 9457 problems. One table says which refusal is which status; what is missing there is a bug."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.core import exceptions as django_errors
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import render
from django.utils.encoding import escape_uri_path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import csrf, defaults
from rest_framework import exceptions as api
from rest_framework.settings import api_settings

from consent.parties import errors as parties
from consent.records import errors as records
from marketplace.appliances import errors as appliances
from marketplace.brokerage import errors as brokerage
from marketplace.delivery import errors as delivery
from marketplace.demand import errors as demand
from marketplace.insights import errors as insights
from rewards.ledger import errors as ledger
from rewards.redemption import errors as redemption
from rewards.treasury import errors as treasury

CONTENT_TYPE = "application/problem+json"
#: Relative to where the problem was read; the page there explains it.
TYPE = "/problems/{code}"


class Row(NamedTuple):
    """What one kind of refusal answers. The title never depends on the occurrence."""

    status: int
    title: str | Promise
    code: str = ""
    #: False where the exception's own words repeat what the caller sent.
    shows_detail: bool = True


ROOMS: dict[type[Exception], Row] = {
    parties.NotPermitted: Row(403, _("이 자리에서는 할 수 없는 일이에요")),
    parties.OrganisationSuspended: Row(403, _("지금은 멈춰 있는 기관이에요")),
    parties.InvitationOver: Row(410, _("지금은 없는 초대예요")),
    parties.AlreadyAtHome: Row(409, _("이미 한 집의 식구예요")),
    parties.HasSeat: Row(409, _("기관의 자리가 있는 분은 식구가 될 수 없어요")),
    parties.TooManyInvitations: Row(409, _("초대가 너무 많아요")),
    parties.InvalidCursor: Row(400, _("이 목록의 쪽 표시가 아니에요")),
    parties.UnreadableBody: Row(400, _("본문을 읽을 수 없어요")),
    parties.BodyTooLarge: Row(413, _("본문이 너무 커요")),
    parties.NotUtf8: Row(400, _("본문을 읽을 수 없어요")),
    parties.NotJson: Row(400, _("본문을 읽을 수 없어요")),
    parties.TooDeep: Row(400, _("본문을 읽을 수 없어요")),
    parties.NumberNotFinite: Row(400, _("본문을 읽을 수 없어요")),
    parties.DoubledKey: Row(400, _("본문을 읽을 수 없어요")),
    records.NotYourHousehold: Row(403, _("이 일은 정하실 수 없어요")),
    records.AskNotPending: Row(409, _("더는 답할 수 없는 질문이에요")),
    records.AskExpired: Row(409, _("기한이 지난 질문이에요")),
    records.AlreadyAnswered: Row(409, _("이미 답하셨어요")),
    records.PreviewChanged: Row(409, _("보시는 사이에 내용이 바뀌었어요")),
    records.NoticeChanged: Row(409, _("보시는 사이에 알림이 바뀌었어요")),
    records.NoticeMissing: Row(409, _("알림이 갖춰지지 않았어요")),
    records.ConsentNotGiven: Row(409, _("지금 이어지는 허락이 아니에요")),
    records.AlreadyEnded: Row(409, _("이미 끝난 허락이에요")),
    ledger.UnknownAccount: Row(404, _("그런 계정이 없어요")),
    ledger.AccountClosed: Row(409, _("닫힌 계정이에요")),
    ledger.AccountNotEmpty: Row(409, _("아직 비지 않은 계정이에요")),
    ledger.AccountFull: Row(409, _("이 계정에는 더 넣을 수 없어요")),
    ledger.AccountUnbounded: Row(409, _("예약할 수 없는 계정이에요")),
    ledger.InvalidAddress: Row(422, _("계정 주소가 맞지 않아요")),
    ledger.InvalidAmount: Row(422, _("토큰 수가 맞지 않아요")),
    ledger.InvalidExpiry: Row(422, _("끝나는 때가 맞지 않아요")),
    ledger.InvalidKey: Row(400, _("멱등 키가 맞지 않아요")),
    ledger.SameAccount: Row(422, _("같은 계정끼리는 옮길 수 없어요")),
    ledger.InsufficientTokens: Row(402, _("토큰이 모자라요")),
    ledger.UnknownHold: Row(409, _("그런 예약이 없어요")),
    ledger.HoldResolved: Row(409, _("이미 끝난 예약이에요")),
    ledger.HoldExpired: Row(409, _("예약한 시간이 지났어요")),
    ledger.HoldNotExpired: Row(409, _("아직 끝나지 않은 예약이에요")),
    ledger.CaptureExceedsHold: Row(409, _("예약보다 많아요")),
    ledger.OperationExists: Row(409, _("이미 쓰인 작업 번호예요")),
    ledger.UnknownTransfer: Row(404, _("그런 이체가 없어요")),
    ledger.AlreadyReversed: Row(409, _("이미 되돌렸어요")),
    ledger.ReversalIsFinal: Row(409, _("되돌림은 되돌릴 수 없어요")),
    ledger.ApprovalMissing: Row(403, _("다른 사람의 승인이 필요해요")),
    ledger.InvalidInstant: Row(422, _("적을 수 없는 때예요")),
    ledger.NotSealedYet: Row(409, _("아직 봉인되지 않았어요")),
    ledger.CosignatureRefused: Row(422, _("받을 수 없는 서명이에요")),
    ledger.EvidenceStands: Row(409, _("증거가 이미 있어요")),
    ledger.UnknownCheckpoint: Row(404, _("그런 봉인이 없어요")),
    ledger.IdempotencyMismatch: Row(409, _("같은 키로 다른 요청이 왔어요")),
    treasury.InvoiceAlreadyUsed: Row(409, _("이미 쓴 청구서예요")),
    treasury.InvoiceInvalid: Row(422, _("청구서에 고칠 곳이 있어요")),
    treasury.IssuanceNotProposed: Row(409, _("이미 정한 발행이에요")),
    treasury.SecondPersonNeeded: Row(403, _("다른 사람의 승인이 필요해요")),
    treasury.NotTheProposer: Row(403, _("올린 사람만 거둘 수 있어요")),
    treasury.ReasonMissing: Row(422, _("까닭이 필요해요")),
    treasury.ThanksDiffer: Row(409, _("같은 이름표로 다른 고마움이 있어요")),
    treasury.ThanksOutOfBounds: Row(422, _("보낼 수 없는 고마움이에요")),
    treasury.BudgetTooSmall: Row(402, _("토큰이 모자라요")),
    redemption.OrderNotInState: Row(409, _("이 예약에서 지금은 할 수 없는 일이에요")),
    redemption.RewardUnavailable: Row(409, _("지금은 가게에 없어요")),
    redemption.NotYourOrder: Row(404, _("찾을 수 없어요")),
    redemption.OnlyAdultsOrder: Row(403, _("어른만 예약할 수 있어요")),
    redemption.WalletNotShown: Row(403, _("이 지갑은 보실 수 없어요")),
    redemption.OnlyAdultsProve: Row(403, _("어른만 증명을 받을 수 있어요")),
    redemption.VoucherMismatch: Row(422, _("교환권이 맞지 않아요")),
    redemption.ReasonMissing: Row(422, _("까닭이 필요해요")),
    redemption.GiftAddressUnknown: Row(422, _("선물을 받는 집을 찾지 못했어요")),
    redemption.GiftTriesUsedUp: Row(429, _("오늘은 더 찾아 드릴 수 없어요")),
    redemption.GiftTooLarge: Row(422, _("선물할 수 있는 만큼을 넘어요")),
    redemption.GiftsStopped: Row(403, _("지금은 선물하실 수 없어요")),
    redemption.GiftInvalid: Row(422, _("선물에 고칠 곳이 있어요")),
    redemption.NotYourGift: Row(404, _("찾을 수 없어요")),
    redemption.GiftReturned: Row(409, _("이미 돌려준 선물이에요")),
    redemption.OnlyAdultsGive: Row(403, _("어른만 선물할 수 있어요")),
    redemption.NotEnoughTokens: Row(402, _("토큰이 모자라요")),
    appliances.TooManyItems: Row(413, _("한 번에 너무 많아요")),
    appliances.UnsupportedContentType: Row(415, _("읽을 수 없는 형식이에요")),
    appliances.UnsupportedContentEncoding: Row(415, _("읽을 수 없는 압축이에요")),
    appliances.CannotUnpack: Row(400, _("본문을 읽을 수 없어요")),
    appliances.SignatureRefused: Row(401, _("이 열쇠로는 열리지 않아요")),
    appliances.KeyEnded: Row(401, _("이 열쇠로는 열리지 않아요")),
    appliances.ApplianceLeft: Row(409, _("그사이에 떠난 가전이 있어요")),
    appliances.ClockTooFarOff: Row(401, _("보낸 시각이 지금과 너무 달라요")),
    appliances.MessageRepeated: Row(409, _("이미 받은 묶음이에요")),
    appliances.KeyUnusable: Row(422, _("쓸 수 없는 열쇠예요")),
    appliances.KeyAlreadyPaired: Row(409, _("이미 쓰이는 열쇠예요")),
    appliances.RotationUnderway: Row(409, _("열쇠를 바꾸는 중이에요")),
    appliances.PairingCodeUnknown: Row(404, _("이 코드로는 들어올 수 없어요")),
    appliances.TooManyCodes: Row(429, _("잠시 뒤 다시 해 주세요")),
    appliances.NoBroker: Row(409, _("MQTT 브로커가 없어요")),
    appliances.UnknownTopic: Row(422, _("읽는 주제가 아니에요")),
    appliances.NotOneAppliance: Row(409, _("하나로 묶을 수 없어요")),
    appliances.NotTheirsToOwn: Row(409, _("그 식구의 것으로 할 수 없어요")),
    appliances.PresenceIsEverybodys: Row(409, _("모두의 일을 알 수 있는 가전이에요")),
    appliances.FlagDecided: Row(409, _("이미 정한 일이에요")),
    insights.VaultClosed: Row(410, _("더는 열 수 없는 기록이에요")),
    insights.KeyAway: Row(503, _("지금은 금고를 열 수 없어요")),
    insights.RotationUnfinished: Row(500, _("저희 쪽에서 막혔어요")),
    demand.RequestNotInState: Row(409, _("이 데이터 요청에서 지금은 할 수 없는 일이에요")),
    demand.OutsideTemplate: Row(422, _("이 목적이 허락하는 범위를 넘어요")),
    demand.NotFunded: Row(402, _("예치한 토큰이 모자라요")),
    demand.ReasonMissing: Row(422, _("까닭이 필요해요")),
    demand.VersionChanged: Row(409, _("보시는 사이에 데이터 요청이 바뀌었어요")),
    demand.ReachUsedUp: Row(429, _("오늘은 더 세어 드릴 수 없어요")),
    delivery.ReleaseClosed: Row(410, _("더는 읽을 수 없는 기록이에요")),
    delivery.ReleaseNotYours: Row(404, _("찾을 수 없어요")),
    delivery.ErasureNotYours: Row(404, _("찾을 수 없어요")),
    delivery.EndpointNotYours: Row(404, _("찾을 수 없어요")),
    delivery.TooManyEndpoints: Row(409, _("주소를 더 둘 수 없어요")),
    # The household's copy does not fit its fingerprint: ours to mend, and nothing the buyer sent.
    delivery.CopyMismatch: Row(500, _("저희 쪽에서 막혔어요")),
    delivery.WebhookAddressRefused: Row(422, _("보낼 수 없는 주소예요")),
    brokerage.OfferChanged: Row(409, _("데이터 요청이 바뀌어 이 질문은 거두었어요")),
    brokerage.NotSuspended: Row(409, _("멈춰 있지 않은 기관이에요")),
    brokerage.DutiesOpen: Row(409, _("아직 지울 것이 남아 있어요")),
    brokerage.ChoiceNotOffered: Row(422, _("고를 수 없는 것이에요")),
    brokerage.AppliancePrivate: Row(409, _("나누지 않기로 하신 가전이에요")),
    brokerage.NotJudged: Row(409, _("틀렸다고 할 결론이 없어요")),
    brokerage.CalledWrong: Row(409, _("이미 틀렸다고 적어 두었어요")),
    brokerage.StreamHeld: Row(409, _("마루가 먼저 살펴보는 일이에요")),
}
FRAMEWORK: dict[type[Exception], Row] = {
    api.ParseError: Row(400, _("본문을 읽을 수 없어요"), "malformed"),
    api.ValidationError: Row(400, _("고쳐야 할 곳이 있어요"), "invalid", shows_detail=False),
    api.NotAuthenticated: Row(401, _("열쇠나 로그인이 필요해요"), "not_authenticated", shows_detail=False),
    api.AuthenticationFailed: Row(401, _("이 열쇠로는 열리지 않아요"), "authentication_failed"),
    api.PermissionDenied: Row(403, _("이 자리에서는 할 수 없는 일이에요"), "not_permitted", shows_detail=False),
    api.NotFound: Row(404, _("찾을 수 없어요"), "not_found"),
    api.MethodNotAllowed: Row(405, _("이 주소가 받지 않는 방법이에요"), "method_not_allowed", shows_detail=False),
    api.NotAcceptable: Row(406, _("드릴 수 없는 형식이에요"), "not_acceptable", shows_detail=False),
    api.UnsupportedMediaType: Row(415, _("읽을 수 없는 형식이에요"), "unsupported_media_type", shows_detail=False),
    api.Throttled: Row(429, _("잠시 뒤 다시 해 주세요"), "too_many_requests", shows_detail=False),
    Http404: Row(404, _("찾을 수 없어요"), "not_found", shows_detail=False),
    UnreadablePostError: Row(400, _("본문을 읽을 수 없어요"), "malformed", shows_detail=False),
    django_errors.RequestDataTooBig: Row(413, _("본문이 너무 커요"), "too_large", shows_detail=False),
    django_errors.SuspiciousOperation: Row(400, _("읽을 수 없는 요청이에요"), "bad_request", shows_detail=False),
    django_errors.BadRequest: Row(400, _("읽을 수 없는 요청이에요"), "bad_request", shows_detail=False),
    django_errors.ValidationError: Row(400, _("고쳐야 할 곳이 있어요"), "invalid", shows_detail=False),
    django_errors.PermissionDenied: Row(
        403, _("이 자리에서는 할 수 없는 일이에요"), "not_permitted", shows_detail=False
    ),
}
PROBLEMS = FRAMEWORK | ROOMS
#: An APIException that is not in the table carries its own status; the title comes from here.
BY_STATUS = {
    **{row.status: row for row in reversed(FRAMEWORK.values())},
    400: FRAMEWORK[django_errors.BadRequest],
    500: Row(500, _("저희 쪽에서 막혔어요. 잠시 뒤 다시 해 주세요."), "server_error", shows_detail=False),
}
#: These messages of serializers and filters repeat what was sent; a problem never does.
QUIET_CODES = {"invalid_choice": _("고를 수 있는 값이 아니에요."), "does_not_exist": _("찾을 수 없어요.")}


def problem_response(exc: Exception, context: Mapping[str, Any]) -> JsonResponse | None:
    """Answer a refusal with a problem body, or return None to let an unforeseen exception raise.

    It is a JsonResponse, never a DRF Response: the caller may have asked for NDJSON or CSV.
    """
    row = row_for(exc)
    if row is None:
        return None
    return problem(
        context["request"],
        row,
        code=row.code or str(getattr(exc, "code", "")),
        detail=_detail_of(exc) if row.shows_detail else "",
        errors=list(_errors_of(exc)),
        headers=_headers_of(exc),
    )


def row_for(exc: Exception) -> Row | None:
    """Return the row of the exception's nearest class, or None for what nobody foresaw."""
    found = next((PROBLEMS[kind] for kind in type(exc).__mro__ if kind in PROBLEMS), None)
    if found is None and isinstance(exc, api.APIException) and exc.status_code in BY_STATUS:
        return BY_STATUS[exc.status_code]._replace(shows_detail=True, code=str(getattr(exc.detail, "code", "error")))
    return found


def problem(
    request: HttpRequest,
    row: Row,
    *,
    code: str = "",
    detail: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """Return one RFC 9457 problem.

    Args:
        detail: a sentence about this occurrence; it never quotes a payload. Empty repeats the title.
        errors: `{"pointer", "detail", "code"}` for each place in the body that needs another value.
    """
    code = code or row.code
    body: dict[str, Any] = {
        "type": TYPE.format(code=code),
        "title": str(row.title),
        "status": row.status,
        "detail": detail or str(row.title),
        "instance": escape_uri_path(request.path),
        "code": code,
    }
    if errors:
        body["errors"] = list(errors)
    return JsonResponse(
        body,
        status=row.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
        json_dumps_params={"ensure_ascii": False},
    )


def _detail_of(exc: Exception) -> str:
    return str(exc.detail) if isinstance(exc, api.APIException) else str(exc)


def _errors_of(exc: Exception) -> Iterator[dict[str, str]]:
    if isinstance(exc, api.ValidationError):
        yield from _pointed(exc.detail)
    elif field := getattr(exc, "field", None):
        yield {"pointer": f"#/{_escaped(field)}", "detail": str(exc), "code": str(getattr(exc, "code", ""))}


def _pointed(detail: Any, pointer: str = "#") -> Iterator[dict[str, str]]:
    """Walk DRF's nested errors and yield each with the JSON pointer of its place."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == api_settings.NON_FIELD_ERRORS_KEY else f"/{_escaped(str(name))}"
            yield from _pointed(inner, pointer + step)
    elif isinstance(detail, list | tuple):
        # A list of sentences belongs to one place; in a list of objects each is a place of its own.
        for number, inner in enumerate(detail):
            yield from _pointed(inner, pointer if isinstance(inner, str) else f"{pointer}/{number}")
    else:
        code = str(getattr(detail, "code", "invalid"))
        yield {"pointer": pointer, "detail": str(QUIET_CODES.get(code, detail)), "code": code}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _headers_of(exc: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if reads := getattr(exc, "accept_encoding", None):
        headers["Accept-Encoding"] = reads
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


# --- the same, for what never reaches a view: Django's own handlers, told apart by path ---------------------------


def is_api(request: HttpRequest) -> bool:
    """Tell whether a machine is asking, so that a refusal is a problem and not a page."""
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    if is_api(request):
        return problem(request, row_for(exception) or BY_STATUS[400])
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return problem(request, BY_STATUS[403]) if is_api(request) else defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return problem(request, BY_STATUS[404]) if is_api(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: says nothing about what went wrong."""
    return problem(request, BY_STATUS[500]) if is_api(request) else defaults.server_error(request)


def refusal_page(request: HttpRequest, exc: Exception) -> HttpResponse | None:
    """Answer a room's refusal outside the API with a page that says it, or None for anything unforeseen."""
    row = row_for(exc) if any(kind in ROOMS for kind in type(exc).__mro__) else None
    if row is None or row.status == 500:
        return None
    if is_api(request):
        return problem(request, row, code=str(getattr(exc, "code", "")), detail=str(exc), headers=_headers_of(exc))
    if row.status == 404:
        return defaults.page_not_found(request, exc)
    context = {"problem_title": row.title, "problem_text": str(exc)}
    page = render(request, "problem.html", context, status=row.status)
    for name, value in _headers_of(exc).items():
        page[name] = value
    return page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    if is_api(request):
        return problem(request, BY_STATUS[403], code="csrf_failed")
    return csrf.csrf_failure(request, reason)
