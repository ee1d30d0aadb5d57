"""What a provider's staff fill in."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RefuseForm(forms.Form):
    reason = forms.CharField(
        label=_("까닭"),
        max_length=400,
        help_text=_("그 집에 그대로 보여 드려요."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("왜 받지 못하시는지 한 줄 적어 주세요. 그 집에 그대로 보여 드려요.")},
    )


class FulfilForm(forms.Form):
    voucher_code = forms.CharField(
        label=_("교환권 번호"),
        max_length=40,
        help_text=_("손님이 보여 주신 번호예요. 띄어쓰기와 대소문자는 상관없어요."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("손님이 보여 주신 번호를 적어 주세요.")},
    )


class OfferForm(forms.Form):
    stock = forms.IntegerField(
        label=_("남은 수"), min_value=0, max_value=1_000_000, required=False, help_text=_("비워 두면 세지 않아요.")
    )
    listed = forms.BooleanField(label=_("가게에 보이기"), required=False)
