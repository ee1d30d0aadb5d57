"""Homes and the people who live in them."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models.areas import Area
from consent.parties.models.people import User


class Household(models.Model):
    """A home whose members decide together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("이름"), max_length=60)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, verbose_name=_("동네"))
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = pgettext_lazy("model", "가구")
        verbose_name_plural = pgettext_lazy("models", "가구")

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def adults(self) -> "MembershipQuerySet":
        return self.filter(role=Membership.Role.ADULT)

    def living(self) -> "MembershipQuerySet":
        """Leave the places of people; that of somebody who left stays only for what points at it."""
        return self.filter(user__is_active=True)


class Membership(models.Model):
    """One person's place in one household."""

    class Role(models.TextChoices):
        ADULT = "adult", _("어른")
        TEEN = "teen", _("14세 이상 청소년")
        CHILD = "child", _("14세 미만")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="memberships")
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="membership")
    role = models.CharField(max_length=10, choices=Role)
    since = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "식구")
        verbose_name_plural = pgettext_lazy("models", "식구")

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    @property
    def is_adult(self) -> bool:
        return self.role == self.Role.ADULT

    def may_take_out(self, other: "Membership") -> bool:
        """Tell whether this member may take another out of their home: an adult may, but no adult who came first."""
        is_here = self.is_adult and self.household_id == other.household_id and self.pk != other.pk
        return is_here and (not other.is_adult or self.since < other.since)
