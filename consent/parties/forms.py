"""What the pages of this room post."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.parties.models import MachineKey, Membership

LONGEST = timedelta(days=3650)


class BuyerKeyForm(forms.Form):
    """What to call a new key, what it may do, and through which day.

    Args:
        today: the day on which it is made, where people are.
    """

    label = forms.CharField(label=_("열쇠 이름"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    scopes = forms.MultipleChoiceField(
        label=_("할 수 있는 일"),
        choices=[(scope.value, scope.label) for scope in MachineKey.FOR_BUYERS],
        widget=forms.CheckboxSelectMultiple,
    )
    ends_on = forms.DateField(
        label=_("마지막 날"),
        help_text=_("비워 두시면 거두실 때까지 쓸 수 있어요."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_ends_on(self) -> date | None:
        day: date | None = self.cleaned_data["ends_on"]
        if day is not None and not self.today <= day <= self.today + LONGEST:
            raise forms.ValidationError(_("오늘부터 열 해 안의 날을 골라 주세요."))
        return day

    def expires_at(self) -> datetime | None:
        """Return the first moment after the last day."""
        day: date | None = self.cleaned_data["ends_on"]
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) if day else None


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    label = forms.CharField(
        label=_("누구를 초대할까요"),
        help_text=_("우리 집에서 부르는 이름이면 돼요. 초대를 알아보는 데만 써요."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("어떤 식구인가요"),
        choices=[
            (Membership.Role.ADULT.value, _("어른: 우리 집에 온 질문에 함께 답해요")),
            (Membership.Role.TEEN.value, _("14세 이상 청소년: 혼자 쓰는 가전의 질문에만 답해요")),
        ],
        widget=forms.RadioSelect,
    )
