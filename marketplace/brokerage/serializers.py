"""Shapes of what this room's API takes and answers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from marketplace.insights.precision import Rung


class OnlyKnownFields(serializers.Serializer[Any]):
    """Refuses a body with a field that means nothing here: whoever sent it believes they agreed to more."""

    def to_internal_value(self, sent: Any) -> Any:
        if isinstance(sent, Mapping) and (unknown := sorted(set(sent) - set(self.fields))):
            said = gettext("이 답에 없는 항목이에요.")
            raise serializers.ValidationError({str(name)[:40]: [said] for name in unknown[:10]}, code="unknown_field")
        return super().to_internal_value(sent)


class ApproveAskInput(OnlyKnownFields):
    """A yes. `notice_sha256` binds it to the very text that was shown; without it the text as it stands counts."""

    preview_sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
    notice_sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    precision = serializers.ChoiceField(choices=[rung.value for rung in Rung], required=False)
    drop_fields = serializers.ListField(child=serializers.CharField(max_length=20), required=False, max_length=10)


class BuyerOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    verified = serializers.BooleanField()


class PurposeOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class AskOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.CharField()
    buyer = BuyerOutput()
    purpose = PurposeOutput()
    kind = serializers.CharField()
    appliance = serializers.CharField()
    tokens = serializers.IntegerField()
    price_tokens = serializers.IntegerField()
    retention_days = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    deferred_at = serializers.DateTimeField(allow_null=True)


class RungOutput(serializers.Serializer[Any]):
    rung = serializers.CharField()
    tokens = serializers.IntegerField()


class NoticeOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    locale = serializers.CharField()
    text = serializers.CharField()
    sha256 = serializers.CharField()


class ConclusionOutput(serializers.Serializer[Any]):
    rule = serializers.CharField(allow_null=True, help_text="Name and version; null where a model on the edge did.")
    confidence = serializers.FloatField(allow_null=True)
    explained = serializers.CharField()


class AskDetailOutput(AskOutput):
    precision = serializers.CharField()
    rungs = RungOutput(many=True)
    optional_fields = serializers.ListField(child=serializers.CharField())
    dropped_fields = serializers.ListField(child=serializers.CharField())
    answers_missing = serializers.IntegerField()
    preview = serializers.JSONField()
    preview_sha256 = serializers.CharField()
    assurance = serializers.CharField(
        help_text="How sure it is who said it: signed, bearer, hub_signed or hub_bearer. It is not part of the preview."
    )
    conclusion = ConclusionOutput(
        allow_null=True,
        help_text="Why a rule or a model concluded it; null for what a sensor measured. It stays at home.",
    )
    notice = NoticeOutput()


class AsksOutput(serializers.Serializer[Any]):
    data = AskOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class ApprovedOutput(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["approved", "waiting"])
    consent = serializers.UUIDField(allow_null=True)
    tokens = serializers.IntegerField()
    answers_missing = serializers.IntegerField()


class DecidedOutput(serializers.Serializer[Any]):
    state = serializers.CharField()
    consent = serializers.UUIDField(allow_null=True)


class ConsentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    ask = serializers.UUIDField()
    state = serializers.CharField()
    buyer = BuyerOutput()
    kind = serializers.CharField()
    tokens = serializers.IntegerField()
    at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    payload_digest = serializers.CharField(allow_blank=True)


class ConsentsOutput(serializers.Serializer[Any]):
    data = ConsentOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class ReceiptOutput(serializers.Serializer[Any]):
    receipt = serializers.JSONField()
    signature = serializers.CharField()


class VerifyInput(serializers.Serializer[Any]):
    receipt = serializers.DictField()
    signature = serializers.CharField(max_length=2000)


class VerifyOutput(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    reason = serializers.CharField()


class KeysOutput(serializers.Serializer[Any]):
    keys = serializers.ListField(child=serializers.DictField())
