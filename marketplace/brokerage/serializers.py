"""Shapes of what this room's API takes and answers."""

from typing import Any

from rest_framework import serializers

from marketplace.insights.precision import Rung


class ApproveAskInput(serializers.Serializer[Any]):
    preview_sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
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


class AskDetailOutput(AskOutput):
    precision = serializers.CharField()
    rungs = RungOutput(many=True)
    optional_fields = serializers.ListField(child=serializers.CharField())
    dropped_fields = serializers.ListField(child=serializers.CharField())
    answers_missing = serializers.IntegerField()
    preview = serializers.JSONField()
    preview_sha256 = serializers.CharField()
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
