"""What the household's pages post."""

from django import forms

from marketplace.demand.terms import OPTIONAL_FIELDS
from marketplace.insights.precision import Rung


class ChoiceForm(forms.Form):
    """How exactly one ask may leave, and which of its optional fields a member keeps in."""

    precision = forms.ChoiceField(choices=[(rung.value, rung.value) for rung in Rung], required=False)
    keep_fields = forms.MultipleChoiceField(choices=[(name, name) for name in OPTIONAL_FIELDS], required=False)

    def kept(self) -> list[str]:
        return list(self.cleaned_data.get("keep_fields", []))

    def precision_or_none(self) -> str | None:
        return self.cleaned_data.get("precision") or None


class AnswerForm(ChoiceForm):
    """A member's word on one ask, and the digests of what was shown: the values and the text."""

    answer = forms.ChoiceField(choices=[(word, word) for word in ("approve", "deny", "defer", "preview")])
    preview_sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    notice_sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
