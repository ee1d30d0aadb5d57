"""How tokens come into being, what age they carry, and how they pass away."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from consent.parties.languages import in_language
from consent.parties.models import Household, Organisation, User
from rewards.ledger.models import MAX_AMOUNT, Account, Transfer
from rewards.treasury.errors import IssuanceNotProposed

MAX_WORDS = 200


class IssuanceQuerySet(models.QuerySet["Issuance"]):
    def lock(self, issuance_id: uuid.UUID) -> "Issuance":
        rows = self.select_for_update(of=("self",), no_key=True)
        return rows.select_related("organisation", "proposed_by").get(pk=issuance_id)

    def issued_alone(self, proposer: User, *, since: datetime) -> "IssuanceQuerySet":
        """Leave what somebody issued after `since` without a second person."""
        alone = self.filter(proposed_by=proposer, decided_by=proposer, needs_second=False, state="issued")
        return alone.filter(proposed_at__gt=since)

    def with_people(self) -> "IssuanceQuerySet":
        """Load everybody who is named in a list."""
        return self.select_related("organisation", "proposed_by", "decided_by")


class Issuance(models.Model):
    """Tokens asked for against one paid invoice. What was proposed never changes; it is decided once, and it stays."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("승인을 기다려요")
        ISSUED = "issued", _("발행했어요")
        REFUSED = "refused", _("발행하지 않았어요")
        WITHDRAWN = "withdrawn", _("거두었어요")

    TRANSITIONS = {
        State.PROPOSED: {State.ISSUED, State.REFUSED, State.WITHDRAWN},
        State.ISSUED: set(),
        State.REFUSED: set(),
        State.WITHDRAWN: set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="issuances", verbose_name=_("기관")
    )
    invoice_number = models.CharField(_("청구서 번호"), max_length=60)
    amount_krw = models.PositiveBigIntegerField(_("받은 금액(원)"))
    tokens = models.PositiveBigIntegerField(pgettext_lazy("field", "토큰"))
    #: Whether the rules of that day asked for a second person; a later change of the limit does not reach back.
    needs_second = models.BooleanField(_("두 사람 확인"))
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("올린 사람"))
    proposed_at = models.DateTimeField(_("올린 때"))
    state = models.CharField(_("상태"), max_length=10, choices=State, default=State.PROPOSED)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("정한 사람")
    )
    decided_at = models.DateTimeField(_("정한 때"), null=True)
    reason = models.CharField(_("까닭"), max_length=MAX_WORDS, blank=True)

    objects = IssuanceQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "발행")
        verbose_name_plural = pgettext_lazy("models", "발행")
        constraints = [
            models.UniqueConstraint(
                "organisation",
                Upper("invoice_number"),
                condition=Q(state__in=["proposed", "issued"]),
                name="issuance_one_per_invoice",
            ),
            models.CheckConstraint(
                condition=Q(tokens__gte=1, tokens__lte=MAX_AMOUNT, amount_krw__gte=1) & ~Q(invoice_number=""),
                name="issuance_of_something_for_something",
            ),
            models.CheckConstraint(
                condition=~Q(state="issued", needs_second=True) | ~Q(decided_by=F("proposed_by")),
                name="issuance_agreed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | (~Q(decided_by=F("proposed_by")) & ~Q(reason="")),
                name="issuance_refused_by_another_who_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(decided_by=F("proposed_by")),
                name="issuance_withdrawn_by_its_proposer",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="issuance_decided_iff_decided_at",
            ),
        ]
        indexes = [
            models.Index(fields=["-proposed_at", "id"], name="issuance_newest_first"),
            models.Index(fields=["proposed_by", "proposed_at"], name="issuance_by_proposer"),
        ]

    def __str__(self) -> str:
        return self.invoice_number

    def set_state(self, state: str, *, by: User, at: datetime, reason: str = "") -> None:
        """Decide, once and for good.

        Raises:
            IssuanceNotProposed: it was decided before.
        """
        if state not in self.TRANSITIONS[self.State(self.state)]:
            raise IssuanceNotProposed(gettext("이미 정한 발행이에요. 정한 것은 그대로 남아요."))
        self.state, self.decided_by, self.decided_at, self.reason = state, by, at, reason
        self.save(update_fields=["state", "decided_by", "decided_at", "reason"])


