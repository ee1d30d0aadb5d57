"""What rules remember, what they concluded, what that was drawn from, and who said that it is wrong. Never a value."""

import uuid
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household, User
from marketplace.appliances.models import Appliance
from marketplace.insights.models.insights import Insight
from marketplace.insights.models.vault import SealedObject


class RuleMemoryQuerySet(models.QuerySet["RuleMemory"]):
    def unused_since(self, day: date) -> "RuleMemoryQuerySet":
        """Leave the memories that nothing was added to since a day."""
        return self.filter(touched_on__lt=day)


class RuleMemory(models.Model):
    """What the rules remember of one appliance, or of a home as a whole; all of it sealed in `box`.

    The key of the box is an object of the vault: whoever shreds it destroys the memory, and the database takes the row
    along.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="+", db_index=False)
    appliance = models.ForeignKey(Appliance, on_delete=models.PROTECT, null=True, related_name="+")
    sealed = models.OneToOneField(SealedObject, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    box = models.BinaryField()
    touched_on = models.DateField()

    objects = RuleMemoryQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "규칙의 기억")
        constraints = [
            models.UniqueConstraint(fields=["household", "appliance"], nulls_distinct=False, name="rule_memory_once")
        ]
        indexes = [models.Index(fields=["touched_on"], name="rule_memory_to_forget")]

    def __str__(self) -> str:
        return f"{self.household_id} {self.appliance_id or ''}".strip()


class Conclusion(models.Model):
    """That an insight was concluded by a rule of Maru's, and by which version of it."""

    insight = models.OneToOneField(
        Insight, on_delete=models.PROTECT, primary_key=True, related_name="conclusion"
    )  # fmt: skip
    rule = models.CharField(_("규칙"), max_length=40)
    version = models.PositiveSmallIntegerField(_("판"))
    at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "규칙이 알아챈 일")
        indexes = [models.Index(fields=["at", "rule", "version"], name="conclusion_to_count")]

    def __str__(self) -> str:
        return f"{self.rule}@{self.version}"


class Evidence(models.Model):
    """One stream that a conclusion was drawn from: what is said of the stream holds for the conclusion too."""

    conclusion = models.ForeignKey(Conclusion, on_delete=models.PROTECT, related_name="evidence", db_index=False)
    appliance = models.ForeignKey(Appliance, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=40)

    class Meta:
        verbose_name = pgettext_lazy("model", "규칙의 근거")
        constraints = [
            models.UniqueConstraint(fields=["conclusion", "appliance", "kind"], name="evidence_names_a_stream_once")
        ]
        indexes = [models.Index(fields=["appliance", "kind"], name="evidence_by_stream")]

    def __str__(self) -> str:
        return self.kind


class WrongWord(models.Model):
    """A member's word that a conclusion is wrong. It only grows, is counted by rule, and teaches no model."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    insight = models.OneToOneField(Insight, on_delete=models.PROTECT, related_name="wrong_word")
    member = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("알아챈 일"), max_length=40)
    rule = models.CharField(_("규칙"), max_length=40, blank=True)
    version = models.PositiveSmallIntegerField(_("판"), null=True)
    at = models.DateTimeField(_("때"))

    class Meta:
        verbose_name = pgettext_lazy("model", "틀렸다는 말")
        verbose_name_plural = pgettext_lazy("models", "틀렸다는 말")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rule="", version=None) | ~models.Q(rule="") & models.Q(version__isnull=False),
                name="wrong_word_names_a_rule_with_its_version",
            ),
        ]
        indexes = [models.Index(fields=["kind", "rule"], name="wrong_word_by_rule")]

    def __str__(self) -> str:
        return f"{self.kind} {self.rule}".strip()
