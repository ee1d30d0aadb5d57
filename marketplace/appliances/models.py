"""The appliances a home has brought in."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.parties.models import Household, Membership, Organisation


class ApplianceQuerySet(models.QuerySet["Appliance"]):
    def visible_to(self, user: object) -> "ApplianceQuerySet":
        """Leave the appliances of this person's household, without other members' own ones."""
        membership = getattr(user, "membership", None)
        if membership is None:
            return self.none()
        mine = models.Q(private_to=None) | models.Q(private_to=membership)
        return self.filter(mine, household=membership.household_id)


class Appliance(models.Model):
    """One thing in one home that notices. What its hub calls it is never stored, only a keyed hash of it."""

    class Type(models.TextChoices):
        AIR_PURIFIER = "air_purifier", _("공기청정기")
        AIR_SENSOR = "air_sensor", _("공기 측정기")
        ROBOT_VACUUM = "robot_vacuum", _("로봇청소기")
        REFRIGERATOR = "refrigerator", _("냉장고")
        MICROWAVE = "microwave", _("전자레인지")
        AIR_CONDITIONER = "air_conditioner", _("에어컨")
        OTHER = "other", _("가전")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="appliances")
    identity = models.CharField(max_length=64)
    type = models.CharField(max_length=20, choices=Type, default=Type.OTHER)
    model = models.CharField(_("모델"), max_length=60, blank=True)
    manufacturer = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="appliances")
    private_to = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="appliances")
    never_share = models.BooleanField(_("나누지 않기"), default=False)
    joined_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)

    objects = ApplianceQuerySet.as_manager()

    class Meta:
        verbose_name = "가전"
        constraints = [models.UniqueConstraint(fields=["household", "identity"], name="appliance_once_per_household")]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.model}".strip()

    def set_never_share(self, never: bool) -> None:
        self.never_share = never
        self.save(update_fields=["never_share"])

    def set_description(self, *, type: str, model: str) -> None:
        self.type, self.model = type, model
        self.save(update_fields=["type", "model"])
