"""What is signed and kept about the books: leaves, nodes, checkpoints, and digests of what operations were made under.

Only the database functions of this room write these rows, and they only grow.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from rewards.ledger.fields import CurrentTransaction, NameField, TransactionIdField

ROWS = ("transfer", "account", "closure", "attempt", "evidence", "liabilities")


def _row_of(model: str) -> models.ForeignKey:
    return models.ForeignKey(
        f"ledger.{model}",
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="leaves",
    )


def _once(field: str) -> models.UniqueConstraint:
    # Partial: a leaf is of one row, so each leaf enters one of these indexes.
    return models.UniqueConstraint(
        fields=[field], condition=Q(**{f"{field}__isnull": False}), name=f"leaf_{field}_once"
    )


class Evidence(models.Model):
    """The digest of the paper an operation was made under (a receipt); it stays when the paper is gone."""

    op_id = models.UUIDField(primary_key=True)
    digest = models.BinaryField()
    xid = TransactionIdField(db_default=CurrentTransaction())

    class Meta:
        verbose_name = pgettext_lazy("model", "장부 증거")

    def __str__(self) -> str:
        return str(self.op_id)


class Liabilities(models.Model):
    """What Maru owed when the tree had `tree_size` leaves, said in the leaf that comes next."""

    tree_size = models.BigIntegerField(primary_key=True)
    #: Of the tree of sums, every account's balance in two salted shares.
    root = models.BinaryField()
    owed = models.BigIntegerField()
    shares = models.BigIntegerField()
    #: The platform's own accounts, address to balance, as JSON: with what is owed they come to nothing.
    own = models.TextField()
    told_at = models.DateTimeField()
    xid = TransactionIdField(db_default=CurrentTransaction())

    class Meta:
        verbose_name = pgettext_lazy("model", "장부 부채")

    def __str__(self) -> str:
        return f"{self.tree_size}: {self.owed}"


class Share(models.Model):
    """A node of the newest tree of sums: every fourth level is kept. Level 0 holds the shares of the accounts."""

    pk = models.CompositePrimaryKey("level", "position")
    level = models.SmallIntegerField()
    position = models.BigIntegerField()
    sum = models.BigIntegerField()
    hash = models.BinaryField()
    account = models.ForeignKey(
        "ledger.Account",
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="shares",
    )

    class Meta:
        verbose_name = pgettext_lazy("model", "부채 몫")
        indexes = [models.Index(fields=["account"], condition=Q(account__isnull=False), name="share_by_account")]

    def __str__(self) -> str:
        return f"{self.level}/{self.position}"


class Leaf(models.Model):
    """One row of the books in the tree: its place never changes, its hash covers every column."""

    index = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField()
    #: Exactly one of these.
    transfer = _row_of("Transfer")
    account = _row_of("Account")
    closure = _row_of("Closure")
    attempt = _row_of("Attempt")
    evidence = _row_of("Evidence")
    liabilities = _row_of("Liabilities")

    class Meta:
        verbose_name = pgettext_lazy("model", "장부 잎")
        constraints = [_once(field) for field in ROWS]

    def __str__(self) -> str:
        return str(self.index)


class Node(models.Model):
    """The hash over a complete run of 2^level leaves; every fourth level is kept, so that a proof stays short work."""

    pk = models.CompositePrimaryKey("level", "position")
    level = models.SmallIntegerField()
    position = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        verbose_name = pgettext_lazy("model", "장부 마디")

    def __str__(self) -> str:
        return f"{self.level}/{self.position}"


class Checkpoint(models.Model):
    """What Maru signed: the books had this many leaves, and this root. Whoever keeps one can prove a later change."""

    tree_size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    #: Every transaction before this one had ended, and its rows are in the tree.
    through = TransactionIdField()
    sealed_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "장부 봉인")

    def __str__(self) -> str:
        return str(self.tree_size)


class Cosignature(models.Model):
    """A witness has seen this checkpoint, and none that contradicts it."""

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures", db_index=False)
    witness = NameField()
    #: The line that is added to the note.
    line = models.TextField()
    signed_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "장부 봉인 확인")
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "witness"], name="cosignature_once_per_checkpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.witness} {self.checkpoint_id}"
