"""Organisations, and the seats people hold in them."""

import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.languages import in_language
from consent.parties.models.people import User


class Organisation(models.Model):
    """A named body outside the home: a buyer, a manufacturer, a service provider, or the platform itself."""

    class Kind(models.TextChoices):
        BUYER = "buyer", pgettext_lazy("organisation", "구매 기관")
        MANUFACTURER = "manufacturer", pgettext_lazy("organisation", "제조사")
        PROVIDER = "provider", pgettext_lazy("organisation", "서비스 기관")
        PLATFORM = "platform", pgettext_lazy("organisation", "마루")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("종류"), max_length=15, choices=Kind)
    name_ko = models.CharField(_("이름"), max_length=80)
    name_en = models.CharField(_("영어 이름"), max_length=80)
    address = models.CharField(_("주소"), max_length=160)
    contact = models.CharField(_("연락처"), max_length=160)
    verified_at = models.DateTimeField(_("확인한 때"), null=True, blank=True)
    suspended_at = models.DateTimeField(_("멈춘 때"), null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("model", "기관")
        verbose_name_plural = pgettext_lazy("models", "기관")
        constraints = [
            models.UniqueConstraint("kind", condition=models.Q(kind="platform"), name="organisation_only_one_platform"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(ko=self.name_ko, en=self.name_en)

    @property
    def is_active(self) -> bool:
        return self.verified_at is not None and self.suspended_at is None

    def set_suspended(self, at: datetime | None) -> None:
        self.suspended_at = at
        self.save(update_fields=["suspended_at"])


class Seat(models.Model):
    """What one person may do for one organisation."""

    class Role(models.TextChoices):
        STAFF = "staff", _("담당자")
        ADMIN = "admin", _("관리자")
        AUDITOR = "auditor", _("감사")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="seats", verbose_name=_("기관")
    )
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="seat", verbose_name=_("사람"))
    role = models.CharField(_("역할"), max_length=10, choices=Role)
    #: Since when this person sits in this very seat; a seat that changes hands, place or role begins anew.
    since = models.DateTimeField(_("자리에 앉은 때"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("model", "자리")
        verbose_name_plural = pgettext_lazy("models", "자리")

    def __str__(self) -> str:
        return f"{self.user} @ {self.organisation}"
