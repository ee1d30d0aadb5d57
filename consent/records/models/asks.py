"""The question put to one household about one thing, and what its members answered."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Household, Membership, Organisation, User


class AskQuerySet(models.QuerySet["Ask"]):
    def lock(self, ask_id: uuid.UUID) -> "Ask":
        """Return the ask with its row locked until the transaction ends; with who is asked, and where."""
        return self.select_for_update(of=("self",)).select_related("household__area__parent").get(pk=ask_id)

    def lock_all(self) -> None:
        """Lock the rows until the transaction ends, always in the same order."""
        list(self.select_for_update(of=("self",)).order_by("pk").values_list("pk"))

    def visible_to(self, user: object) -> "AskQuerySet":
        """Leave the asks of this person's household, without those about other members' own appliances."""
        membership = getattr(user, "membership", None)
        if membership is None or membership.role == Membership.Role.CHILD:
            return self.none()
        mine = models.Q(private_to=membership)
        shared = models.Q(private_to=None)
        return self.filter(mine | shared, household=membership.household_id)

    def pending(self, at: datetime) -> "AskQuerySet":
        """Leave the asks that may still be answered; one past its deadline may not, swept or not."""
        return self.filter(state=Ask.State.PENDING, expires_at__gt=at)

    def past_deadline(self, at: datetime) -> "AskQuerySet":
        return self.filter(state=Ask.State.PENDING, expires_at__lte=at)


class Ask(models.Model):
    """One question to one household, about one subject, for one named recipient and one purpose."""

    class State(models.TextChoices):
        PENDING = "pending", _("기다려요")
        APPROVED = "approved", _("허락했어요")
        DENIED = "denied", _("거절했어요")
        EXPIRED = "expired", _("기한이 지났어요")
        CANCELLED = "cancelled", _("거두었어요")

    TRANSITIONS = {
        State.PENDING: {State.APPROVED, State.DENIED, State.EXPIRED, State.CANCELLED},
        State.APPROVED: set(),
        State.DENIED: set(),
        State.EXPIRED: set(),
        State.CANCELLED: set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="asks")
    private_to = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="private_asks")
    recipient = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="asks")
    purpose = models.CharField(max_length=40)
    notice_version = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=80)
    topic = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    deferred_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    answers_needed = models.PositiveSmallIntegerField(default=1)
    settles_at = models.DateTimeField(null=True)

    objects = AskQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "질문")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="pending", decided_at=None)
                | ~models.Q(state="pending") & ~models.Q(decided_at=None),
                name="ask_decided_iff_decided_at",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("asked_at")), name="ask_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["household", "state", "expires_at"], name="ask_inbox"),
            models.Index(fields=["household", "-asked_at"], name="ask_by_week"),
            models.Index(fields=["expires_at"], condition=models.Q(state="pending"), name="ask_to_expire"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def needs_several(self) -> bool:
        """Where one answer decides, a pending ask has none yet: nobody needs to look for earlier ones."""
        return self.answers_needed > 1

    def is_pending(self, at: datetime) -> bool:
        return self.state == self.State.PENDING and at < self.expires_at

    def shown_state(self, at: datetime) -> str:
        """Return the state as it stands at `at`; expiry needs no clock to have run."""
        late = self.state == self.State.PENDING and at >= self.expires_at
        return self.State.EXPIRED if late else self.state

    def set_state(self, state: str, *, at: datetime) -> None:
        if state not in self.TRANSITIONS[self.State(self.state)]:
            raise ValueError(f"an ask does not go from {self.state} to {state}")
        self.state, self.decided_at = state, at
        self.save(update_fields=["state", "decided_at"])


class CurrentAnswers(models.Manager["Answer"]):
    """The answers that count: those of an ask's last round. What they took the place of stays in `Answer.history`."""

    def get_queryset(self) -> "models.QuerySet[Answer]":
        rows = super().get_queryset()
        rounds = rows.filter(ask=models.OuterRef("ask")).order_by("-round").values("round")
        return rows.filter(round=models.Subquery(rounds[:1]))


class Answer(models.Model):
    """One member's word on one ask, and which text they had before them. Rows are only ever inserted.

    All yeses of a round are to the same choice; another choice begins a new round, in which nobody has answered yet.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("허락")
        DENY = "deny", _("거절")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ask = models.ForeignKey(Ask, on_delete=models.PROTECT, related_name="answers")
    member = models.ForeignKey(User, on_delete=models.PROTECT, related_name="answers")
    verdict = models.CharField(max_length=10, choices=Verdict)
    preview_sha256 = models.CharField(max_length=64, blank=True)
    notice_locale = models.CharField(max_length=5, blank=True)
    notice_sha256 = models.CharField(max_length=64, blank=True)
    round = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()

    objects = CurrentAnswers()
    history = models.Manager["Answer"]()

    class Meta:
        verbose_name = pgettext_lazy("model", "답")
        constraints = [
            models.UniqueConstraint(fields=["ask", "member", "round"], name="answer_once_per_member_and_round"),
            models.CheckConstraint(
                condition=models.Q(verdict="deny") | ~models.Q(preview_sha256=""), name="answer_approves_what_was_shown"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ask_id} {self.verdict}"
