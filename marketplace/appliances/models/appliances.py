"""The appliances a home has brought in."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household, Membership, Organisation


class ApplianceQuerySet(models.QuerySet["Appliance"]):
    def visible_to(self, user: object) -> "ApplianceQuerySet":
        """Leave the appliances that live with this person, without other members' own ones."""
        membership = getattr(user, "membership", None)
        if membership is None:
            return self.none()
        mine = models.Q(private_to=None) | models.Q(private_to=membership)
        return self.filter(mine, household=membership.household_id, left_at=None)

    def whole(self) -> "ApplianceQuerySet":
        """Leave one row for each thing, without the names that were found to be parts of it."""
        return self.filter(part_of=None)

    def family_of(self, appliance: "Appliance") -> "ApplianceQuerySet":
        """Leave an appliance and every part of it; what is decided about it holds for all of them."""
        return self.filter(models.Q(pk=appliance.pk) | models.Q(part_of=appliance.pk))


class Appliance(models.Model):
    """One thing in one home that notices. What its hub calls it is never stored, only a keyed hash of it.

    A hub may have several names for one thing. Each name has a row; those that are `part_of` another speak for it.
    """

    class Type(models.TextChoices):
        AIR_PURIFIER = "air_purifier", _("공기청정기")
        AIR_SENSOR = "air_sensor", _("공기 측정기")
        ROBOT_VACUUM = "robot_vacuum", _("로봇청소기")
        REFRIGERATOR = "refrigerator", _("냉장고")
        MICROWAVE = "microwave", _("전자레인지")
        AIR_CONDITIONER = "air_conditioner", _("에어컨")
        OTHER = "other", pgettext_lazy("one", "가전")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="appliances")
    identity = models.CharField(max_length=64)
    type = models.CharField(max_length=20, choices=Type, default=Type.OTHER)
    #: What its home calls it; for the home alone, since it may tell of rooms and people.
    name = models.CharField(_("우리 집에서 부르는 이름"), max_length=40, blank=True, default="")
    #: What stands on it, as its home says. A buyer may ask for it.
    model = models.CharField(_("모델"), max_length=60, blank=True)
    manufacturer = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="appliances")
    private_to = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="appliances")
    part_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    #: What it was a part of before: an event told then is not news when it is told again under its own name.
    once_part_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    never_share = models.BooleanField(_("나누지 않기"), default=False)
    never_kinds = ArrayField(models.CharField(max_length=40), default=list)
    joined_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    objects = ApplianceQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "가전")
        constraints = [
            models.UniqueConstraint(fields=["household", "identity"], name="appliance_once_per_household"),
            models.CheckConstraint(
                condition=models.Q(left_at=None) | models.Q(never_share=True), name="appliance_that_left_is_silent"
            ),
            models.CheckConstraint(
                condition=models.Q(part_of=None) | ~models.Q(part_of=models.F("id")),
                name="appliance_not_part_of_itself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.model}".strip()

    def may_be_asked(self, kind: str) -> bool:
        """Tell whether its home lets anybody ask about this kind of thing at all."""
        return not self.never_share and kind not in self.never_kinds

    def set_description(self, *, type: str, name: str, model: str) -> None:
        self.type, self.name, self.model = type, name, model
        self.save(update_fields=["type", "name", "model"])

    def set_part_of(self, whole: "Appliance | None") -> None:
        self.once_part_of, self.part_of = (self.part_of if whole is None else None), whole
        self.save(update_fields=["part_of", "once_part_of"])
