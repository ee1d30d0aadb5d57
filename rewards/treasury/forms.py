"""What the admins' desk posts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.parties.models import Organisation
from rewards.ledger.models import MAX_AMOUNT
from rewards.treasury.models import MAX_WORDS
from rewards.treasury.policies import MAX_INVOICE, SPENDERS


class ProposalForm(forms.Form):
    """A paid invoice, and the tokens that were bought by it."""

    organisation = forms.ModelChoiceField(
        label=_("기관"), queryset=Organisation.objects.filter(kind__in=SPENDERS).order_by("name_ko", "pk")
    )
    invoice_number = forms.CharField(label=_("청구서 번호"), max_length=MAX_INVOICE)
    amount_krw = forms.IntegerField(label=_("받은 금액(원)"), min_value=1, max_value=MAX_AMOUNT)
    tokens = forms.IntegerField(label=_("토큰 수"), min_value=1, max_value=MAX_AMOUNT)


class DecisionForm(forms.Form):
    """One of three decisions, and why."""

    decision = forms.ChoiceField(choices=[(word, word) for word in ("approve", "refuse", "withdraw")])
    reason = forms.CharField(
        label=_("까닭"),
        max_length=MAX_WORDS,
        required=False,
        widget=forms.TextInput(attrs={"size": 80}),
        help_text=_("발행하지 않을 때는 꼭 적어 주세요. 기록에 그대로 남아요."),
    )
