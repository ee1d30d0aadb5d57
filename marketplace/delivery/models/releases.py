"""A buyer's right to read one record, every time it was used, and the proof that it was erased."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Organisation
from consent.records.models import Consent, in_force
from marketplace.demand.models import DataRequest
from marketplace.insights.models import SealedObject


def readable(at: datetime, *, of: str = "") -> models.Q:
    """Return the one condition under which a record may be read at `at`; no clock has to have run.

    Lists, figures and the door itself ask this very question. Who reads is a question of its own.

    Args:
        of: the path to the release, as Django writes it with its last underscores; nothing for the release itself.
    """
    return _lasting(at, of=of) & in_force(at, of=f"{of}consent__")


def _lasting(at: datetime, *, of: str = "") -> models.Q:
    return models.Q(**{f"{of}closed_at": None, f"{of}erase_at__gt": at})


class ReleaseQuerySet(models.QuerySet["Release"]):
    def lasting(self, at: datetime) -> "ReleaseQuerySet":
        """Leave the releases that their own rows do not rule out at `at`: all that is readable, and hardly more.

        The door asks the whole question again, with the rows locked.
        """
        return self.filter(_lasting(at))

    def past_end(self, at: datetime) -> "ReleaseQuerySet":
        """Leave the releases that nobody may read any more, but whose copy still stands."""
        return self.filter(closed_at=None, erase_at__lte=at)

    def lock(self) -> "ReleaseQuerySet":
        """Lock the rows until the transaction ends: reading and closing one release have exactly one order."""
        return self.select_for_update(of=("self",), no_key=True)

    def lock_unlocked(self) -> "ReleaseQuerySet":
        """Lock the rows that nobody else holds, and leave out the others."""
        return self.select_for_update(of=("self",), no_key=True, skip_locked=True)

    def set_closed(self, because: str, *, at: datetime) -> None:
        """Close for good and let go of the copies; the caller destroys them in the same transaction."""
        self.update(sealed=None, closed_at=at, closed_because=because)


class Release(models.Model):
    """One record that one buyer may read until `erase_at`. Whether it may be read now is decided at the one door."""

    class Closed(models.TextChoices):
        WITHDRAWN = "withdrawn", _("철회")
        REVOKED = "revoked", _("거두어짐")
        EXPIRED = "expired", _("보관 끝")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="release")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="releases")
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    sealed = models.OneToOneField(SealedObject, on_delete=models.SET_NULL, null=True, related_name="release")
    payload_digest = models.CharField(max_length=64)
    opened_at = models.DateTimeField()
    erase_at = models.DateTimeField()
    first_read_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=10, choices=Closed, blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "전달")
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="release_numbered_once"),
            models.CheckConstraint(
                condition=models.Q(closed_at=None, closed_because="")
                | models.Q(closed_at__isnull=False) & ~models.Q(closed_because=""),
                name="release_closed_for_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) | models.Q(sealed=None), name="release_closed_keeps_no_copy"
            ),
        ]
        indexes = [
            models.Index(fields=["erase_at"], condition=models.Q(closed_at=None), name="release_to_close"),
            # The door walks along it: what was closed, however much, costs no later page anything.
            models.Index(fields=["request", "number"], condition=models.Q(closed_at=None), name="release_to_read"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class Access(models.Model):
    """One read of one record by a buyer. Rows are only ever inserted, and committed before the bytes leave."""

    id = models.BigAutoField(primary_key=True)
    # The door locked the release before it wrote this row, and releases never go: the database need not look again.
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, related_name="accesses", db_index=False, db_constraint=False
    )
    reader = models.CharField(max_length=80)
    path = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "읽음")
        indexes = [models.Index(fields=["release", "-at"], name="access_by_release")]

    def __str__(self) -> str:
        return f"{self.release_id} {self.at:%Y-%m-%d %H:%M}"


class Erasure(models.Model):
    """A buyer's duty to erase what it read, and its word that it did."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="erasure")
    due_at = models.DateTimeField()
    attested_at = models.DateTimeField(null=True)
    attested_by = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("model", "지움")
        verbose_name_plural = pgettext_lazy("models", "지움")
        indexes = [models.Index(fields=["due_at"], condition=models.Q(attested_at=None), name="erasure_due")]

    def __str__(self) -> str:
        return f"{self.release_id}"

    def set_attested(self, *, by: str, at: datetime) -> None:
        self.attested_at, self.attested_by = at, by
        self.save(update_fields=["attested_at", "attested_by"])
