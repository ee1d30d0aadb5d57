"""What anybody may hand in to have a receipt checked. It is read, and never kept."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from consent.parties.errors import UnreadableBody
from consent.parties.strict_json import loads

#: Many times what a receipt takes.
MAX_RECEIPT_BYTES = 128 * 1024


class ReceiptForm(forms.Form):
    """A receipt as a file, or its text."""

    file = forms.FileField(
        label=_("영수증 파일"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )
    text = forms.CharField(
        label=_("또는 영수증의 글을 붙여 넣기"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Read whichever was given, strictly, into `document`."""
        said: dict[str, Any] = super().clean() or {}
        given: UploadedFile | None = said.get("file")
        body = given.read(MAX_RECEIPT_BYTES + 1) if given else said.get("text", "").encode()
        if len(body) > MAX_RECEIPT_BYTES:
            raise forms.ValidationError(_("영수증이라기에는 너무 커요. 마루에서 받으신 파일 그대로 골라 주세요."))
        if not body.strip():
            raise forms.ValidationError(_("파일을 고르시거나 글을 붙여 넣어 주세요."))
        try:
            document = loads(body)
        except UnreadableBody as exc:
            raise forms.ValidationError(_("읽을 수 없는 파일이에요. 마루에서 받으신 파일 그대로 골라 주세요.")) from exc
        if not _is_signed_receipt(document):
            raise forms.ValidationError(_("영수증 파일이 아니에요. 영수증과 서명이 함께 든 파일이어야 해요."))
        return said | {"document": document}


def _is_signed_receipt(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("receipt"), dict)
        and isinstance(document.get("signature"), str)
        and len(document["signature"]) <= 2000
    )
