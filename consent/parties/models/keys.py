"""Keys that machines carry. A key can send and read; it can never approve."""

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models.households import Household
from consent.parties.models.organisations import Organisation


class MachineKeyQuerySet(models.QuerySet["MachineKey"]):
    def open(self, at: datetime) -> "MachineKeyQuerySet":
        """Leave the keys that still open something at `at`: neither revoked nor past their end."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=at), revoked_at=None)


class MachineKey(models.Model):
    """A bearer key of one organisation or one household's hub; only the SHA-256 of its secret is kept."""

    class Scope(models.TextChoices):
        INGEST = "ingest", _("알아챈 일 보내기")
        RECORDS = "records", _("기록 읽기")
        REQUESTS = "requests", _("데이터 요청 쓰기")
        AUDIT = "audit", _("장부 읽기")

    #: What a buyer may give to a key of its own.
    FOR_BUYERS = (Scope.RECORDS, Scope.REQUESTS)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    prefix = models.CharField(max_length=8, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    label = models.CharField(max_length=60)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope))
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="keys")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, null=True, related_name="keys")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = MachineKeyQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "열쇠")
        verbose_name_plural = pgettext_lazy("models", "열쇠")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(organisation__isnull=True) ^ models.Q(household__isnull=True),
                name="machine_key_belongs_to_one_party",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix})"
