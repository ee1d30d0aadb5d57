"""The form in which a buyer states its terms, and the small ones beside it."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.parties.languages import in_language, language
from consent.parties.models import Area
from consent.records.purposes import PURPOSES
from marketplace.demand import policies
from marketplace.demand.models import LeastAssurance, Review
from marketplace.demand.terms import OPTIONAL_FIELDS, RUNG_LABELS, Terms, field_label
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.precision import Rung
from rewards.ledger.models import MAX_AMOUNT

#: Where on the form a problem of the terms is mended.
PLACES = {"rungs": "tokens_exact", "ends_at": "ends_on"}
RUNG_FIELDS = {f"tokens_{rung.value}": rung for rung in Rung}

Groups = list[tuple[str, list[tuple[str, str]]]]


class WholeField(forms.IntegerField):
    """A whole number as people write it: 30,000."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:
        return super().to_python(value.replace(",", "").replace(" ", "") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,}" if isinstance(value, int) else value


class ThresholdField(forms.FloatField):
    """A number as people write it: 35, not 35.0."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def prepare_value(self, value: Any) -> Any:
        return int(value) if isinstance(value, float) and value.is_integer() else value


def _kinds() -> Groups:
    return [
        (topic.label.say(language()), [(k.code, k.label.say(language())) for k in KINDS.values() if k.topic == topic])
        for topic in Topic
    ]


def _words() -> Groups:
    return [
        (kind.label.say(language()), [(word, text.say(language())) for word, text in kind.words.items()])
        for kind in KINDS.values()
        if kind.words
    ]


def _purposes() -> list[tuple[str, str]]:
    return [(purpose.code, purpose.label) for purpose in PURPOSES.values()]


def _optional_fields() -> list[tuple[str, str]]:
    return [(name, field_label(name)) for name in OPTIONAL_FIELDS]


class AreaField(forms.ModelChoiceField):
    def label_from_instance(self, area: Area) -> str:
        return gettext("%(name)s, %(homes)s가구") % {"name": area.name, "homes": f"{area.households:,}"}


class TermsForm(forms.Form):
    """Every word and number of a data request. Once valid, `terms` holds them."""

    kinds = forms.MultipleChoiceField(
        label=_("알아챈 일"),
        choices=_kinds,
        widget=forms.SelectMultiple(attrs={"size": 7}),
        help_text=_("여럿이면 Ctrl이나 ⌘를 누른 채 골라요."),
    )
    above = ThresholdField(label=_("이보다 클 때"), required=False)
    below = ThresholdField(label=_("이보다 작을 때"), required=False)
    words = forms.MultipleChoiceField(
        label=_("이것일 때만"),
        choices=_words,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
        help_text=_("벌레, 먹을거리, 바닥에서 본 것에만 정해요. 비워 두면 무엇이든 여쭤봐요."),
    )
    least_assurance = forms.TypedChoiceField(
        label=_("누가 알려 온 것을 받나요"),
        choices=LeastAssurance.choices,
        initial=LeastAssurance.ANY,
        required=False,
        empty_value=LeastAssurance.ANY,
        help_text=_("더 확실한 길만 고르실수록 여쭤볼 수 있는 집이 줄어요."),
    )
    purpose = forms.ChoiceField(label=_("목적"), choices=_purposes)
    area = AreaField(label=_("동네"), queryset=Area.objects.order_by("code"), empty_label=None)
    purpose_ko = forms.CharField(
        label=_("가구에 보일 한 줄"), max_length=40, help_text=_("마흔 글자까지. 무엇이 달라지는지가 보이면 좋아요.")
    )
    purpose_en = forms.CharField(
        label=_("같은 한 줄을 영어로"), max_length=80, help_text=_("영어로 읽는 가구도 있어요. 여든 글자까지.")
    )
    tokens_exact = WholeField(label=RUNG_LABELS[Rung.EXACT], required=False, min_value=1, max_value=MAX_AMOUNT)
    tokens_hour = WholeField(label=RUNG_LABELS[Rung.HOUR], required=False, min_value=1, max_value=MAX_AMOUNT)
    tokens_day = WholeField(label=RUNG_LABELS[Rung.DAY], required=False, min_value=1, max_value=MAX_AMOUNT)
    optional_fields = forms.MultipleChoiceField(
        label=_("가구가 고르면 함께 받을 것"),
        choices=_optional_fields,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("빼 둔 채로 여쭤봐요. 여기 적지 않은 것은 나가지 않아요."),
    )
    retention_days = WholeField(label=_("며칠 보관하나요"))
    ends_on = forms.DateField(
        label=_("요청을 닫는 날"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    min_gap_hours = WholeField(
        label=_("같은 가전에 다시 여쭙기까지"),
        initial=24,
        min_value=0,
        max_value=720,
        help_text=_("시간으로 적어요. 0이면 두지 않아요."),
    )
    budget_tokens = WholeField(label=_("예산"), min_value=1, max_value=MAX_AMOUNT)

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = gettext("여기를 채워 주세요.")
            if isinstance(field, forms.IntegerField | forms.FloatField):
                field.error_messages["invalid"] = gettext("숫자로 적어 주세요.")
        self.at = at
        self.terms: Terms | None = None
        #: What could be read so far, for the preview.
        self.stated: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.stated = _stated(cleaned)
        if self.errors:
            return cleaned
        self.terms = Terms(**{name: self.stated[name] for name in Terms.__dataclass_fields__})
        shares = {"manufacturer_bp": settings.MANUFACTURER_SHARE_BP, "platform_bp": settings.PLATFORM_SHARE_BP}
        for problem in policies.problems_of(self.terms, **shares, at=self.at):
            self.add_error(PLACES.get(problem.field, problem.field), str(problem))
        return cleaned


class FundForm(forms.Form):
    """How much to put in escrow. `key` is made with the page, so that a second click changes nothing."""

    tokens = WholeField(label=_("맡길 토큰"), min_value=1, max_value=MAX_AMOUNT)
    key = forms.UUIDField(widget=forms.HiddenInput)


class ReviewForm(forms.Form):
    """What an admin says of the version that was read."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(choices=Review.Verdict.choices)
    reason = forms.CharField(
        label=_("까닭"), max_length=policies.MOST_REASON, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


def initial_of(terms: Terms) -> dict[str, Any]:
    """Return what stands in the form when terms are changed."""
    plain = {name: getattr(terms, name) for name in Terms.__dataclass_fields__}
    offered = {f"tokens_{rung['rung']}": rung["tokens"] for rung in terms.rungs}
    # The end is an instant, midnight as a rule; the day that people mean is the one before it.
    last_day = timezone.localtime(terms.ends_at - timedelta(seconds=1)).date()
    return {**plain, **offered, "area": terms.area.pk, "ends_on": last_day}


def _stated(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Turn what the form read into fields of `Terms`."""
    names = Terms.__dataclass_fields__.keys() - {"rungs", "ends_at"}
    stated = {name: cleaned[name] for name in names if name in cleaned}
    stated["rungs"] = [
        {"rung": rung.value, "tokens": cleaned[name]} for name, rung in RUNG_FIELDS.items() if cleaned.get(name)
    ]
    if cleaned.get("ends_on"):
        stated["ends_at"] = _end_of(cleaned["ends_on"])
    stated["purpose_text"] = in_language(ko=cleaned.get("purpose_ko", ""), en=cleaned.get("purpose_en", ""))
    return stated


def _end_of(day: Any) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())
    return midnight + timedelta(days=1) if day.year < 9999 else midnight
