"""Any order of asking, approving, denying, withdrawing, expiring, reading and redeeming keeps what never bends."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Exists, OuterRef
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from consent.records import operations as records
from consent.records.errors import RecordsError
from consent.records.models import Answer, Ask, Consent
from marketplace.brokerage import operations
from marketplace.brokerage.errors import BrokerageError
from marketplace.brokerage.proofs import counted_status
from marketplace.delivery import door
from marketplace.delivery import operations as delivery
from marketplace.delivery.door import Reader
from marketplace.delivery.models import Release
from rewards.ledger import operations as ledger
from rewards.ledger.errors import InsufficientTokens
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.queries import balance_of, wallet_address
from rewards.redemption import operations as redemption
from rewards.redemption.errors import RedemptionError
from tests import factories

TOKENS = {"exact": 120, "day": 60}
#: Relations that the database does not check: each has one writer, and none of its rows may ever point at nothing.
UNCHECKED = [
    field
    for room in ("delivery", "insights")
    for model in apps.get_app_config(room).get_models()
    for field in model._meta.concrete_fields
    if field.is_relation and not field.db_constraint
]


def points_at_nothing(relation: Any) -> bool:
    there = relation.related_model.objects.filter(pk=OuterRef(relation.attname))
    return relation.model.objects.filter(~Exists(there)).exclude(**{relation.attname: None}).exists()


class Deals(RuleBasedStateMachine):
    """One home, one school and one shop; the model is three dicts and a number."""

    asks = Bundle("asks")
    deals = Bundle("deals")
    orders = Bundle("orders")

    @initialize()
    def move_in(self):
        self.now = timezone.now()
        area = factories.area(code=f"KR-{next(factories.NUMBERS)}")  # nobody else's requests reach this home
        self.home = factories.household(area=area)
        self.mother = factories.member(of=self.home)
        ledger.open_wallet(household=self.home)
        self.request = factories.open_request(retention_days=2, area=area)
        self.reward = factories.reward(tokens=100)
        self.noticed = 0
        self.wallet = 0
        self.readable = {}  # release -> what was shown, and until when
        self.releases = 0
        self.reserved = {}  # order -> until when its tokens are kept

    @rule(target=asks, value=st.integers(36, 900))
    def notice_something(self, value):
        self.noticed += 1
        return factories.ask(
            of=self.home, request=self.request, at=self.now, value=value, source=f"urn:device:{self.noticed}",
            observed_at=self.now - timedelta(minutes=1),
        )  # fmt: skip

    @rule(target=asks, value=st.integers(0, 35))
    def notice_what_nobody_asked_for(self, value):
        self.noticed += 1
        seen = factories.insight(
            of=self.home, at=self.now, value=value, source=f"urn:device:{self.noticed}", observed_at=self.now
        )
        operations.match_insights(at=self.now)
        assert not Ask.objects.filter(subject=f"insight:{seen.pk}").exists()
        return multiple()

    @rule(target=deals, ask=asks, rung=st.sampled_from(["exact", "day"]))
    def approve(self, ask, rung):
        ask.refresh_from_db()
        if not ask.is_pending(self.now):
            return self.refused(lambda: factories.approve(ask, by=self.mother, at=self.now, preview_sha256="0" * 64))
        shown = factories.shown(ask, by=self.mother, at=self.now, precision=rung)
        deal = factories.approve(ask, by=self.mother, at=self.now, precision=rung)
        self.wallet += TOKENS[rung]
        self.releases += 1
        self.readable[deal.release.pk] = (shown.preview.document, self.now + timedelta(days=2))
        return deal

    @rule(ask=asks)
    def approve_what_was_not_shown(self, ask):
        self.refused(lambda: factories.approve(ask, by=self.mother, at=self.now, preview_sha256="f" * 64))

    @rule(ask=asks)
    def deny(self, ask):
        ask.refresh_from_db()
        if ask.is_pending(self.now):
            operations.deny_ask(ask_id=ask.pk, actor=self.mother, locale="ko", at=self.now)
        else:
            self.refused(lambda: operations.deny_ask(ask_id=ask.pk, actor=self.mother, locale="ko", at=self.now))

    @rule(deal=deals)
    def withdraw(self, deal):
        def act():
            return operations.withdraw_consent(consent_id=deal.consent.pk, actor=self.mother, at=self.now)

        shown = self.readable.pop(deal.release.pk, None)
        if shown and shown[1] > self.now:
            act()
        else:
            self.refused(act)

    @rule(hours=st.sampled_from([1, 20, 30]))
    def wait(self, hours):
        self.now += timedelta(hours=hours)

    @rule()
    def sweep(self):
        records.expire_asks(at=self.now)
        operations.cancel_void_asks(at=self.now)
        delivery.close_due_releases(at=self.now)

    @rule()
    def read(self):
        reader = Reader(organisation=self.request.organisation, name="test", path="list")
        page = door.read_page(request=self.request, reader=reader, cursor=None, limit=500, at=self.now)

        expected = {pk: shown for pk, (shown, until) in self.readable.items() if until > self.now}
        found = {UUID(record.release.pk): record.document for record in page.records}
        assert found.keys() == expected.keys()
        for release, shown in expected.items():
            assert {name: found[release][name] for name in shown} == shown

    @rule(target=orders)
    def order(self):
        self.let_go_of_what_nobody_answered()
        try:
            order = redemption.place_order(reward_id=self.reward.pk, actor=self.mother, at=self.now)
        except InsufficientTokens:
            assert self.wallet < 100
            return multiple()
        self.wallet -= 100
        self.reserved[order.pk] = order.answer_by
        return order

    @rule(order=consumes(orders))
    def cancel_order(self, order):
        def act():
            return redemption.cancel_order(order_id=order.pk, actor=self.mother, at=order.placed_at)

        if self.reserved.pop(order.pk, None):
            act()
            self.wallet += 100
        else:
            self.refused(act)

    @invariant()
    def the_wallet_is_what_was_earned_less_what_is_ordered(self):
        assert balance_of(wallet_address(self.home)).available == self.wallet

    @invariant()
    def consent_payment_and_release_stand_together(self):
        status = counted_status()
        assert status.orphans == 0
        assert Release.objects.filter(request=self.request).count() == self.releases

    @invariant()
    def every_release_has_a_yes_of_a_person(self):
        given = Consent.objects.filter(verdict="given", household=self.home)
        assert Answer.objects.filter(ask__consent__in=given, verdict="approve").count() == self.releases

    def teardown(self):
        """The books as a whole, once: what only grows stays broken until then."""
        assert broken_invariants() == {}
        assert [relation for relation in UNCHECKED if points_at_nothing(relation)] == []

    def let_go_of_what_nobody_answered(self):
        """A new order frees what lapsed ones kept back; until then they still count."""
        for order in [pk for pk, until in self.reserved.items() if until <= self.now]:
            del self.reserved[order]
            self.wallet += 100

    def refused(self, act):
        try:
            act()
        except (RecordsError, BrokerageError, RedemptionError):
            return multiple()
        raise AssertionError("this should have been refused")


def test_any_order_of_events_keeps_what_never_bends(committed_db):
    run_state_machine_as_test(
        Deals,
        settings=settings(
            max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
