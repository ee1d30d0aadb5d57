"""What an appliance says too much of, until a person has looked."""

import uuid

from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from consent.parties.models import User
from marketplace.appliances.models.appliances import Appliance


class DayCount(models.Model):
    """How many insights of one kind an appliance brought on one day."""

    appliance = models.ForeignKey(Appliance, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    on = models.DateField()
    insights = models.PositiveIntegerField()

    class Meta:
        verbose_name = pgettext_lazy("model", "하루치 수")
        constraints = [models.UniqueConstraint(fields=["appliance", "kind", "on"], name="day_count_once")]
        indexes = [models.Index(fields=["on"], name="day_count_to_prune")]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"


class StreamFlagQuerySet(models.QuerySet["StreamFlag"]):
    def standing(self) -> "StreamFlagQuerySet":
        """Leave the flags that still hold a stream back: not looked at, or kept."""
        return self.exclude(verdict=StreamFlag.Verdict.CLEARED)

    def waiting(self) -> "StreamFlagQuerySet":
        """Leave the flags nobody has looked at."""
        return self.filter(verdict="")


class StreamFlag(models.Model):
    """One kind of one appliance that is not believed for now: nobody is asked about it, and it earns nothing."""

    class Reason(models.TextChoices):
        TOO_MANY = "too_many", _("하루 한도를 넘었어요")
        FROZEN = "frozen", _("값이 멈춰 있어요")
        TOO_REGULAR = "too_regular", _("너무 규칙적이에요")
        IMPOSSIBLE = "impossible", _("있을 수 없는 값이에요")

    class Verdict(models.TextChoices):
        CLEARED = "cleared", _("괜찮아요")
        KEPT = "kept", _("그대로 막아요")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appliance = models.ForeignKey(Appliance, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=40)
    reason = models.CharField(_("까닭"), max_length=12, choices=Reason)
    #: What it is raised for, in counts and hours; never a value.
    facts = models.JSONField(default=dict, blank=True)
    raised_at = models.DateTimeField()
    verdict = models.CharField(_("판단"), max_length=8, choices=Verdict, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = StreamFlagQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "믿음 깃발")
        verbose_name_plural = pgettext_lazy("models", "믿음 깃발")
        constraints = [
            models.UniqueConstraint(
                fields=["appliance", "kind"], condition=~models.Q(verdict="cleared"), name="stream_flag_stands_once"
            ),
            models.CheckConstraint(
                condition=models.Q(verdict="", decided_at=None, decided_by=None)
                | ~models.Q(verdict="") & models.Q(decided_at__isnull=False, decided_by__isnull=False),
                name="stream_flag_decided_iff_decided_at",
            ),
        ]
        indexes = [models.Index(fields=["verdict", "raised_at"], name="stream_flag_queue")]

    def __str__(self) -> str:
        return f"{self.kind} {self.reason}"

    @property
    def why(self) -> str:
        """Why it was raised, in words, for whoever has to judge it."""
        facts = {"hours": 0, "readings": 0, "times": 0, **self.facts}
        return {
            self.Reason.TOO_MANY: gettext("하루에 올 수 있는 수보다 많이 왔어요."),
            self.Reason.FROZEN: gettext("%(hours)s시간 동안 마지막 자리까지 같은 값만 왔어요 (%(readings)s번)."),
            self.Reason.TOO_REGULAR: gettext("사이가 천 분의 일 초까지 같은 일이 이어서 %(times)s번 왔어요."),
            self.Reason.IMPOSSIBLE: gettext("집에서 잴 수 없는 변화나 크기가 거듭해서 왔어요 (%(times)s번)."),
        }[self.Reason(self.reason)] % facts
