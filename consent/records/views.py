"""Pages for anybody who holds a receipt: check it here, take the checker along, look up its words."""

from pathlib import Path
from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consent.records import notices, vocabulary
from consent.records.errors import NoticeMissing
from consent.records.forms import MAX_RECEIPT_BYTES, ReceiptForm
from consent.records.reading import read_receipt
from consent.records.signing import is_genuine

VERIFIER = Path(__file__).with_name("verify_receipt.py")
#: A form around the file takes some bytes too.
MAX_FORM_BYTES = MAX_RECEIPT_BYTES + 64 * 1024


class InMemoryOnly(MemoryFileUploadHandler):
    """Keeps what is handed in out of every file: it stays in memory, and is gone with the answer."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.activated = True


# Without the token: the page changes nothing and knows nobody, and the middleware would read the body before its bound.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def verify_receipt(request: HttpRequest) -> HttpResponse:
    """GET, POST /receipts/verify: say in words what a receipt proves and what it does not. Nothing is kept."""
    if request.method == "GET":
        return _page(request, form=ReceiptForm())
    if _length_of(request) > MAX_FORM_BYTES:
        return _page(
            request, form=ReceiptForm(), refusal=gettext("너무 커요. 영수증 파일 하나만 골라 주세요."), status=413
        )
    request.upload_handlers = [InMemoryOnly(request)]
    form = ReceiptForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(
            request, form=ReceiptForm(), refusal=" ".join(str(error) for error in form.non_field_errors()), status=422
        )
    document = form.cleaned_data["document"]
    genuine, reason = is_genuine(document["receipt"], document["signature"])
    told: dict[str, Any] = {
        "is_checked": True,
        "is_genuine": genuine,
        "reason": _reason(reason),
        "read": read_receipt(document["receipt"]) if genuine else None,
    }
    return _page(request, form=ReceiptForm(), **told)


@require_safe
def download_verifier(request: HttpRequest) -> FileResponse:
    """GET /receipts/verify_receipt.py: the checker that needs no Maru."""
    return FileResponse(VERIFIER.open("rb"), as_attachment=True, filename=VERIFIER.name, content_type="text/x-python")


@require_safe
def show_notice(request: HttpRequest, notice_version: str, notice_locale: str) -> HttpResponse:
    """GET /notices/v<version>/<locale>: one version of the notice as it is kept, with its places for facts."""
    number = notice_version.removeprefix("v")
    try:
        # Python reads no number of thousands of digits, and there is no such version.
        version = int(number) if number.isdecimal() and len(number) < 10 else 0
        text = notices.source_of(version=version, locale=notice_locale)
    except NoticeMissing as exc:
        raise Http404 from exc
    headers = {"Content-Language": notice_locale, "Cache-Control": "public, max-age=3600"}
    return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers=headers)


@require_safe
def show_vocabulary(request: HttpRequest) -> JsonResponse:
    """GET /ns: what our own terms in receipts mean."""
    return _linked(vocabulary.vocabulary())


@require_safe
def show_context(request: HttpRequest) -> JsonResponse:
    """GET /ns/receipt-1.jsonld: the context that each receipt of this form carries."""
    return _linked({"@context": vocabulary.context()})


def _linked(document: dict[str, Any]) -> JsonResponse:
    return JsonResponse(
        document,
        content_type="application/ld+json",
        headers={"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"},
        json_dumps_params={"ensure_ascii": False},
    )


def _page(request: HttpRequest, *, status: int = 200, **told: Any) -> HttpResponse:
    page = render(request, "records/verify.html", told, status=status)
    page.headers["Cache-Control"] = "no-store"
    return page


def _length_of(request: HttpRequest) -> int:
    """Return how long the body says it is; one that does not say is read as empty."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else MAX_FORM_BYTES + 1


def _reason(word: str) -> str:
    return {
        "signature": gettext("서명한 뒤에 무엇인가 바뀌었거나, 다른 영수증의 서명이에요."),
        "header": gettext("영수증의 서명이 아니에요."),
        "key": gettext("이 마루의 열쇠로 서명한 것이 아니에요."),
        "ok": "",
    }[word]
