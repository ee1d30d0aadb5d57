"""Accounts: what they are called, where each stands, when it ends, and whose it is."""

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household
from rewards.ledger.fields import CurrentTransaction, NameField, TransactionIdField


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


class Wallet(models.Model):
    """Which account is a household's. The address is random, so that without this row the journal names nobody."""

    household = models.OneToOneField(Household, on_delete=models.PROTECT, primary_key=True, related_name="wallet")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="wallet")

    class Meta:
        verbose_name = pgettext_lazy("model", "지갑")

    def __str__(self) -> str:
        return str(self.household_id)
