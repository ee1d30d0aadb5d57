"""Shapes of what this room's API answers."""

from typing import Any

from rest_framework import serializers


class ItemProblem(serializers.Serializer[Any]):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField(required=False)


class ItemOutput(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    status = serializers.ChoiceField(choices=["accepted", "duplicate", "rejected"])
    insight_id = serializers.UUIDField(required=False)
    problem = ItemProblem(required=False)


class IngestOutput(serializers.Serializer[Any]):
    results = ItemOutput(many=True)


class DialectOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())


class DialectsOutput(serializers.Serializer[Any]):
    data = DialectOutput(many=True)  # type: ignore[assignment]
