"""The books: accounts, their running balances, the journal of transfers, open holds and every attempt.

Only the database functions of this room write these rows; the runtime role may read them. Models here describe,
they do not save (`Wallet` is the one ordinary table).
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household
from rewards.ledger.fields import NameField, TransactionIdField
from rewards.ledger.sealed import Checkpoint, Cosignature, CurrentTransaction, Evidence, Leaf, Liabilities, Node, Share

__all__ = [
    "Account",
    "AccountKind",
    "Attempt",
    "Balance",
    "Checkpoint",
    "Closure",
    "Cosignature",
    "Evidence",
    "Leaf",
    "Liabilities",
    "Node",
    "OpenHold",
    "Repeat",
    "Rollup",
    "Share",
    "Transfer",
    "Wallet",
]

MAX_AMOUNT = 2**53 - 1


class AccountKind(models.TextChoices):
    HOUSEHOLD = "household", pgettext_lazy("account", "가구")
    BUYER = "buyer", pgettext_lazy("account", "구매 기관")
    ESCROW = "escrow", pgettext_lazy("account", "데이터 요청 예치")
    MANUFACTURER = "manufacturer", pgettext_lazy("account", "제조사")
    PROVIDER = "provider", pgettext_lazy("account", "서비스 기관")
    ORDERS = "orders", pgettext_lazy("account", "주문")
    ISSUANCE = "issuance", pgettext_lazy("account", "발행")
    FEES = "fees", pgettext_lazy("account", "수수료")
    GUARANTEE = "guarantee", pgettext_lazy("account", "보증")
    BREAKAGE = "breakage", pgettext_lazy("account", "소멸")


#: Kinds of which there is one account, and its address.
SINGLE_ACCOUNTS = {
    AccountKind.ORDERS: "orders",
    AccountKind.ISSUANCE: "platform:issuance",
    AccountKind.FEES: "platform:fees",
    AccountKind.GUARANTEE: "platform:guarantee",
    AccountKind.BREAKAGE: "platform:breakage",
}
ISSUANCE, FEES, GUARANTEE, BREAKAGE, ORDERS = (
    SINGLE_ACCOUNTS[kind]
    for kind in (
        AccountKind.ISSUANCE,
        AccountKind.FEES,
        AccountKind.GUARANTEE,
        AccountKind.BREAKAGE,
        AccountKind.ORDERS,
    )
)


class Account(models.Model):
    """A place tokens are in. Its address is what the rest of Maru knows; the row never changes."""

    id = models.BigAutoField(primary_key=True)
    address = NameField(unique=True)
    kind = NameField(choices=AccountKind)
    #: False for accounts everybody meets in (issuance, fees, breakage): their balance is the sum of the journal.
    has_balance = models.BooleanField()
    floor = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField()
    xid = TransactionIdField(db_default=CurrentTransaction())

    class Meta:
        verbose_name = pgettext_lazy("model", "계정")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="account_kind_is_known"),
            models.CheckConstraint(
                condition=Q(has_balance=True) | Q(floor__isnull=True), name="account_floor_needs_a_balance"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "id"], name="account_by_kind"),
            models.Index(fields=["xid"], name="account_by_transaction"),
        ]

    def __str__(self) -> str:
        return self.address


class Closure(models.Model):
    """The end of an account: nothing moves in or out any more."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True)
    actor = models.TextField()
    closed_at = models.DateTimeField()
    xid = TransactionIdField(db_default=CurrentTransaction())

    class Meta:
        verbose_name = pgettext_lazy("model", "계정 닫음")
        indexes = [models.Index(fields=["xid"], name="closure_by_transaction")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.closed_at:%Y-%m-%d}"


class Balance(models.Model):
    """Where an account stands after its last row; a projection of the journal, kept under the account's lock."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True)
    debits = models.BigIntegerField(default=0)
    credits = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(null=True)
    version = models.BigIntegerField(default=0)
    is_closed = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "잔액")
        # Its rules are the constraint balance_is_sound (sql/0008_sound_rows.sql).

    def __str__(self) -> str:
        return f"{self.account_id} v{self.version}"


class Rollup(models.Model):
    """What one kind of account took, gave and had held up to one row of the journal: one every so many rows.

    What stood at an instant is the last of these before it, and the few rows that came since.
    """

    pk = models.CompositePrimaryKey("kind", "through")
    kind = NameField()
    through = models.BigIntegerField()
    debits = models.DecimalField(max_digits=30, decimal_places=0)
    credits = models.DecimalField(max_digits=30, decimal_places=0)
    held = models.DecimalField(max_digits=30, decimal_places=0)
    #: When the first row since the one before was recorded, and the last of all rows up to here.
    earliest = models.DateTimeField()
    latest = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "합계")

    def __str__(self) -> str:
        return f"{self.kind} to {self.through}"


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


class Wallet(models.Model):
    """Which account is a household's. The address is random, so that without this row the journal names nobody."""

    household = models.OneToOneField(Household, on_delete=models.PROTECT, primary_key=True, related_name="wallet")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="wallet")

    class Meta:
        verbose_name = pgettext_lazy("model", "지갑")

    def __str__(self) -> str:
        return str(self.household_id)
