"""How the books look in JSON. Amounts are whole numbers up to 2^53-1."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from consent.parties.serializers import Moment
from rewards.ledger.as_of import Clock
from rewards.ledger.exceptions import Found
from rewards.ledger.journal import Filters, Operation, operations_under
from rewards.ledger.models import MAX_AMOUNT, AccountKind, Transfer

#: The open ends of a time; inside them every instant fits both Python and PostgreSQL.
EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@extend_schema_field(OpenApiTypes.STR)
class HexField(serializers.Field):
    """Bytes as lower-case hex digits."""

    def to_representation(self, value: bytes) -> str:
        return bytes(value).hex()


class AsOfInput(serializers.Serializer):
    as_of = Moment(default=None)
    tree_size = serializers.IntegerField(default=None, min_value=1, max_value=MAX_AMOUNT)
    by = serializers.ChoiceField(choices=[(clock.value, clock.value) for clock in Clock], default=Clock.RECORDED)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["as_of"] is not None and attrs["tree_size"] is not None:
            raise serializers.ValidationError({"tree_size": [gettext("때와 봉인 가운데 하나만 골라 주세요.")]})
        return attrs

    @classmethod
    def parse(cls, asked: QueryDict) -> dict[str, Any]:
        given = cls(data=asked)
        given.is_valid(raise_exception=True)
        return given.validated_data


class PeriodInput(serializers.Serializer):
    """A time from `from` up to, not including, `to`; either end may be open."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"from": Moment(default=EVER[0]), "to": Moment(default=EVER[1])}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["from"] > attrs["to"]:
            raise serializers.ValidationError({"to": [gettext("시작보다 앞설 수 없어요.")]})
        return attrs

    @classmethod
    def parse(cls, asked: QueryDict) -> dict[str, datetime]:
        """Return `start` and `end`, or nothing where neither was asked for."""
        if "from" not in asked and "to" not in asked:
            return {}
        given = cls(data=asked)
        given.is_valid(raise_exception=True)
        return {"start": given.validated_data["from"], "end": given.validated_data["to"]}


class FiltersInput(serializers.Serializer):
    """What to look for in the journal; everything that is said must hold."""

    account = serializers.CharField(default="", max_length=120)
    actor = serializers.CharField(default="", max_length=200)
    event_type = serializers.CharField(default="", max_length=200)
    event_ref = serializers.CharField(default="", max_length=200)
    min_amount = serializers.IntegerField(default=None, min_value=1, max_value=MAX_AMOUNT)
    max_amount = serializers.IntegerField(default=None, min_value=1, max_value=MAX_AMOUNT)
    effective_from = Moment(default=None)
    effective_to = Moment(default=None)
    sealed = serializers.ChoiceField(choices=["true", "false"], default=None)
    back_dated = serializers.ChoiceField(choices=["true", "false"], default="false")
    op_id = serializers.UUIDField(default=None)
    key = serializers.CharField(default="", max_length=200)

    def get_fields(self) -> dict[str, serializers.Field]:
        kinds = serializers.ListField(child=serializers.ChoiceField(choices=Transfer.Kind.choices), default=list)
        return {"kind": kinds, "from": Moment(default=None), "to": Moment(default=None), **super().get_fields()}

    @classmethod
    def parse(cls, asked: QueryDict) -> Filters:
        given = cls(data=asked)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        named = [{fields["op_id"]}] if fields["op_id"] else []
        named += [set(operations_under(fields["key"]))] if fields["key"] else []
        as_given = ("account", "actor", "event_type", "event_ref", "min_amount", "max_amount")
        return Filters(
            kinds=tuple(sorted(set(fields["kind"]))),
            recorded_from=fields["from"],
            recorded_to=fields["to"],
            effective_from=fields["effective_from"],
            effective_to=fields["effective_to"],
            is_sealed=None if fields["sealed"] is None else fields["sealed"] == "true",
            back_dated=fields["back_dated"] == "true",
            operations=tuple(sorted(set.intersection(*named))) if named else None,
            **{name: fields[name] for name in as_given},
        )


class StandingOutput(serializers.Serializer):
    address = serializers.CharField()
    posted = serializers.IntegerField()
    held = serializers.IntegerField()
    available = serializers.IntegerField()
    version = serializers.IntegerField()


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
    reverses = serializers.SerializerMethodField()
    approved_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)

    def get_reverses(self, transfer: Transfer) -> int | None:
        """The id of the row that this one takes back."""
        return transfer.reverses_id

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
    """`opening` and `closing` are told where a time was asked for."""

    opening = StandingOutput(required=False)
    closing = StandingOutput(required=False)
    data = LineOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class RefusalOutput(serializers.Serializer):
    key = serializers.CharField()
    action = serializers.ChoiceField(choices=Transfer.Kind.choices)
    outcome = serializers.CharField()
    actor = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class RefusalsOutput(serializers.Serializer):
    data = RefusalOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class HoldLifeOutput(serializers.Serializer):
    """A hold and what became of it; nothing yet while it is open."""

    placed = TransferOutput()
    resolved = TransferOutput(many=True)
    kept = serializers.IntegerField()


class SealOutput(serializers.Serializer):
    tree_size = serializers.IntegerField()
    root = HexField()  # type: ignore[assignment]
    sealed_at = serializers.DateTimeField()


class OperationOutput(serializers.Serializer):
    """An operation with what hangs on it; `checkpoint` is the first that signs every row, null until it is sealed."""

    op_id = serializers.UUIDField()
    data = TransferOutput(many=True, source="rows")  # type: ignore[assignment]
    holds = HoldLifeOutput(many=True)
    reversed_by = serializers.SerializerMethodField()
    takes_back = serializers.ListField(child=serializers.UUIDField())
    checkpoint = SealOutput(allow_null=True)

    def get_reversed_by(self, operation: Operation) -> list[UUID]:
        """The operations that took rows of this one back."""
        return list(dict.fromkeys(row.op_id for row in operation.reversed_by.values()))


class AttemptOutput(serializers.Serializer):
    """What was once asked under a key; `fingerprint` is the SHA-256 of what was asked."""

    key = serializers.CharField()
    action = serializers.ChoiceField(choices=Transfer.Kind.choices)
    outcome = serializers.CharField()
    op_id = serializers.UUIDField(allow_null=True)
    actor = serializers.CharField()
    fingerprint = HexField()
    recorded_at = serializers.DateTimeField()


class ExceptionCountOutput(serializers.Serializer):
    name = serializers.CharField()
    rows = serializers.IntegerField()
    is_more = serializers.BooleanField()
    oldest = serializers.DateTimeField(allow_null=True)


class ExceptionCountsOutput(serializers.Serializer):
    as_of = serializers.DateTimeField()
    data = ExceptionCountOutput(many=True)  # type: ignore[assignment]


class FoundOutput(serializers.Serializer):
    since = serializers.DateTimeField()
    lasted_seconds = serializers.SerializerMethodField()
    op_id = serializers.UUIDField(allow_null=True)
    key = serializers.CharField()
    account = serializers.CharField()
    amount = serializers.IntegerField(allow_null=True)
    actor = serializers.CharField()
    code = serializers.CharField()
    event_ref = serializers.CharField()
    approved_by = serializers.CharField()
    reason = serializers.CharField()
    other_op_id = serializers.UUIDField(allow_null=True)

    def get_lasted_seconds(self, found: Found) -> int:
        return round(found.lasted.total_seconds())


class ExceptionsOutput(serializers.Serializer):
    data = FoundOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
