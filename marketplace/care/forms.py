"""What the pages of this room post."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.parties.models import Area
from marketplace.appliances.models import Appliance
from marketplace.insights.kinds import Topic

MOST_ASKS = 50


class ApplianceForm(forms.Form):
    """What an appliance is, and what its home calls it."""

    name = forms.CharField(
        label=_("우리 집에서 부르는 이름"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("식구끼리만 보는 이름이에요. 데이터를 받는 기관에는 가지 않아요."),
    )
    type = forms.ChoiceField(label=_("종류"), choices=Appliance.Type.choices)
    model = forms.CharField(
        label=_("모델"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("가전에 적힌 대로요. 이름과 달리 기관이 물을 수 있고, 그때마다 함께 전할지 정하실 수 있어요."),
    )


class KeyForm(forms.Form):
    """What to call a new key of the hub."""

    label = forms.CharField(
        label=_("열쇠 이름"), max_length=60, widget=forms.TextInput(attrs={"placeholder": "", "autocomplete": "off"})
    )


class PairingForm(forms.Form):
    """What is to come in, and what the home calls it."""

    HUB = "hub"

    type = forms.ChoiceField(label=_("무엇을 들일까요"), choices=[(HUB, _("허브")), *Appliance.Type.choices])
    name = forms.CharField(
        label=_("우리 집에서 부르는 이름"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def values(self) -> dict[str, str]:
        """Return what `appliances.operations.ask_for_code` takes."""
        said = self.cleaned_data
        return {"label": said["name"], "type": "" if said["type"] == self.HUB else said["type"]}


class JoinForm(forms.Form):
    """Which appliance another one turned out to be."""

    whole = forms.UUIDField()

    def whole_id(self) -> UUID:
        return UUID(str(self.cleaned_data["whole"]))


class OwnerForm(forms.Form):
    """Whose own an appliance is to be."""

    owner = forms.UUIDField()

    def owner_id(self) -> UUID:
        return UUID(str(self.cleaned_data["owner"]))


class LineForm(forms.Form):
    """What a home decided beforehand. There is only a no to say beforehand."""

    paused = forms.BooleanField(required=False)
    asks_per_week = forms.IntegerField(label=_("한 주에 몇 번까지 여쭤볼까요"), min_value=0, max_value=MOST_ASKS)
    min_tokens = forms.IntegerField(label=_("이보다 적으면 여쭤보지 않기"), min_value=0, max_value=100_000)
    never = forms.MultipleChoiceField(choices=[(topic.value, topic.value) for topic in Topic], required=False)

    def values(self) -> dict[str, Any]:
        """Return what `records.operations.draw_line` takes."""
        said = self.cleaned_data
        return {
            "paused": said["paused"],
            "asks_per_week": said["asks_per_week"],
            "min_tokens": said["min_tokens"],
            "never_topics": set(said["never"]),
        }


class NeverForm(forms.Form):
    """A standing no to one organisation, or its end."""

    organisation = forms.UUIDField()
    never = forms.BooleanField(required=False)

    def organisation_id(self) -> UUID:
        return UUID(str(self.cleaned_data["organisation"]))


class MoveInForm(forms.Form):
    """A new home: what it is called, and roughly where it is."""

    name = forms.CharField(
        label=_("집 이름"),
        max_length=60,
        help_text=_("우리끼리 부르는 이름이에요. 데이터를 받는 기관에는 보이지 않아요."),
    )
    area = forms.ModelChoiceField(label=_("동네"), queryset=Area.objects.order_by("name_ko"), empty_label=None)


class GiftForm(forms.Form):
    """To which number, how much, and a few words."""

    to = forms.CharField(
        label=_("받는 집의 선물 번호"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
        help_text=_("받는 집의 지갑에 있는 열두 글자예요."),
    )
    tokens = forms.IntegerField(label=_("토큰 수"), min_value=1, max_value=2**53 - 1)
    words = forms.CharField(label=_("건네는 말"), max_length=100, required=False)
