"""What buyers are told: written with the deed, sent afterwards, never with data."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Organisation


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def active(self) -> "WebhookEndpointQuerySet":
        return self.filter(disabled_at=None)


class WebhookEndpoint(models.Model):
    """Where one buyer wants to hear that something happened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="webhook_endpoints")
    url = models.URLField(max_length=300)
    secret = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "웹훅 주소")

    def __str__(self) -> str:
        return f"{self.pk}"


class OutboxMessageQuerySet(models.QuerySet["OutboxMessage"]):
    def due(self, at: datetime) -> "OutboxMessageQuerySet":
        """Leave the messages whose next attempt has come."""
        return self.filter(state=OutboxMessage.State.WAITING, next_attempt_at__lte=at)


class OutboxMessage(models.Model):
    """One message to one endpoint: sent at least once, tried ten times, then parked."""

    class State(models.TextChoices):
        WAITING = "waiting", _("기다려요")
        SENT = "sent", _("보냈어요")
        PARKED = "parked", _("멈췄어요")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="messages")
    type = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    body = models.JSONField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()

    objects = OutboxMessageQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "보낼 소식")
        indexes = [models.Index(fields=["next_attempt_at"], condition=models.Q(state="waiting"), name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.type} {self.state}"

    def set_taken(self, *, until: datetime) -> None:
        """Count one attempt and keep other senders away while it is made."""
        self.attempts, self.next_attempt_at = self.attempts + 1, until
        self.save(update_fields=["attempts", "next_attempt_at"])

    def set_next_attempt(self, at: datetime) -> None:
        self.next_attempt_at = at
        self.save(update_fields=["next_attempt_at"])

    def set_state(self, state: str) -> None:
        self.state = state
        self.save(update_fields=["state"])
