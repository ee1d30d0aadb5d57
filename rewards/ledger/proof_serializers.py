"""How checkpoints, proofs and what witnesses need look in JSON."""

from django.http import QueryDict
from rest_framework import serializers

from rewards.ledger.models import MAX_AMOUNT
from rewards.ledger.serializers import HexField, TransferOutput
from rewards.ledger.statements import MOST_KEPT


class CheckpointOutput(serializers.Serializer):
    tree_size = serializers.IntegerField()
    root = HexField()  # type: ignore[assignment]
    note = serializers.CharField()
    sealed_at = serializers.DateTimeField()


class CheckpointsOutput(serializers.Serializer):
    key = serializers.CharField()
    data = CheckpointOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class LeafProofOutput(serializers.Serializer):
    """`content` ends in two hashes: SHA-256 of `debit_side`, and of `credit_side`. Each begins with its salt."""

    index = serializers.IntegerField()
    content = HexField()
    debit_side = HexField()
    credit_side = HexField()
    path = serializers.ListField(child=HexField())
    transfer = TransferOutput()


class ProofOutput(serializers.Serializer):
    op_id = serializers.UUIDField()
    checkpoint = CheckpointOutput()
    data = LeafProofOutput(many=True)  # type: ignore[assignment]


class ConsistencyInput(serializers.Serializer):
    old = serializers.IntegerField(min_value=1, max_value=MAX_AMOUNT)
    new = serializers.IntegerField(min_value=1, max_value=MAX_AMOUNT)


class ConsistencyOutput(serializers.Serializer):
    old = serializers.IntegerField()
    new = serializers.IntegerField()
    path = serializers.ListField(child=HexField())


class SignedCheckpointOutput(CheckpointOutput):
    """`note` has the cosignatures under it that have come so far."""

    witnesses = serializers.ListField(child=serializers.CharField())


class LatestCheckpointOutput(serializers.Serializer):
    """`cosigned` is the newest one that a witness has signed too."""

    key = serializers.CharField()
    witnesses = serializers.ListField(child=serializers.CharField())
    latest = SignedCheckpointOutput()
    cosigned = SignedCheckpointOutput(allow_null=True)


class CosignInput(serializers.Serializer):
    """The note as it was read, with the witness's own line under it."""

    note = serializers.CharField(max_length=16_000, trim_whitespace=False)


class CosignatureOutput(serializers.Serializer):
    tree_size = serializers.IntegerField(source="checkpoint_id")
    witness = serializers.CharField()
    line = serializers.CharField()
    signed_at = serializers.DateTimeField()


class CosignaturesOutput(serializers.Serializer):
    data = CosignatureOutput(many=True)  # type: ignore[assignment]


class LiabilitiesOutput(serializers.Serializer):
    """What is owed, and the platform's own accounts: together they are nothing. SHA-256 of a zero byte and `content`
    is leaf `tree_size`, and `path` leads from it to the root of `checkpoint`.
    """

    tree_size = serializers.IntegerField()
    owed = serializers.IntegerField()
    own = serializers.DictField(child=serializers.IntegerField())
    shares = serializers.IntegerField()
    root = HexField()  # type: ignore[assignment]
    told_at = serializers.DateTimeField()
    content = HexField()
    path = serializers.ListField(child=HexField())
    checkpoint = CheckpointOutput()


class StatementProofInput(serializers.Serializer):
    kept = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_AMOUNT), max_length=MOST_KEPT, default=list
    )

    @classmethod
    def parse(cls, asked: QueryDict) -> list[int]:
        """Return the sizes of the checkpoints that somebody kept."""
        given = cls(data={"kept": asked.getlist("kept")})
        given.is_valid(raise_exception=True)
        return list(given.validated_data["kept"])


class ShareProofOutput(serializers.Serializer):
    number = serializers.IntegerField()
    amount = serializers.IntegerField()
    position = serializers.IntegerField()
    salt = serializers.CharField()
    path = serializers.ListField(child=serializers.ListField())


class StatementProofOutput(serializers.Serializer):
    """Everything `verify_bundle.py` needs to say that these are all rows of the account."""

    form = serializers.CharField()
    address = serializers.CharField()
    posted = serializers.IntegerField()
    held = serializers.IntegerField()
    version = serializers.IntegerField()
    as_of = serializers.DateTimeField()
    key = serializers.CharField()
    witnesses = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField()
    leaves = serializers.ListField(child=serializers.ListField())
    nodes = serializers.ListField(child=serializers.ListField())
    shares = ShareProofOutput(many=True)
    consistency = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
