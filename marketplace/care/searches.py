"""What an auditor looks for, as forms: in the journal, in a time, at an instant. Days are days in Seoul."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.care import trails
from marketplace.care.matching import LONGEST, USUAL_DAYS
from rewards.ledger.as_of import Clock
from rewards.ledger.journal import Filters
from rewards.ledger.models import MAX_AMOUNT, Transfer
from rewards.ledger.serializers import EVER


class DayField(forms.DateField):
    """A day that an auditor names; inside these years every day has an instant on both sides."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not EVER[0].year < value.year < EVER[1].year:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")


def day_begins(day: date | None) -> datetime | None:
    """Return the first instant of a day in Seoul."""
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


def day_ends(day: date | None) -> datetime | None:
    """Return the first instant after a day in Seoul."""
    return day_begins(day + timedelta(days=1)) if day else None


class JournalSearch(forms.Form):
    """Which rows of the journal to show; everything that is said must hold."""

    q = forms.CharField(label=_("찾기"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("종류"), required=False, choices=[("", _("모든 종류")), *Transfer.Kind.choices])
    account = forms.CharField(label=_("계정"), required=False, max_length=120)
    actor = forms.CharField(label=_("누가"), required=False, max_length=200)
    event_type = forms.CharField(label=_("일의 종류"), required=False, max_length=200)
    event_ref = forms.CharField(label=_("근거"), required=False, max_length=200)
    min_amount = forms.IntegerField(label=_("토큰, 적어도"), required=False, min_value=1, max_value=MAX_AMOUNT)
    max_amount = forms.IntegerField(label=_("토큰, 많아도"), required=False, min_value=1, max_value=MAX_AMOUNT)
    recorded_from = DayField(label=_("적은 날, 부터"), required=False)
    recorded_to = DayField(label=_("적은 날, 까지"), required=False)
    effective_from = DayField(label=_("일어난 날, 부터"), required=False)
    effective_to = DayField(label=_("일어난 날, 까지"), required=False)
    sealed = forms.ChoiceField(
        label=_("봉인"),
        required=False,
        choices=[("", _("모두")), ("yes", _("봉인된 것")), ("no", _("아직 아닌 것"))],
    )

    @property
    def narrowed(self) -> list[str]:
        """Return which of the filters behind the fold are in use."""
        return [name for name, value in self.cleaned_data.items() if value and name not in {"q", "kind"}]

    def filters(self) -> Filters:
        """Return what was asked for; words that name nothing lead to no operation."""
        said = self.cleaned_data
        as_said = ("account", "actor", "event_type", "event_ref", "min_amount", "max_amount")
        return Filters(
            kinds=(said["kind"],) if said["kind"] else (),
            recorded_from=day_begins(said["recorded_from"]),
            recorded_to=day_ends(said["recorded_to"]),
            effective_from=day_begins(said["effective_from"]),
            effective_to=day_ends(said["effective_to"]),
            is_sealed={"yes": True, "no": False}.get(said["sealed"]),
            operations=trails.operations_named(said["q"]) if said["q"] else None,
            **{name: said[name] for name in as_said},
        )


class PeriodSearch(forms.Form):
    """A time from one day to another, both included; either may be left open."""

    start = DayField(label=_("첫날"), required=False)
    end = DayField(label=_("마지막 날"), required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("start") and said.get("end") and said["start"] > said["end"]:
            raise forms.ValidationError(gettext("첫날이 마지막 날보다 뒤예요."))
        return said

    def period(self) -> tuple[datetime, datetime]:
        """Return the instants from and up to, not including, which to look."""
        return day_begins(self.cleaned_data["start"]) or EVER[0], day_ends(self.cleaned_data["end"]) or EVER[1]


class MatchSearch(PeriodSearch):
    """A time that is matched at once: a month unless said, a quarter at most."""

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        length = timedelta(days=USUAL_DAYS - 1)
        start, end = said.get("start"), said.get("end")
        end = end or (start + length if start else usual_days()["end"])
        start = start or end - length
        if end - start >= LONGEST:
            raise forms.ValidationError(gettext("한 번에 석 달까지 볼 수 있어요."))
        return said | {"start": start, "end": end}


class InstantSearch(forms.Form):
    """An instant to look back at, and which of a row's two times counts."""

    as_of = forms.DateTimeField(
        label=_("언제까지"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    by = forms.ChoiceField(
        label=_("어느 때로"),
        required=False,
        choices=[(Clock.RECORDED, _("적은 때")), (Clock.EFFECTIVE, _("일어난 때"))],
    )

    def clean_as_of(self) -> datetime | None:
        at = self.cleaned_data["as_of"]
        if at and not EVER[0] < at < EVER[1]:
            raise forms.ValidationError(gettext("볼 수 없는 때예요."))
        return at


def usual_days() -> dict[str, date]:
    """Return the days that are matched unless others are named."""
    today = timezone.localdate()
    return {"start": today - timedelta(days=USUAL_DAYS - 1), "end": today}
