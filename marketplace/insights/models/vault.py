"""Sealed payloads and, in a table of their own, the wrapped keys that open them."""

import uuid

from django.db import models


class SealedObject(models.Model):
    """One payload under its own data key. Everything here but the ciphertext is part of what the seal vouches for."""

    class Purpose(models.TextChoices):
        INSIGHT = "insight", "알아챈 일"
        RELEASE = "release", "전달하는 사본"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose)
    household_id = models.UUIDField()
    subject_id = models.UUIDField()
    nonce = models.BinaryField(max_length=12)
    ciphertext = models.BinaryField()

    class Meta:
        verbose_name = "봉한 것"

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class DataKey(models.Model):
    """The data key of one sealed object, wrapped by the key of an epoch. Deleting it destroys the payload."""

    sealed = models.OneToOneField(SealedObject, on_delete=models.CASCADE, primary_key=True, related_name="data_key")
    epoch = models.CharField(max_length=20)
    nonce = models.BinaryField(max_length=12)
    wrapped = models.BinaryField()
    commitment = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = "데이터 열쇠"
        indexes = [models.Index(fields=["epoch", "sealed"], name="data_key_by_epoch")]

    def __str__(self) -> str:
        return f"{self.sealed_id} {self.epoch}"
