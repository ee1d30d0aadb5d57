"""Gifts: tokens that one home gives to another, and the numbers under which homes take them."""

import secrets
import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household, User
from rewards.redemption.models.orders import VOUCHER_SIGNS

GIFT_SIGNS, GROUP = 12, 4


def new_gift_code() -> str:
    """Return twelve random signs, about 59 bits: told by a home to whom it likes, and guessed by nobody."""
    return "".join(secrets.choice(VOUCHER_SIGNS) for _ in range(GIFT_SIGNS))


class GiftAddressQuerySet(models.QuerySet["GiftAddress"]):
    def open_to(self, giver: Household) -> "GiftAddressQuerySet":
        """Leave the numbers under which this home may give: none that was stopped, is closed, or its own."""
        takes = self.filter(stopped_at=None, household__wallet__account__closure=None)
        return takes.exclude(household=giver).filter(household__wallet__isnull=False).select_related("household")


class GiftAddress(models.Model):
    """The number under which a home takes gifts. It can be changed, and Maru can stop a home from giving and taking."""

    household = models.OneToOneField(
        Household, on_delete=models.PROTECT, primary_key=True, related_name="gift_address", verbose_name=_("가구")
    )
    code = models.CharField(_("선물 번호"), max_length=GIFT_SIGNS, unique=True, default=new_gift_code)
    changed_at = models.DateTimeField(_("바꾼 때"))
    stopped_at = models.DateTimeField(_("멈춘 때"), null=True, blank=True)

    objects = GiftAddressQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "선물 번호")
        verbose_name_plural = pgettext_lazy("models", "선물 번호")

    def __str__(self) -> str:
        return str(self.household_id)

    @property
    def shown(self) -> str:
        """Return the number as it is read aloud."""
        return " ".join(self.code[place : place + GROUP] for place in range(0, GIFT_SIGNS, GROUP))


class GiftQuerySet(models.QuerySet["Gift"]):
    def lock(self, gift_id: uuid.UUID) -> "Gift":
        rows = self.select_for_update(of=("self",), no_key=True)
        return rows.select_related("giver", "taker").get(pk=gift_id)

    def of(self, household: Household) -> "GiftQuerySet":
        """Leave what a home gave and what it was given."""
        return self.filter(Q(giver=household) | Q(taker=household))

    def visible_to(self, user: object) -> "GiftQuerySet":
        """Leave the gifts of this person's household; a child's wallet is shown to nobody of its age."""
        membership = getattr(user, "membership", None)
        if membership is None or membership.role == membership.Role.CHILD:
            return self.none()
        return self.of(membership.household)


class Gift(models.Model):
    """Tokens one home gave to another. It is not undone; who got it may return it once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    giver = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="gifts_given")
    taker = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="gifts_taken")
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    tokens = models.PositiveBigIntegerField()
    words = models.CharField(max_length=100, blank=True)
    #: The number that was typed; homes change theirs, and a retry must still be known again.
    code = models.CharField(max_length=GIFT_SIGNS)
    given_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    idempotency_key = models.CharField(max_length=200, blank=True)

    objects = GiftQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "선물")
        constraints = [
            models.CheckConstraint(condition=Q(tokens__gte=1), name="gift_of_something"),
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="gift_to_another_home"),
            models.CheckConstraint(
                condition=Q(returned_at=None, returned_by=None)
                | Q(returned_at__isnull=False, returned_by__isnull=False),
                name="gift_returned_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["giver", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="gift_once_per_idempotency_key",
            ),
        ]
        indexes = [
            models.Index(fields=["giver", "-given_at"], name="gift_by_giver"),
            models.Index(fields=["taker", "-given_at"], name="gift_by_taker"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def reference(self) -> str:
        """Name of this gift in the journal."""
        return f"gift:{self.pk}"
