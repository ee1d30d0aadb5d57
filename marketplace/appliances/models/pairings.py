"""What a home has let in, the keys it speaks with, and the codes and messages that may be used once."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household, MachineKey, User
from marketplace.appliances.models.appliances import Appliance


class PairingCodeQuerySet(models.QuerySet["PairingCode"]):
    def waiting(self, at: datetime) -> "PairingCodeQuerySet":
        """Leave the codes that somebody may still come in with."""
        return self.filter(redeemed_at=None, cancelled_at=None, expires_at__gt=at)


class PairingCode(models.Model):
    """One invitation: who holds the code within ten minutes may speak for this home. Only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code_hash = models.CharField(max_length=64, unique=True)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="pairing_codes")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=60)
    #: Empty for a hub, which speaks on behalf of appliances.
    type = models.CharField(max_length=20, choices=Appliance.Type, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    pairing = models.OneToOneField("Pairing", on_delete=models.PROTECT, null=True, related_name="code")

    objects = PairingCodeQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "들이는 코드")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(redeemed_at=None, pairing=None)
                | models.Q(redeemed_at__isnull=False, pairing__isnull=False),
                name="pairing_code_redeemed_iff_paired",
            ),
        ]
        indexes = [
            models.Index(fields=["household", "asked_at"], name="pairing_code_by_home"),
            models.Index(fields=["expires_at"], name="pairing_code_to_prune"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def is_waiting(self, at: datetime) -> bool:
        return self.redeemed_at is None and self.cancelled_at is None and at < self.expires_at

    def set_redeemed(self, pairing: "Pairing", *, at: datetime) -> None:
        self.pairing, self.redeemed_at = pairing, at
        self.save(update_fields=["pairing", "redeemed_at"])


class Pairing(models.Model):
    """A hub that speaks on behalf of a home's appliances, or an appliance that speaks for itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="pairings")
    appliance = models.ForeignKey(Appliance, on_delete=models.PROTECT, null=True, related_name="pairings")
    label = models.CharField(max_length=60)
    paired_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = pgettext_lazy("model", "들인 것")
        indexes = [models.Index(fields=["household", "paired_at"], name="pairing_by_home")]

    def __str__(self) -> str:
        return self.label


class Assurance(models.TextChoices):
    """How sure one can be who said it. A hub proves that it is the hub, not what hangs on it."""

    SIGNED = "signed", _("가전이 스스로 서명했어요")
    BEARER = "bearer", _("가전이 제 열쇠로 보냈어요")
    HUB_SIGNED = "hub_signed", _("허브가 대신 전하며 서명했어요")
    HUB_BEARER = "hub_bearer", _("허브가 제 열쇠로 대신 전했어요")


class PairedKeyQuerySet(models.QuerySet["PairedKey"]):
    def open(self, at: datetime) -> "PairedKeyQuerySet":
        """Leave the keys that still open something at `at`, signing or carried."""
        signing = models.Q(machine_key=None, revoked_at=None) & (
            models.Q(expires_at=None) | models.Q(expires_at__gt=at)
        )
        carried = models.Q(machine_key__isnull=False, machine_key__revoked_at=None) & (
            models.Q(machine_key__expires_at=None) | models.Q(machine_key__expires_at__gt=at)
        )
        return self.filter(signing | carried)


class PairedKey(models.Model):
    """One key of a pairing: the public half of one that signs, or a machine key that is carried.

    A carried key ends where it is kept, in `MachineKey`. A public key is bound to its home for good, even when it was
    revoked: only handing the appliance on releases it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pairing = models.ForeignKey(Pairing, on_delete=models.PROTECT, related_name="keys")
    public_key = models.BinaryField(max_length=32, null=True)
    machine_key = models.OneToOneField(MachineKey, on_delete=models.PROTECT, null=True, related_name="paired")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = PairedKeyQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "들인 것의 열쇠")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(public_key__isnull=True) ^ models.Q(machine_key__isnull=True),
                name="paired_key_signs_or_is_carried",
            ),
            models.CheckConstraint(
                condition=models.Q(machine_key=None) | models.Q(expires_at=None, revoked_at=None),
                name="paired_key_carried_ends_where_it_is_kept",
            ),
            models.CheckConstraint(
                condition=models.Q(released_at=None) | models.Q(revoked_at__isnull=False) | models.Q(public_key=None),
                name="paired_key_released_is_revoked",
            ),
            models.UniqueConstraint(
                fields=["public_key"],
                condition=models.Q(released_at=None, public_key__isnull=False),
                name="paired_key_one_home_per_public_key",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def signs(self) -> bool:
        return self.public_key is not None

    @property
    def assurance(self) -> Assurance:
        if self.pairing.appliance_id is None:
            return Assurance.HUB_SIGNED if self.signs else Assurance.HUB_BEARER
        return Assurance.SIGNED if self.signs else Assurance.BEARER


class SeenMessage(models.Model):
    """The id of one signed request that was taken in, hashed; it stays until its timestamp is refused anyway."""

    key = models.ForeignKey(PairedKey, on_delete=models.CASCADE, related_name="+")
    message_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "받은 묶음 번호")
        constraints = [models.UniqueConstraint(fields=["key", "message_sha256"], name="seen_message_once_per_key")]
        indexes = [models.Index(fields=["at"], name="seen_message_to_prune")]

    def __str__(self) -> str:
        return f"{self.key_id} {self.at}"


class MissedCode(models.Model):
    """One try to come in with a code, by a keyed hash of where it came from; a right one is taken off again."""

    caller_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "빗나간 코드")
        indexes = [
            models.Index(fields=["caller_hash", "at"], name="missed_code_by_caller"),
            models.Index(fields=["at"], name="missed_code_to_prune"),
        ]

    def __str__(self) -> str:
        return str(self.at)
