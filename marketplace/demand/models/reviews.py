"""What an admin said of a data request before any household saw it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import User
from marketplace.demand.models.requests import RequestVersion


class Review(models.Model):
    """One verdict on one version. Rows are only ever inserted."""

    class Verdict(models.TextChoices):
        OPENED = "opened", _("열었어요")
        RETURNED = "returned", _("고쳐 달라고 했어요")
        REFUSED = "refused", _("열 수 없다고 했어요")

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(RequestVersion, on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=400, blank=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "검토")
        verbose_name_plural = pgettext_lazy("models", "검토")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="opened") | ~models.Q(reason=""), name="review_says_why_not"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.verdict}"
