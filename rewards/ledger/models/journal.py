"""The journal, one transfer a row, and the holds in it that are still open."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from rewards.ledger.fields import NameField, TransactionIdField
from rewards.ledger.models.accounts import Account

#: What every reader of JSON can hold exactly.
MAX_AMOUNT = 2**53 - 1


class Transfer(models.Model):
    """One row of the journal. A post or capture moves tokens; a hold, release or expire only reserves or frees them."""

    class Kind(models.TextChoices):
        POST = "post", pgettext_lazy("transfer", "이체")
        HOLD = "hold", pgettext_lazy("transfer", "예약")
        CAPTURE = "capture", pgettext_lazy("transfer", "지급")
        RELEASE = "release", pgettext_lazy("transfer", "예약 풀림")
        EXPIRE = "expire", pgettext_lazy("transfer", "예약 만료")
        REVERSE = "reverse", pgettext_lazy("transfer", "되돌림")

    #: Kinds that move tokens; the others only change what is held.
    MOVES = (Kind.POST, Kind.CAPTURE, Kind.REVERSE)

    id = models.BigAutoField(primary_key=True)
    op_id = models.UUIDField()
    leg = models.SmallIntegerField()
    kind = NameField(choices=Kind)
    #: The hold that this row resolves, and the row's place among those that do: (hold, 1) exists at most once.
    hold = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False)
    hold_leg = models.SmallIntegerField(null=True)
    debit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_constraint=False, db_index=False
    )
    credit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", null=True, db_constraint=False, db_index=False
    )
    amount = models.BigIntegerField()
    #: Versions and balances after this row; NULL on an account without a running balance.
    debit_version = models.BigIntegerField(null=True)
    debit_after = models.BigIntegerField(null=True)
    debit_held = models.BigIntegerField(null=True)
    credit_version = models.BigIntegerField(null=True)
    credit_after = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.TextField()
    event_type = models.TextField()
    event_ref = models.TextField()
    #: The row that this one takes back, whole and with its sides swapped.
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reversal", db_constraint=False, db_index=False
    )
    #: Who agreed, where a second person must, and why.
    approved_by = models.TextField(null=True)  # noqa: DJ001 (nobody and nothing are not empty words)
    reason = models.TextField(null=True)  # noqa: DJ001
    xid = TransactionIdField()

    class Meta:
        verbose_name = pgettext_lazy("model", "장부 줄")
        # What must be true of a row is one constraint, transfer_is_sound (sql/0008_sound_rows.sql): nine of them cost
        # four times as much as the insert itself.
        constraints = [
            models.UniqueConstraint(fields=["op_id", "leg"], name="transfer_one_row_per_leg"),
            models.UniqueConstraint(
                fields=["hold", "hold_leg"], condition=Q(hold__isnull=False), name="transfer_hold_resolved_once"
            ),
            models.UniqueConstraint(
                fields=["debit", "debit_version"],
                condition=Q(debit_version__isnull=False),
                name="transfer_debit_version_once",
            ),
            models.UniqueConstraint(
                fields=["credit", "credit_version"],
                condition=Q(credit_version__isnull=False),
                name="transfer_credit_version_once",
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="transfer_reversed_once"
            ),
        ]
        indexes = [
            # Accounts without a running balance are listed by id; each row enters one index per side, never two.
            models.Index(
                fields=["debit", "id"],
                include=["amount"],
                condition=Q(debit_version__isnull=True),
                name="transfer_unversioned_debit",
            ),
            models.Index(
                fields=["credit", "id"],
                include=["amount"],
                condition=Q(credit_version__isnull=True),
                name="transfer_unversioned_credit",
            ),
            # Nearly free to write, because rows come in the order of time; what is asked of it is "what came since". It
            # sums up each run of pages by itself: until then a run is read whole, and VACUUM comes late to large books.
            BrinIndex(fields=["recorded_at"], name="transfer_by_time", autosummarize=True, pages_per_range=64),
            # The sealer asks for the rows of the transactions that have ended since it last looked.
            models.Index(fields=["xid", "id"], name="transfer_by_transaction"),
            models.Index(fields=["id"], condition=Q(effective_at__lt=F("recorded_at")), name="transfer_back_dated"),
            # Back-dated rows are few: a balance by effective time is the recorded one and these.
            models.Index(
                fields=["debit", "effective_at"],
                include=["amount", "recorded_at"],
                condition=Q(effective_at__lt=F("recorded_at")),
                name="transfer_back_dated_debit",
            ),
            models.Index(
                fields=["credit", "effective_at"],
                include=["amount", "recorded_at"],
                condition=Q(effective_at__lt=F("recorded_at")),
                name="transfer_back_dated_credit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.op_id}/{self.leg} {self.kind} {self.amount}"


class OpenHold(models.Model):
    """A hold that is still pending: a projection, gone once the hold is captured, released or expired."""

    key = NameField(primary_key=True)
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    amount = models.BigIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "열린 예약")
        constraints = [models.CheckConstraint(condition=Q(amount__gte=1), name="open_hold_amount_positive")]
        indexes = [models.Index(fields=["expires_at"], name="open_hold_by_expiry")]

    def __str__(self) -> str:
        return self.key
