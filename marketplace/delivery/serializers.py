"""Shapes of what this room's API takes and answers."""

from typing import Any

from rest_framework import serializers

from marketplace.delivery.models import Release


class RecordOutput(serializers.Serializer[Any]):
    """The previewed document with three ids. SHA-256 over the JCS form of all its other fields is `payload_digest`."""

    id = serializers.UUIDField(help_text="The release.")
    kind = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]
    receipt = serializers.UUIDField(help_text="The receipt of the consent under which it is read.")
    payload_digest = serializers.CharField()


class RecordsOutput(serializers.Serializer[Any]):
    data = RecordOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
    resume_cursor = serializers.CharField(
        allow_null=True, help_text="Keep this one to come back for what is released after this page."
    )


class WithdrawalOutput(serializers.Serializer[Any]):
    """One record that the buyer read and must erase."""

    id = serializers.UUIDField()
    release = serializers.UUIDField(source="release_id")
    data_request = serializers.UUIDField(source="release.request_id")
    because = serializers.ChoiceField(source="release.closed_because", choices=Release.Closed.choices)
    closed_at = serializers.DateTimeField(source="release.closed_at")
    due_at = serializers.DateTimeField()
    attested_at = serializers.DateTimeField(allow_null=True)


class WithdrawalsOutput(serializers.Serializer[Any]):
    data = WithdrawalOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class EndpointInput(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=300)


class EndpointOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.CharField()
    created_at = serializers.DateTimeField()


class NewEndpointOutput(EndpointOutput):
    secret = serializers.CharField(help_text="Shown once; it verifies the signature of every message.")


class EndpointsOutput(serializers.Serializer[Any]):
    data = EndpointOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class ReaderOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class AccessOutput(serializers.Serializer[Any]):
    """One read of one record."""

    at = serializers.DateTimeField()
    organisation = ReaderOutput(source="release.organisation")
    consent = serializers.UUIDField(source="release.consent_id")
    kind = serializers.CharField(source="release.kind")
    path = serializers.CharField()


class AccessesOutput(serializers.Serializer[Any]):
    data = AccessOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
