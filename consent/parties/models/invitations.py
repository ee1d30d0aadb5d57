"""Invitations into a home."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models.households import Household, Membership
from consent.parties.models.people import User


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, at: datetime) -> "InvitationQuerySet":
        """Leave the invitations that somebody may still follow; their inviter is an adult there to this day."""
        theirs = self.filter(
            invited_by__membership__household=models.F("household"),
            invited_by__membership__role=Membership.Role.ADULT,
        )
        return theirs.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=at)


class Invitation(models.Model):
    """One adult's word that one more person may join their home; only the SHA-256 of its code is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(pgettext_lazy("field", "자리"), max_length=10, choices=Membership.Role)
    label = models.CharField(_("누구에게"), max_length=60)
    code_sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "초대")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(role=Membership.Role.CHILD), name="invitation_is_for_those_of_fourteen"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_by=None, accepted_at=None)
                | models.Q(accepted_by__isnull=False, accepted_at__isnull=False),
                name="invitation_accepted_iff_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(withdrawn_at=None), name="invitation_ends_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.get_role_display()})"

    def set_accepted(self, *, by: User, at: datetime) -> None:
        self.accepted_by, self.accepted_at = by, at
        self.save(update_fields=["accepted_by", "accepted_at"])

    def set_withdrawn(self, *, at: datetime) -> None:
        self.withdrawn_at = at
        self.save(update_fields=["withdrawn_at"])
