"""What tokens are good for: rewards that providers offer, and the orders households place."""

import secrets
import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from consent.parties.languages import in_language
from consent.parties.models import Household, Organisation, User
from rewards.redemption.errors import OrderNotInState

#: No 0/O, 1/I/L: a voucher is read aloud at the door.
VOUCHER_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_voucher_code() -> str:
    """Return eight random signs in two groups, about 39 bits."""
    signs = "".join(secrets.choice(VOUCHER_SIGNS) for _ in range(8))
    return f"{signs[:4]} {signs[4:]}"


class RewardQuerySet(models.QuerySet["Reward"]):
    def lock(self, reward_id: uuid.UUID) -> "Reward":
        """Return the reward with its row locked; orders may still point at it meanwhile."""
        return self.select_for_update(of=("self",), no_key=True).select_related("provider").get(pk=reward_id)

    def on_offer(self, at: datetime) -> "RewardQuerySet":
        """Leave what can be ordered at `at`; what an unanswered order kept back is free again, swept or not."""
        lapsed = Order.objects.lapsed(at).filter(reward=models.OuterRef("pk"))
        left = models.Q(stock=None) | models.Q(stock__gt=0) | models.Exists(lapsed)
        return self.filter(left, listed=True, provider__verified_at__isnull=False, provider__suspended_at=None)

    def fitting(self, appliance_types: list[str]) -> "RewardQuerySet":
        """Leave what is made for one of these types of appliance."""
        return self.filter(fits__overlap=appliance_types)


class Reward(models.Model):
    """One thing a provider does or sends in exchange for tokens."""

    class Kind(models.TextChoices):
        SERVICE = "service", _("수리와 점검")
        FILTER = "filter", _("필터")
        ACCESSORY = "accessory", _("부품")
        APPLIANCE = "appliance", _("새 가전")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="rewards")
    kind = models.CharField(max_length=10, choices=Kind)
    name_ko = models.CharField(_("이름"), max_length=80)
    name_en = models.CharField(_("영어 이름"), max_length=80)
    words_ko = models.CharField(pgettext_lazy("field", "설명"), max_length=200)
    words_en = models.CharField(_("영어 설명"), max_length=200)
    tokens = models.PositiveBigIntegerField(pgettext_lazy("field", "토큰"))
    fits = ArrayField(models.CharField(max_length=20), verbose_name=_("맞는 가전"))
    stock = models.PositiveIntegerField(_("남은 수"), null=True, blank=True)
    listed = models.BooleanField(_("가게에 보이기"), default=True)

    objects = RewardQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "보상")
        constraints = [models.CheckConstraint(condition=models.Q(tokens__gte=1), name="reward_costs_something")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(ko=self.name_ko, en=self.name_en)

    @property
    def words(self) -> str:
        return in_language(ko=self.words_ko, en=self.words_en)

    @property
    def is_offered(self) -> bool:
        """Whether it stands in the shop at all, whatever is left. Needs `provider` loaded."""
        return self.listed and self.provider.is_active


class OrderQuerySet(models.QuerySet["Order"]):
    def lock(self, order_id: uuid.UUID) -> "Order":
        rows = self.select_for_update(of=("self",), no_key=True)
        return rows.select_related("reward__provider", "household").get(pk=order_id)

    def with_reward(self) -> "OrderQuerySet":
        return self.select_related("reward__provider")

    def to_provider(self, organisation: Organisation) -> "OrderQuerySet":
        return self.filter(reward__provider=organisation)

    def lapsed(self, at: datetime) -> "OrderQuerySet":
        """Leave the orders nobody answered in time and no clock has tidied up yet."""
        return self.filter(state=Order.State.PLACED, answer_by__lte=at)

    def waiting(self, at: datetime) -> "OrderQuerySet":
        """Leave the orders a provider may still answer."""
        return self.filter(state=Order.State.PLACED, answer_by__gt=at)

    def running(self, at: datetime) -> "OrderQuerySet":
        """Leave the orders that still hold or have taken tokens and are not fulfilled."""
        return self.filter(models.Q(state=Order.State.PLACED, answer_by__gt=at) | models.Q(state=Order.State.ACCEPTED))

    def over(self, at: datetime) -> "OrderQuerySet":
        """Leave the orders from which nothing follows any more."""
        ended = models.Q(state__in=[Order.State.FULFILLED, Order.State.REFUSED, Order.State.CANCELLED])
        return self.filter(ended | models.Q(state=Order.State.PLACED, answer_by__lte=at))

    def visible_to(self, user: object) -> "OrderQuerySet":
        """Leave the orders of this person's household, or of the provider this person works for."""
        membership, seat = getattr(user, "membership", None), getattr(user, "seat", None)
        if membership is not None:
            return self.filter(household=membership.household_id)
        return self.filter(reward__provider=seat.organisation_id) if seat else self.none()


class Order(models.Model):
    """One household's order of one reward, from reservation to fulfilment."""

    class State(models.TextChoices):
        PLACED = "placed", _("예약했어요")
        ACCEPTED = "accepted", _("받았어요")
        FULFILLED = "fulfilled", _("마쳤어요")
        REFUSED = "refused", _("받지 못했어요")
        CANCELLED = "cancelled", _("취소했어요")

    TRANSITIONS = {
        State.PLACED: {State.ACCEPTED, State.REFUSED, State.CANCELLED},
        State.ACCEPTED: {State.FULFILLED, State.REFUSED, State.CANCELLED},
        State.FULFILLED: set(),
        State.REFUSED: set(),
        State.CANCELLED: set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="orders")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="orders")
    ordered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    tokens = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.PLACED)
    voucher_code = models.CharField(max_length=9, unique=True, default=new_voucher_code)
    placed_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=400, blank=True)
    idempotency_key = models.CharField(max_length=200, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "예약")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="refused") | ~models.Q(reason=""), name="order_refusal_says_why"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["placed", "accepted"], ended_at=None)
                | models.Q(state__in=["fulfilled", "refused", "cancelled"], ended_at__isnull=False),
                name="order_ended_iff_ended_at",
            ),
            models.UniqueConstraint(
                fields=["household", "idempotency_key"],
                condition=~models.Q(idempotency_key=""),
                name="order_once_per_idempotency_key",
            ),
        ]
        indexes = [
            models.Index(fields=["household", "-placed_at"], name="order_by_household"),
            models.Index(fields=["answer_by"], condition=models.Q(state="placed"), name="order_to_lapse"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def hold_key(self) -> str:
        """Name of the hold on the household's wallet, and of this order in the journal."""
        return f"order:{self.pk}"

    @property
    def is_unanswered(self) -> bool:
        """Whether it ended because nobody answered: the end is then the very deadline."""
        return self.state == self.State.CANCELLED and self.ended_at == self.answer_by

    def shown_state(self, at: datetime) -> str:
        """Return the state as it stands at `at`; the 72 hours pass without any clock running."""
        late = self.state == self.State.PLACED and at >= self.answer_by
        return self.State.CANCELLED if late else self.State(self.state)

    def set_state(self, state: str, *, at: datetime, reason: str = "") -> None:
        """Move on, and keep when and why.

        Raises:
            OrderNotInState: no step leads from here to `state`.
        """
        if state not in self.TRANSITIONS[self.State(self.state)]:
            raise OrderNotInState(gettext("이 예약에서 지금은 할 수 없는 일이에요."))
        self.state, self.reason = state, reason
        if state == self.State.ACCEPTED:
            self.accepted_at = at
        else:
            self.ended_at = at
        self.save(update_fields=["state", "reason", "accepted_at", "ended_at"])
