"""What an ask is about on the market's side: which insight, which data request, and the whole price."""

from django.db import models
from django.utils.translation import pgettext_lazy

from consent.records.models import Ask
from marketplace.demand.models import DataRequest, RequestVersion
from marketplace.insights.models import Insight


class Offer(models.Model):
    """One insight offered to one data request, with the terms as they stood when the household was asked."""

    ask = models.OneToOneField(Ask, on_delete=models.PROTECT, primary_key=True, related_name="offer")
    insight = models.ForeignKey(Insight, on_delete=models.PROTECT, related_name="offers")
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="offers")
    version = models.ForeignKey(RequestVersion, on_delete=models.PROTECT, related_name="offers")
    tokens = models.PositiveBigIntegerField()
    price_tokens = models.PositiveBigIntegerField()
    chosen_rung = models.CharField(max_length=10, blank=True)
    dropped_fields = models.JSONField(default=list)

    class Meta:
        verbose_name = pgettext_lazy("model", "제안")
        constraints = [
            models.UniqueConstraint(fields=["insight", "request"], name="offer_once_per_insight_and_request"),
            models.CheckConstraint(
                condition=models.Q(price_tokens__gte=1) & models.Q(price_tokens__gte=models.F("tokens")),
                name="offer_price_covers_its_tokens",
            ),
        ]
        indexes = [models.Index(fields=["request"], name="offer_by_request")]

    def __str__(self) -> str:
        return f"{self.ask_id}"

    @property
    def hold_key(self) -> str:
        return f"hold:{self.ask_id}"

    @property
    def tokens_chosen(self) -> int:
        """Tokens of the rung the household chose; those of the finest until it chose."""
        return self.version.tokens_at(self.chosen_rung) if self.chosen_rung else self.tokens

    def set_choice(self, *, rung: str, dropped: tuple[str, ...]) -> None:
        self.chosen_rung, self.dropped_fields = rung, list(dropped)
        self.save(update_fields=["chosen_rung", "dropped_fields"])
