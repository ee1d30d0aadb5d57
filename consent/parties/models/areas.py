"""Places, only as coarse as many homes share."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.languages import in_language


class Area(models.Model):
    """A named area with enough households that naming it points at nobody."""

    code = models.CharField(_("부호"), primary_key=True, max_length=20)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="districts", verbose_name=_("속한 곳")
    )
    name_ko = models.CharField(_("이름"), max_length=60)
    name_en = models.CharField(_("영어 이름"), max_length=60)
    households = models.PositiveIntegerField(_("가구 수"))

    class Meta:
        verbose_name = pgettext_lazy("model", "동네")
        verbose_name_plural = pgettext_lazy("models", "동네")
        constraints = [
            models.CheckConstraint(condition=models.Q(households__gte=1000), name="area_has_enough_households"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(ko=self.name_ko, en=self.name_en)
