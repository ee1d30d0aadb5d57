"""How an auditor's findings look in JSON: ids, sums and digests, never a value or a person."""

from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from rest_framework import serializers

from consent.parties.serializers import Moment
from marketplace.care.matching import LONGEST, USUAL_DAYS
from rewards.ledger.serializers import EVER, OperationOutput


class MatchInput(serializers.Serializer):
    """A time from `from` up to, not including, `to`, of 93 days at most; the last 30 days unless said."""

    def get_fields(self) -> dict[str, serializers.Field]:
        now = timezone.now()
        return {"from": Moment(default=now - timedelta(days=USUAL_DAYS)), "to": Moment(default=now)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not EVER[0] <= attrs["from"] <= attrs["to"] <= EVER[1]:
            raise serializers.ValidationError({"to": [gettext("시작보다 앞설 수 없어요.")]})
        if attrs["to"] - attrs["from"] > LONGEST + timedelta(hours=1):
            raise serializers.ValidationError({"to": [gettext("한 번에 석 달까지 볼 수 있어요.")]})
        return attrs

    @classmethod
    def parse(cls, asked: QueryDict) -> dict[str, datetime]:
        given = cls(data=asked)
        given.is_valid(raise_exception=True)
        return {"start": given.validated_data["from"], "end": given.validated_data["to"]}


class MismatchOutput(serializers.Serializer):
    reason = serializers.CharField()
    op_id = serializers.UUIDField()
    consent_id = serializers.UUIDField(allow_null=True)
    request_id = serializers.UUIDField(allow_null=True)
    promised_price = serializers.IntegerField(allow_null=True)
    promised_tokens = serializers.IntegerField(allow_null=True)
    debited = serializers.IntegerField(allow_null=True)
    credited = serializers.IntegerField(allow_null=True)


class RequestTotalOutput(serializers.Serializer):
    request_id = serializers.UUIDField(allow_null=True)
    organisation = serializers.CharField()
    consents = serializers.IntegerField()
    payments = serializers.IntegerField()
    releases = serializers.IntegerField()
    promised_price = serializers.IntegerField()
    debited = serializers.IntegerField()
    promised_tokens = serializers.IntegerField()
    credited = serializers.IntegerField()
    is_fine = serializers.BooleanField()


class MatchesOutput(serializers.Serializer):
    """`data` are the sums per data request, page by page; `mismatches` are the first hundred of `broken`."""

    deals = serializers.IntegerField()
    broken = serializers.IntegerField()
    mismatches = MismatchOutput(many=True)
    data = RequestTotalOutput(many=True, source="totals")  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class ConsentBehindOutput(serializers.Serializer):
    id = serializers.UUIDField()
    ask = serializers.UUIDField()
    state = serializers.CharField()
    receipt_digest = serializers.CharField()
    is_signed = serializers.BooleanField()


class ReleaseBehindOutput(serializers.Serializer):
    id = serializers.UUIDField()
    request = serializers.UUIDField()
    number = serializers.IntegerField()
    state = serializers.CharField()
    is_what_was_shown = serializers.BooleanField()
    reads = serializers.IntegerField()


class TrailOutput(serializers.Serializer):
    """One operation with the consent and the release behind it; null where it is of another kind."""

    operation = OperationOutput()
    consent = ConsentBehindOutput(allow_null=True)
    release = ReleaseBehindOutput(allow_null=True)
