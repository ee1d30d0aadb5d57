"""What was asked of the books: one attempt a key, for ever, and that a key came again."""

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from rewards.ledger.fields import CurrentTransaction, NameField, TransactionIdField
from rewards.ledger.models.journal import Transfer


class Attempt(models.Model):
    """What was once asked under a key, and what came of it; kept for ever, so that a retry can never pay twice."""

    APPLIED = "applied"

    key = NameField(primary_key=True)
    fingerprint = models.BinaryField()
    action = NameField(choices=Transfer.Kind)
    outcome = NameField()
    op_id = models.UUIDField(null=True)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False)
    debit_version = models.BigIntegerField(null=True)
    actor = models.TextField()
    #: What was refused, for the exception list; an applied attempt is described by its transfers.
    refused_body = models.JSONField(null=True)
    recorded_at = models.DateTimeField()
    xid = TransactionIdField(db_default=CurrentTransaction())

    class Meta:
        verbose_name = pgettext_lazy("model", "시도")
        indexes = [
            # The exception list; an applied attempt never enters it.
            models.Index(
                fields=["recorded_at", "key"], condition=~Q(outcome="applied"), name="attempt_refused_by_time"
            ),
            # The sealer takes an attempt with the operation it made.
            models.Index(fields=["xid", "op_id"], name="attempt_by_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.outcome}"


class Repeat(models.Model):
    """That a key came again after its attempt was written, on one day, from one sender. Not part of the books."""

    class Kind(models.TextChoices):
        REPLAYED = "replayed", pgettext_lazy("repeat", "같은 내용")
        CONFLICT = "conflict", pgettext_lazy("repeat", "다른 내용")

    id = models.BigAutoField(primary_key=True)
    kind = NameField(choices=Kind)
    attempt = models.ForeignKey(
        Attempt, on_delete=models.PROTECT, related_name="repeats", db_constraint=False, db_index=False
    )
    #: Who sent it this time.
    actor = NameField()
    day = models.DateField()
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "다시 온 키")
        constraints = [
            # It also finds how many of one sender were noted on a day (sql/0018_repeats.sql).
            models.UniqueConstraint(fields=["actor", "day", "kind", "attempt"], name="repeat_once_a_day"),
            models.CheckConstraint(condition=Q(kind__in=["replayed", "conflict"]), name="repeat_kind_is_known"),
        ]
        indexes = [models.Index(fields=["kind", "id"], name="repeat_by_kind")]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.kind} {self.day}"
