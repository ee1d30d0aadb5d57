"""What was done or refused, by whom. Never a payload."""

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy


class AuditEntry(models.Model):
    """One line of the audit trail; the database refuses to change or delete it."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    outcome = models.CharField(max_length=60, default="done")
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("model", "감사 기록")
        verbose_name_plural = pgettext_lazy("models", "감사 기록")
        indexes = [models.Index(fields=["subject", "-at"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} {self.action} {self.outcome}"