class IssuanceStep(models.Model):
    """One line of an issuance's history; the database refuses to change or delete it."""

    issuance = models.ForeignKey(Issuance, on_delete=models.PROTECT, related_name="steps")
    state = models.CharField(max_length=10, choices=Issuance.State)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=MAX_WORDS, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("model", "발행 기록")
        constraints = [models.UniqueConstraint(fields=["issuance", "state"], name="issuance_step_once")]

    def __str__(self) -> str:
        return f"{self.issuance_id} {self.state}"


class Thanks(models.Model):
    """One thank-you to many homes: who thanks, why, and with how much. The row never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.CharField(_("이름표"), max_length=60, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("기관"))
    tokens = models.PositiveBigIntegerField(_("집마다 토큰"))
    words_ko = models.CharField(_("까닭"), max_length=MAX_WORDS)
    words_en = models.CharField(_("영어 까닭"), max_length=MAX_WORDS)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("보낸 사람"))
    made_at = models.DateTimeField(_("보낸 때"))

    class Meta:
        verbose_name = pgettext_lazy("model", "고마움")
        verbose_name_plural = pgettext_lazy("models", "고마움")
        constraints = [
            models.CheckConstraint(
                condition=Q(tokens__gte=1) & ~Q(batch="") & ~Q(words_ko="") & ~Q(words_en=""),
                name="thanks_says_why_and_gives",
            )
        ]

    def __str__(self) -> str:
        return self.batch

    @property
    def words(self) -> str:
        return in_language(ko=self.words_ko, en=self.words_en)

    @property
    def reference(self) -> str:
        """What the journal's rows name as their cause."""
        return f"thanks:{self.pk}"


class Carried(models.Model):
    """A part of one credit that is older than its row: tokens that were handed on keep the age they had."""

    transfer = models.ForeignKey(
        Transfer, on_delete=models.PROTECT, related_name="carried", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="carried", db_constraint=False, db_index=False
    )
    earned_at = models.DateTimeField()
    tokens = models.BigIntegerField()

    class Meta:
        verbose_name = pgettext_lazy("model", "이어진 나이")
        constraints = [
            models.UniqueConstraint(fields=["transfer", "earned_at"], name="carried_one_part_per_age"),
            models.CheckConstraint(condition=Q(tokens__gte=1), name="carried_something"),
        ]
        indexes = [models.Index(fields=["account", "earned_at"], name="carried_by_account")]

    def __str__(self) -> str:
        return f"{self.transfer_id} {self.tokens}"


class Sweep(models.Model):
    """How far the clock has come through all homes for one day of ending: first telling, then taking."""

    class Kind(models.TextChoices):
        NOTICE = "notice", _("알림")
        EXPIRY = "expiry", _("소멸")

    kind = models.CharField(max_length=10, choices=Kind)
    on = models.DateField()
    #: The last account that was looked at; accounts are walked in the order of their ids.
    through = models.BigIntegerField(default=0)
    homes = models.BigIntegerField(default=0)
    tokens = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = pgettext_lazy("model", "소멸 차례")
        constraints = [models.UniqueConstraint(fields=["kind", "on"], name="sweep_once_per_day_of_ending")]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"


class ExpiryNotice(models.Model):
    """A home was told, once for that month, what will end if it is not spent."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    tokens = models.PositiveBigIntegerField()
    made_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = pgettext_lazy("model", "소멸 알림")
        constraints = [models.UniqueConstraint(fields=["household", "on"], name="expiry_notice_once_per_month")]
        indexes = [models.Index(fields=["id"], condition=Q(mailed_at=None), name="expiry_notice_to_mail")]

    def __str__(self) -> str:
        return f"{self.household_id} {self.on}"
