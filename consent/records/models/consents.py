"""What came of an ask, for ever: the consent, its end, and the signed receipts of both."""

import uuid
from datetime import datetime

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household, Organisation, User
from consent.records.models.asks import Ask


def in_force(at: datetime, *, of: str = "") -> models.Q:
    """Return the condition under which a buyer may read at `at`, for whatever reaches a consent by the path `of`.

    Args:
        of: as Django writes it, with its last underscores: `consent__`, or nothing for the consent itself.
    """
    given = {f"{of}verdict": Consent.Verdict.GIVEN, f"{of}ends_at__gt": at, f"{of}end": None}
    return models.Q(**given)


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, user: object) -> "ConsentQuerySet":
        """Leave the consents of this person's household, without those on other members' own appliances."""
        return self.filter(ask__in=Ask.objects.visible_to(user))

    def in_force(self, at: datetime) -> "ConsentQuerySet":
        """Leave the consents a buyer may still read under; no clock has to have run."""
        return self.filter(in_force(at))


class Consent(models.Model):
    """The outcome of one ask. Rows are only ever inserted."""

    class Verdict(models.TextChoices):
        GIVEN = "given", _("허락")
        REFUSED = "refused", _("거절")

    class State(models.TextChoices):
        GIVEN = "given", _("허락 중")
        REFUSED = "refused", _("거절")
        WITHDRAWN = "withdrawn", _("철회")
        REVOKED = "revoked", _("거두어짐")
        EXPIRED = "expired", _("기한이 지남")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ask = models.OneToOneField(Ask, on_delete=models.PROTECT, related_name="consent")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="consents")
    recipient = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="consents")
    verdict = models.CharField(max_length=10, choices=Verdict)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents")
    at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    payload_digest = models.CharField(max_length=64, blank=True)
    notice_version = models.PositiveSmallIntegerField()
    notice_locale = models.CharField(max_length=5)
    notice_sha256 = models.CharField(max_length=64)
    op_id = models.UUIDField(null=True, unique=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "허락 기록")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="refused", ends_at=None, op_id=None, payload_digest="")
                | models.Q(verdict="given", ends_at__isnull=False, op_id__isnull=False) & ~models.Q(payload_digest=""),
                name="consent_given_iff_it_has_an_end_a_digest_and_a_payment",
            ),
        ]
        indexes = [
            models.Index(fields=["household", "-at"], name="consent_history"),
            # Auditors look at a period of all homes; rows come nearly in the order of time.
            BrinIndex(fields=["at"], name="consent_of_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.verdict}"

    def state(self, at: datetime) -> str:
        """Return the state at `at`. Needs `end` loaded by select_related."""
        if self.verdict == self.Verdict.REFUSED:
            return self.State.REFUSED
        end = getattr(self, "end", None)
        if end is not None:
            return str(end.reason)
        return self.State.EXPIRED if self.ends_at is None or self.ends_at <= at else self.State.GIVEN


class ConsentEnd(models.Model):
    """The moment a given consent stopped, and who stopped it. Rows are only ever inserted."""

    class Reason(models.TextChoices):
        WITHDRAWN = "withdrawn", _("철회")
        REVOKED = "revoked", _("거두어짐")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="end")
    reason = models.CharField(max_length=10, choices=Reason)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = pgettext_lazy("model", "허락의 끝")

    def __str__(self) -> str:
        return f"{self.consent_id} {self.reason}"


class Receipt(models.Model):
    """A signed record of one act on one consent. Rows are only ever inserted."""

    class Act(models.TextChoices):
        GIVEN = "given", _("허락")
        REFUSED = "refused", _("거절")
        WITHDRAWN = "withdrawn", _("철회")
        REVOKED = "revoked", _("거두어짐")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    act = models.CharField(max_length=10, choices=Act)
    body = models.BinaryField()
    signature = models.TextField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "영수증")
        constraints = [
            # With the id in it, whoever only names a receipt never touches its long row.
            models.UniqueConstraint(fields=["consent", "act"], include=["id"], name="receipt_once_per_act"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.act}"
