"""What the redemption API takes and answers. Times are UTC, tokens whole numbers."""

from datetime import UTC
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rewards.ledger.models import MAX_AMOUNT
from rewards.redemption.models import Gift, Order, Reward
from rewards.redemption.queries import name_of


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
    kind = serializers.ChoiceField(choices=["earned", "spent", "returned", "received", "sent", "expired"])
    event_ref = serializers.CharField(
        help_text="What caused it: consent:<id>, order:<id>, gift:<id>, thanks:<id> or expiry:<day>."
    )
    op_id = serializers.UUIDField()
    words = serializers.CharField()


class EntriesOutput(serializers.Serializer):
    data = EntryOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class GiveInput(serializers.Serializer):
    to = serializers.CharField(max_length=40, help_text="The number under which the other home takes gifts.")
    tokens = serializers.IntegerField(min_value=1, max_value=MAX_AMOUNT)
    words = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")


class GiftOutput(serializers.Serializer):
    """A gift as the home `context["household"]` sees it."""

    id = serializers.UUIDField()
    direction = serializers.SerializerMethodField()
    home = serializers.SerializerMethodField()
    tokens = serializers.IntegerField()
    words = serializers.CharField()
    given_at = serializers.DateTimeField(default_timezone=UTC)
    returned_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=["given", "received"]))
    def get_direction(self, gift: Gift) -> str:
        return "given" if gift.giver_id == self.context["household"].pk else "received"

    def get_home(self, gift: Gift) -> str:
        return name_of(gift.taker if gift.giver_id == self.context["household"].pk else gift.giver)


class GiftsOutput(serializers.Serializer):
    data = GiftOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


def order_document(order: Order, **context: Any) -> Any:
    """Return one order as the API says it."""
    return OrderOutput(order, context=context).data
