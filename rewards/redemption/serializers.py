"""What the redemption API takes and answers. Times are UTC, tokens whole numbers."""

from datetime import UTC
from typing import Any

from rest_framework import serializers

from rewards.redemption.models import Order, Reward


class RewardOutput(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Reward.Kind.choices)
    name = serializers.CharField()
    words = serializers.CharField()
    provider = serializers.CharField(source="provider.name")
    tokens = serializers.IntegerField()
    fits = serializers.ListField(child=serializers.CharField())
    stock = serializers.IntegerField(allow_null=True)


class RewardsOutput(serializers.Serializer):
    data = RewardOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class PlaceOrderInput(serializers.Serializer):
    reward = serializers.UUIDField()


class OrderOutput(serializers.Serializer):
    """An order as it stands at `context["at"]`."""

    id = serializers.UUIDField()
    reward = serializers.UUIDField(source="reward_id")
    reward_name = serializers.CharField(source="reward.name")
    provider = serializers.CharField(source="reward.provider.name")
    tokens = serializers.IntegerField()
    state = serializers.SerializerMethodField()
    voucher_code = serializers.CharField()
    placed_at = serializers.DateTimeField(default_timezone=UTC)
    answer_by = serializers.DateTimeField(default_timezone=UTC)
    accepted_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    ended_at = serializers.SerializerMethodField()
    reason = serializers.CharField()

    def get_state(self, order: Order) -> str:
        return str(order.shown_state(self.context["at"]))

    def get_ended_at(self, order: Order) -> str | None:
        late = order.state != order.shown_state(self.context["at"])
        ended_at = order.answer_by if late else order.ended_at
        return self.fields["answer_by"].to_representation(ended_at) if ended_at else None


class OrdersOutput(serializers.Serializer):
    data = OrderOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class WalletOutput(serializers.Serializer):
    """`available` = `posted` - `held`; `expiring` of it ends on `expires_on`, within 30 days, unless it is spent."""

    available = serializers.IntegerField()
    held = serializers.IntegerField()
    posted = serializers.IntegerField()
    expiring = serializers.IntegerField()
    expires_on = serializers.DateField(allow_null=True)


class EntryOutput(serializers.Serializer):
    at = serializers.DateTimeField(default_timezone=UTC)
    tokens = serializers.IntegerField(help_text="Signed: what came in is positive.")
    balance = serializers.IntegerField(help_text="What was in the wallet afterwards.")
    kind = serializers.ChoiceField(choices=["earned", "spent", "returned", "received", "sent"])
    event_ref = serializers.CharField(help_text="What caused it: consent:<id> or order:<id>.")
    op_id = serializers.UUIDField()
    words = serializers.CharField()


class EntriesOutput(serializers.Serializer):
    data = EntryOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


def told(order: Order, **context: Any) -> Any:
    """Return one order as the API says it."""
    return OrderOutput(order, context=context).data
