"""What a buyer wants, in versions: an edit never changes what somebody was asked."""

import uuid
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from consent.parties.authentication import Machine
from consent.parties.languages import in_language
from consent.parties.models import Area, Organisation
from marketplace.demand.errors import RequestNotInState
from rewards.ledger.addresses import buyer_account, escrow_account


class DataRequestQuerySet(models.QuerySet["DataRequest"]):
    def lock(self, request_id: uuid.UUID) -> "DataRequest":
        """Return the data request with its row locked until the transaction ends; offers may still point at it."""
        rows = self.select_for_update(of=("self",), no_key=True)
        return rows.select_related("organisation", "current__area").get(pk=request_id)

    def visible_to(self, user: object) -> "DataRequestQuerySet":
        """Leave the data requests of this person's or key's organisation."""
        if isinstance(user, Machine):
            return self.filter(organisation=user.key.organisation_id) if user.key.organisation_id else self.none()
        seat = getattr(user, "seat", None)
        return self.filter(organisation=seat.organisation_id) if seat else self.none()

    def due_for_refund(self, at: datetime) -> "DataRequestQuerySet":
        """The work list of refunds: closed data requests whose leftover budget may go back at `at`."""
        return self.filter(state=DataRequest.State.CLOSED, refund_due_at__lte=at, refunded_at=None)

    def asking(self, at: datetime) -> "DataRequestQuerySet":
        """Leave the data requests for which households may be asked at `at`."""
        return self.filter(
            state=DataRequest.State.OPEN,
            current__ends_at__gt=at,
            organisation__verified_at__isnull=False,
            organisation__suspended_at=None,
        )


class DataRequest(models.Model):
    """One thing a buyer asks households for. What exactly stands in its current version."""

    class State(models.TextChoices):
        DRAFT = "draft", _("초안")
        IN_REVIEW = "in_review", _("검토 중")
        RETURNED = "returned", _("고쳐 주세요")
        OPEN = "open", _("열려 있어요")
        PAUSED = "paused", _("쉬고 있어요")
        CLOSED = "closed", _("닫혔어요")
        EXHAUSTED = "exhausted", _("예산을 다 썼어요")
        REFUSED = "refused", _("열 수 없어요")

    TRANSITIONS = {
        State.DRAFT: {State.IN_REVIEW, State.CLOSED},
        State.IN_REVIEW: {State.OPEN, State.RETURNED, State.REFUSED, State.CLOSED},
        State.RETURNED: {State.IN_REVIEW, State.CLOSED},
        State.OPEN: {State.PAUSED, State.CLOSED, State.EXHAUSTED, State.IN_REVIEW},
        State.PAUSED: {State.OPEN, State.CLOSED, State.IN_REVIEW},
        State.EXHAUSTED: {State.OPEN, State.CLOSED, State.IN_REVIEW},
        State.CLOSED: set(),
        State.REFUSED: {State.CLOSED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="data_requests")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    current = models.ForeignKey("RequestVersion", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    refund_due_at = models.DateTimeField(null=True)
    refunded_at = models.DateTimeField(null=True)

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "데이터 요청")
        verbose_name_plural = pgettext_lazy("models", "데이터 요청")
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="data_request_by_buyer"),
            # With the version, so that looking one up never goes through all that are open.
            models.Index(fields=["state", "current"], name="data_request_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def version(self) -> "RequestVersion":
        """The current version; a data request that was drafted whole always has one."""
        if self.current is None:
            raise ValueError(f"data request {self.pk} has no version")
        return self.current

    @property
    def escrow(self) -> str:
        """Address of the ledger account that holds this request's budget."""
        return escrow_account(self.pk)

    @property
    def account(self) -> str:
        """Address of the ledger account that its buyer pays from."""
        return buyer_account(self.organisation_id)

    @property
    def can_be_edited(self) -> bool:
        return self.state not in (self.State.CLOSED, self.State.REFUSED)

    @property
    def can_be_funded(self) -> bool:
        return self.can_be_edited

    def allows(self, state: str) -> bool:
        """Tell whether a step leads from here to `state`."""
        return state in self.TRANSITIONS[self.State(self.state)]

    def set_state(self, state: str, *, at: datetime) -> None:
        """Take the step to `state`, with the times that belong to it.

        Raises:
            RequestNotInState: no step leads there from here.
        """
        if not self.allows(state):
            raise RequestNotInState(gettext("지금 이 데이터 요청에서는 할 수 없는 일이에요. 상태를 다시 봐 주세요."))
        self.state = state
        if state == self.State.OPEN and self.opened_at is None:
            self.opened_at = at
        if state == self.State.CLOSED:
            self.closed_at = at
        self.save(update_fields=["state", "opened_at", "closed_at"])

    def set_current(self, version: "RequestVersion") -> None:
        self.current = version
        self.save(update_fields=["current"])

    def set_refund_due(self, due_at: datetime) -> None:
        self.refund_due_at = due_at
        self.save(update_fields=["refund_due_at"])

    def set_refunded(self, at: datetime) -> None:
        self.refunded_at = at
        self.save(update_fields=["refunded_at"])


class LeastAssurance(models.TextChoices):
    """How sure a buyer wants to be of who said it (`appliances.Assurance`): so sure, or surer."""

    ANY = "any", _("어떤 길로 왔든 받아요")
    HUB_SIGNED = "hub_signed", _("허브가 서명해 전했거나 가전이 직접 보낸 것만")
    BEARER = "bearer", _("가전이 직접 보낸 것만")
    SIGNED = "signed", _("가전이 스스로 서명한 것만")


class RequestVersion(models.Model):
    """Every word and number of a data request, frozen."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kinds = ArrayField(models.CharField(max_length=40))
    above = models.FloatField(null=True)
    below = models.FloatField(null=True)
    words = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    purpose = models.CharField(max_length=40)
    purpose_ko = models.CharField(max_length=40)
    purpose_en = models.CharField(max_length=80)
    optional_fields = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    rungs = models.JSONField()
    retention_days = models.PositiveSmallIntegerField()
    manufacturer_bp = models.PositiveSmallIntegerField()
    platform_bp = models.PositiveSmallIntegerField()
    budget_tokens = models.PositiveBigIntegerField()
    ends_at = models.DateTimeField()
    min_gap_hours = models.PositiveSmallIntegerField(default=24)
    least_assurance = models.CharField(
        _("알려 온 길"),
        max_length=10,
        choices=LeastAssurance,
        default=LeastAssurance.ANY,
        db_default=LeastAssurance.ANY,
    )
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "데이터 요청의 판")
        verbose_name_plural = pgettext_lazy("models", "데이터 요청의 판")
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="request_version_numbered_once"),
            models.CheckConstraint(condition=models.Q(retention_days__gte=1), name="request_version_keeps_a_day"),
            models.CheckConstraint(condition=~models.Q(kinds=[]), name="request_version_names_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} v{self.number}"

    @property
    def purpose_text(self) -> str:
        return in_language(ko=self.purpose_ko, en=self.purpose_en)

    @property
    def last_moment(self) -> datetime:
        """When it is still open: it ends at midnight as a rule, and people mean the day before."""
        return self.ends_at - timedelta(seconds=1)

    @property
    def tokens(self) -> int:
        """Tokens of the finest rung, which comes first."""
        return int(self.rungs[0]["tokens"])

    def tokens_at(self, rung: str) -> int:
        """Return the tokens a household receives at a rung.

        Raises:
            KeyError: this version does not offer it.
        """
        return int({offered["rung"]: offered["tokens"] for offered in self.rungs}[rung])
