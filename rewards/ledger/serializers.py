"""How the books look in JSON. Amounts are whole numbers up to 2^53-1."""

from typing import Any

from rest_framework import serializers

from rewards.ledger.models import AccountKind, Transfer


class TrialRowOutput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=AccountKind.choices)
    accounts = serializers.IntegerField()
    debits = serializers.IntegerField()
    credits = serializers.IntegerField()
    balance = serializers.IntegerField()
    held = serializers.IntegerField()


class TrialBalanceOutput(serializers.Serializer):
    rows = TrialRowOutput(many=True)
    accounts = serializers.IntegerField()
    debits = serializers.IntegerField()
    credits = serializers.IntegerField()
    held = serializers.IntegerField()
    difference = serializers.IntegerField()


class AccountOutput(serializers.Serializer):
    """An account row with its `standing` in the context, by address."""

    address = serializers.CharField()
    kind = serializers.ChoiceField(choices=AccountKind.choices)
    opened_at = serializers.DateTimeField()
    closed_at = serializers.SerializerMethodField()
    posted = serializers.SerializerMethodField()
    held = serializers.SerializerMethodField()
    available = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField()

    def get_closed_at(self, account: Any) -> str | None:
        closure = getattr(account, "closure", None)
        return serializers.DateTimeField().to_representation(closure.closed_at) if closure else None

    def get_posted(self, account: Any) -> int:
        return self._standing(account).posted

    def get_held(self, account: Any) -> int:
        return self._standing(account).held

    def get_available(self, account: Any) -> int:
        return self._standing(account).available

    def get_version(self, account: Any) -> int:
        return self._standing(account).version

    def _standing(self, account: Any) -> Any:
        return self.context["standings"][account.address]


class TransferOutput(serializers.Serializer):
    id = serializers.IntegerField()
    op_id = serializers.UUIDField()
    leg = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Transfer.Kind.choices)
    hold_op_id = serializers.SerializerMethodField()
    debit = serializers.CharField(source="debit.address")
    credit = serializers.SerializerMethodField()
    amount = serializers.IntegerField()
    debit_version = serializers.IntegerField(allow_null=True)
    debit_after = serializers.IntegerField(allow_null=True)
    credit_version = serializers.IntegerField(allow_null=True)
    credit_after = serializers.IntegerField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    actor = serializers.CharField()
    event_type = serializers.CharField()
    event_ref = serializers.CharField()

    def get_hold_op_id(self, transfer: Transfer) -> str | None:
        return str(transfer.hold.op_id) if transfer.hold else None

    def get_credit(self, transfer: Transfer) -> str | None:
        return transfer.credit.address if transfer.credit else None


class LineOutput(serializers.Serializer):
    change = serializers.IntegerField()
    version = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)
    transfer = TransferOutput()


class AccountsOutput(serializers.Serializer):
    data = AccountOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class TransfersOutput(serializers.Serializer):
    data = TransferOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class StatementOutput(serializers.Serializer):
    data = LineOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class OperationOutput(serializers.Serializer):
    op_id = serializers.UUIDField()
    data = TransferOutput(many=True)  # type: ignore[assignment]
