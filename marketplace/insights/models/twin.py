"""The twin: what an appliance said last, and for a season what it said, for its own home alone and sealed.

One key per appliance and month seals everything of that month. The key is an object of the vault, so whoever shreds
it destroys the month, and the database takes the rows along.
"""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.appliances.models import Appliance
from marketplace.insights.models.vault import SealedObject


class TwinBook(models.Model):
    """One appliance's month (UTC), and the sealed key to everything the twin keeps of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appliance = models.ForeignKey(Appliance, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField()
    # The database cascades: shredding the key takes the book with its pages, whoever does it.
    sealed = models.OneToOneField(SealedObject, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")

    class Meta:
        verbose_name = _("가전의 한 달")
        constraints = [models.UniqueConstraint(fields=["appliance", "month"], name="twin_book_once_per_month")]
        indexes = [models.Index(fields=["month"], name="twin_book_to_close")]

    def __str__(self) -> str:
        return f"{self.appliance_id} {self.month:%Y-%m}"


class TwinState(models.Model):
    """What one appliance said last of one kind (and zone); the value itself is in `box`."""

    pk = models.CompositePrimaryKey("appliance_id", "kind", "zone")
    appliance = models.ForeignKey(Appliance, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=40)
    zone = models.CharField(max_length=20, blank=True)
    book = models.ForeignKey(
        TwinBook, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    observed_at = models.DateTimeField()
    heard_at = models.DateTimeField()
    #: How late its values come, at the least; a clock that is off shows here.
    lag_s = models.FloatField(null=True)
    box = models.BinaryField()

    class Meta:
        verbose_name = _("가전의 지금")
        indexes = [models.Index(fields=["book"], name="twin_state_by_book")]

    def __str__(self) -> str:
        return f"{self.appliance_id} {self.kind} {self.zone}".strip()


class TwinPage(models.Model):
    """One stream's hour of numbers, its day with a summary of each hour, or its day of words; divided by month."""

    class Span(models.TextChoices):
        HOUR = "hour", _("한 시간")
        DAY = "day", pgettext_lazy("range", "하루")
        WORD = "word", _("하루의 말")

    pk = models.CompositePrimaryKey("book_id", "kind", "zone", "span", "begins_at")
    book = models.ForeignKey(
        TwinBook, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=40)
    zone = models.CharField(max_length=20, blank=True)
    span = models.CharField(max_length=4, choices=Span)
    begins_at = models.DateTimeField()
    box = models.BinaryField()

    class Meta:
        verbose_name = _("가전이 한 말")

    def __str__(self) -> str:
        return f"{self.book_id} {self.kind} {self.begins_at}"
