"""What a household decided beforehand. There is a standing no; there is no standing yes."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household, Organisation


class Preference(models.Model):
    """How often and when a household wants to be asked."""

    household = models.OneToOneField(Household, on_delete=models.PROTECT, primary_key=True, related_name="preference")
    paused = models.BooleanField(_("모든 질문 멈추기"), default=False)
    asks_per_week = models.PositiveSmallIntegerField(_("한 주 질문 수"), default=5)
    quiet_from = models.TimeField(_("조용한 시간, 부터"), null=True, blank=True)
    quiet_to = models.TimeField(_("조용한 시간, 까지"), null=True, blank=True)
    min_tokens = models.PositiveIntegerField(_("이보다 적으면 여쭤보지 않기"), default=0)

    class Meta:
        verbose_name = pgettext_lazy("model", "우리 집이 정한 선")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_to=None)
                | models.Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="preference_quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household_id}"


class StandingNo(models.Model):
    """One topic, or one organisation, that this household never wants to be asked about."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="standing_nos")
    topic = models.CharField(max_length=20, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "절대 나누지 않을 것")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(topic="", organisation__isnull=False)
                | ~models.Q(topic="") & models.Q(organisation=None),
                name="standing_no_names_one_thing",
            ),
            models.UniqueConstraint(
                fields=["household", "topic", "organisation"], nulls_distinct=False, name="standing_no_said_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.topic or self.organisation_id}"
