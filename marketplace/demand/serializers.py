"""What the data request API takes and answers. Times are UTC, tokens whole numbers."""

from datetime import UTC
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from consent.parties.models import Area
from consent.parties.serializers import Moment
from consent.records.purposes import PURPOSES
from marketplace.demand.models import DataRequest, LeastAssurance, Review
from marketplace.demand.pricing import price_of_version
from marketplace.demand.queries import Budget
from marketplace.demand.terms import OPTIONAL_FIELDS, Terms
from marketplace.insights.kinds import KINDS
from marketplace.insights.precision import Rung
from rewards.ledger.models import MAX_AMOUNT

MAX_THRESHOLD = 1_000_000


class WholeNumber(serializers.IntegerField):
    """A JSON integer; `"12"`, `12.0` and `true` are not one."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    """A JSON number; a text or `true` is not one."""

    def to_internal_value(self, data: Any) -> float:
        # A whole number may be too large for any float, which DRF's own field does not expect.
        if type(data) not in (int, float) or abs(data) > MAX_THRESHOLD:
            self.fail("invalid")
        return super().to_internal_value(data)


class RungField(serializers.Serializer):
    rung = serializers.ChoiceField(choices=[rung.value for rung in Rung])
    tokens = WholeNumber(min_value=1, max_value=MAX_AMOUNT, help_text="What the household receives for one event.")


class TermsInput(serializers.Serializer):
    """Every word and number a buyer decides. With `partial`, what is left out stays as it was."""

    kinds = serializers.ListField(child=serializers.ChoiceField(choices=sorted(KINDS)), min_length=1, max_length=8)
    above = Number(required=False, allow_null=True, help_text="Ask when greater.")
    below = Number(required=False, allow_null=True, help_text="Ask when smaller.")
    words = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=40, help_text="For kinds that are words."
    )
    area = serializers.CharField(max_length=20, help_text="The code of an area.")
    purpose = serializers.ChoiceField(choices=sorted(PURPOSES))
    purpose_ko = serializers.CharField(max_length=40, help_text="What the household reads, in Korean.")
    purpose_en = serializers.CharField(max_length=80, help_text="The same in English; without it nobody is asked.")
    optional_fields = serializers.ListField(
        child=serializers.ChoiceField(choices=OPTIONAL_FIELDS), required=False, max_length=len(OPTIONAL_FIELDS)
    )
    rungs = serializers.ListField(
        child=RungField(), min_length=1, max_length=len(Rung), help_text="Finest first, never paying more for less."
    )
    retention_days = WholeNumber(min_value=1, max_value=3650)
    budget_tokens = WholeNumber(min_value=1, max_value=MAX_AMOUNT)
    ends_at = Moment()
    min_gap_hours = WholeNumber(min_value=0, max_value=720, required=False)
    least_assurance = serializers.ChoiceField(
        choices=LeastAssurance.choices, required=False, help_text="Ask only about what came at least as sure a way."
    )

    def validate_area(self, code: str) -> Area:
        area = Area.objects.filter(pk=code).first() if code.isprintable() else None
        if area is None:
            raise serializers.ValidationError(gettext("마루가 모르는 동네예요."), code="does_not_exist")
        return area

    def validate_rungs(self, rungs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [dict(offered) for offered in rungs]

    def stated(self, *, before: Terms | None = None) -> Terms:
        """Return the terms as stated, on top of those before."""
        kept = {name: getattr(before, name) for name in Terms.__dataclass_fields__} if before else {}
        return Terms(**{**kept, **self.validated_data})


class FundInput(serializers.Serializer):
    tokens = WholeNumber(min_value=1, max_value=MAX_AMOUNT)


class PriceOutput(serializers.Serializer):
    """What one event at the finest rung costs: `total` is the sum of the parts."""

    tokens = serializers.IntegerField()
    manufacturer = serializers.IntegerField()
    platform = serializers.IntegerField()
    total = serializers.IntegerField()


class BudgetOutput(serializers.Serializer):
    funded = serializers.IntegerField(help_text="Put in escrow.")
    spent = serializers.IntegerField(help_text="Paid for events.")
    refundable = serializers.IntegerField(help_text="Still in escrow.")


class ReviewOutput(serializers.Serializer):
    verdict = serializers.ChoiceField(choices=Review.Verdict.choices)
    reason = serializers.CharField()
    version = serializers.IntegerField(source="version.number")
    at = serializers.DateTimeField(default_timezone=UTC)


class RequestOutput(serializers.Serializer):
    """A data request in its current version. Nothing here tells how many were asked or what is held."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=DataRequest.State.choices)
    version = serializers.IntegerField(source="current.number")
    kinds = serializers.ListField(child=serializers.CharField(), source="current.kinds")
    above = serializers.FloatField(source="current.above", allow_null=True)
    below = serializers.FloatField(source="current.below", allow_null=True)
    words = serializers.ListField(child=serializers.CharField(), source="current.words")
    area = serializers.CharField(source="current.area_id")
    purpose = serializers.CharField(source="current.purpose")
    purpose_ko = serializers.CharField(source="current.purpose_ko")
    purpose_en = serializers.CharField(source="current.purpose_en")
    optional_fields = serializers.ListField(child=serializers.CharField(), source="current.optional_fields")
    rungs = RungField(many=True, source="current.rungs")
    retention_days = serializers.IntegerField(source="current.retention_days")
    budget_tokens = serializers.IntegerField(source="current.budget_tokens")
    ends_at = serializers.DateTimeField(source="current.ends_at", default_timezone=UTC)
    min_gap_hours = serializers.IntegerField(source="current.min_gap_hours")
    least_assurance = serializers.ChoiceField(choices=LeastAssurance.choices, source="current.least_assurance")
    price = serializers.SerializerMethodField()
    budget = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(default_timezone=UTC)
    opened_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    closed_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    refund_due_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    refunded_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)

    @extend_schema_field(PriceOutput)
    def get_price(self, request: DataRequest) -> dict[str, int]:
        return PriceOutput(price_of_version(request.version)).data

    @extend_schema_field(BudgetOutput)
    def get_budget(self, request: DataRequest) -> dict[str, int]:
        return BudgetOutput(self.context["budgets"].get(request.pk, Budget(0, 0, 0))).data


class RequestDetailOutput(RequestOutput):
    """The same with what an admin last said of it."""

    review = serializers.SerializerMethodField()

    @extend_schema_field(ReviewOutput(allow_null=True))
    def get_review(self, request: DataRequest) -> dict[str, Any] | None:
        review = self.context["review"]
        return ReviewOutput(review).data if review else None


class RequestsOutput(serializers.Serializer):
    data = RequestOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class ReachOutput(serializers.Serializer):
    """About how many homes could be asked; below ten it only says so."""

    households = serializers.CharField(help_text="A range of tens such as `30-40`, or `fewer than 10`.")
    left_today = serializers.IntegerField(help_text="Estimates left until midnight in Seoul.")


class PurseOutput(serializers.Serializer):
    """The buyer's own account, and all its data requests together."""

    available = serializers.IntegerField(help_text="On the buyer's account, to be put in escrow.")
    funded = serializers.IntegerField(source="total.funded")
    spent = serializers.IntegerField(source="total.spent")
    refundable = serializers.IntegerField(source="total.refundable")
