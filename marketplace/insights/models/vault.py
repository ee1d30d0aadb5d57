"""Sealed payloads and, in a table of their own, the wrapped keys that open them."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SealedObject(models.Model):
    """One payload under its own data key. Everything here but the ciphertext is part of what the seal vouches for."""

    class Purpose(models.TextChoices):
        INSIGHT = "insight", _("알아챈 일")
        RELEASE = "release", _("전달하는 사본")
        TWIN = "twin", _("가전의 한 달을 여는 열쇠")
        MEMORY = "memory", _("규칙의 기억을 여는 열쇠")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose)
    household_id = models.UUIDField()
    subject_id = models.UUIDField()
    nonce = models.BinaryField(max_length=12)
    ciphertext = models.BinaryField()

    class Meta:
        verbose_name = pgettext_lazy("model", "봉한 것")

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class DataKey(models.Model):
    """The data key of one sealed object, wrapped by the key of an epoch. Deleting it destroys the payload."""

    # Written with the object in one act: to look for it again at the commit would find it always, and lock it.
    sealed = models.OneToOneField(
        SealedObject, on_delete=models.CASCADE, primary_key=True, related_name="data_key", db_constraint=False
    )
    epoch = models.CharField(max_length=20)
    nonce = models.BinaryField(max_length=12)
    wrapped = models.BinaryField()
    commitment = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = pgettext_lazy("model", "데이터 열쇠")
        indexes = [models.Index(fields=["epoch", "sealed"], name="data_key_by_epoch")]

    def __str__(self) -> str:
        return f"{self.sealed_id} {self.epoch}"


class KeyEpochQuerySet(models.QuerySet["KeyEpoch"]):
    def to_destroy(self, at: datetime) -> "KeyEpochQuerySet":
        """Leave the epochs whose key should be gone at `at`."""
        return self.filter(ends_at__lte=at, destroyed_at=None)


class KeyEpoch(models.Model):
    """When a key-encryption key was made, when it was to end, and when it was destroyed. The key is in a file."""

    name = models.CharField(max_length=20, primary_key=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    objects = KeyEpochQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "열쇠의 때")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(destroyed_at=None) | models.Q(ends_at__isnull=False),
                name="key_epoch_ends_before_it_is_destroyed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def set_destroyed(self, at: datetime) -> None:
        self.destroyed_at = at
        self.save(update_fields=["destroyed_at"])
