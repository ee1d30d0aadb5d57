"""One thing that an appliance noticed. Its values are in the vault; this row says only that it happened."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household
from marketplace.appliances.models import Appliance, Assurance
from marketplace.insights.models.vault import SealedObject


class InsightQuerySet(models.QuerySet["Insight"]):
    def kept_too_long(self, since: datetime) -> "InsightQuerySet":
        """Leave the insights that came before `since` and are still sealed."""
        return self.filter(sealed__isnull=False, received_at__lte=since)


class Insight(models.Model):
    """One edge-derived event of one appliance, sealed at once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Both are the first column of an index below: one of their own would be written for every insight and read by none.
    # Whoever stores it holds both rows, and neither ever goes: docs/decisions/0027.
    appliance = models.ForeignKey(
        Appliance, on_delete=models.PROTECT, related_name="insights", db_index=False, db_constraint=False
    )
    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="insights", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=40)
    event_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    # Sealed in the very act that writes this row, as the key of the vault is: nothing is left to look for.
    sealed = models.OneToOneField(
        SealedObject, on_delete=models.SET_NULL, null=True, related_name="insight", db_constraint=False
    )
    #: Also sealed with what was said. Empty for what came before it was noted here.
    assurance = models.CharField(
        _("알려 온 길"), max_length=10, choices=Assurance, blank=True, default="", db_default=""
    )
    received_at = models.DateTimeField()

    objects = InsightQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "알아챈 일")
        verbose_name_plural = pgettext_lazy("models", "알아챈 일")
        constraints = [models.UniqueConstraint(fields=["appliance", "event_hash"], name="insight_once_per_event")]
        indexes = [
            models.Index(fields=["household", "-received_at"], name="insight_by_household"),
            models.Index(fields=["received_at"], condition=models.Q(sealed__isnull=False), name="insight_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class WaitingQuerySet(models.QuerySet["Waiting"]):
    def due(self, at: datetime) -> "WaitingQuerySet":
        """Leave what may be asked about by now."""
        return self.filter(ask_after__lte=at)


class Waiting(models.Model):
    """The work list of matching: an insight nobody has looked at yet. Looked at, its row goes.

    A table of its own, and a narrow one: to mark it in the insight's own row wrote that row again with all its
    indexes, which took longer than the matching itself.
    """

    # Written together with the insight, whose row never goes: to look for it again at the commit would find it always.
    insight = models.OneToOneField(
        Insight, on_delete=models.CASCADE, primary_key=True, related_name="waiting", db_constraint=False
    )
    ask_after = models.DateTimeField()

    objects = WaitingQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "살펴볼 일")
        indexes = [models.Index(fields=["ask_after"], name="waiting_by_time")]

    def __str__(self) -> str:
        return f"{self.insight_id}"
