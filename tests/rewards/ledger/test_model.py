"""Random histories give what a plain model gives, and break no invariant on the way."""

import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rewards.ledger import operations as ledger
from rewards.ledger.errors import AccountNotEmpty, LedgerError
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.items import CaptureItem, HoldItem, PostItem, ReleaseItem, ReverseItem
from rewards.ledger.models import Attempt, Transfer
from rewards.ledger.queries import balances_of, trial_balance
from tests.rewards.ledger.model import BOUNDLESS, Model

HOMES = ("household:a", "household:b", "escrow:a", "escrow:b", "manufacturer:a")
ADDRESSES = st.sampled_from(
    [*HOMES, "platform:issuance", "platform:fees", "platform:guarantee", "orders", "escrow:none"]
)
HELD_FROM = st.sampled_from(["escrow:a", "escrow:b", "household:a", "platform:fees", "escrow:none"])
AMOUNTS = st.one_of(st.integers(1, 60), st.just(2**53 - 1))
FACT = {"actor": "test", "event_type": "test", "event_ref": "1"}
MOMENT = timedelta(milliseconds=1)
LONG = timedelta(hours=1)
RUNS = {"number": 0}
#: Single accounts that earlier examples wrote on too: their funds and versions are not this example's own.
SHARED = {"orders", "platform:guarantee"}


class Books(RuleBasedStateMachine):
    """Each example lives in the same database beside its elders, on accounts of its own prefix."""

    @initialize()
    def open(self):
        RUNS["number"] += 1
        self.mark = f"r{RUNS['number']}-"
        self.model = Model()
        self.model.accounts |= set(HOMES)
        self.keys = []
        self.rows_before = Transfer.objects.count()
        for address in HOMES:
            ledger.open_account(address=self.real(address), kind=address.partition(":")[0])
        self.before = balances_of([self.real(address) for address in self.model.accounts])

    def real(self, address):
        kind, _, name = address.partition(":")
        return address if kind in {"platform", "orders"} else f"{kind}:{self.mark}{name}"

    def run(self, body, *, key=None):
        key = key or f"{self.mark}{len(self.keys)}"
        self.keys.append((key, body))
        outcome, version, replayed = self.model.call(key, body)
        (answer,) = ledger.apply([self.item(key, body)], skip_refused=True)

        if isinstance(answer, LedgerError):
            assert (answer.code, None) == (outcome, version)
            return
        assert ("applied", replayed) == (outcome, answer.replayed)
        debit = body[2] if body[0] == "reverse" else body[1]
        if version is None or debit not in SHARED:
            assert answer.debit_version == version
        if key.endswith("brief"):  # also where it was refused at first and is placed by a repetition
            time.sleep(0.002)
            self.model.holds[key].expired = True

    def item(self, key, body):
        action, *rest = body
        if action == "post":
            return PostItem(key=key, debit=self.real(rest[0]), credit=self.real(rest[1]), amount=rest[2], **FACT)
        if action == "hold":
            lifetime = MOMENT if key.endswith("brief") else LONG
            return HoldItem(key=key, debit=self.real(rest[0]), amount=rest[1], lifetime=lifetime, **FACT)
        if action == "reverse":
            posted = Attempt.objects.get(key=rest[0]).transfer_id
            return ReverseItem(
                key=key, reverses=posted, debit=self.real(rest[1]), credit=self.real(rest[2]), amount=rest[3],
                approved_by="another", reason="test", **FACT,
            )  # fmt: skip
        if action == "capture":
            legs = tuple(ledger.Leg(self.real(credit), amount) for credit, amount in rest[1])
            return CaptureItem(key=key, hold=rest[0], legs=legs, **FACT)
        return ReleaseItem(key=key, hold=rest[0], **FACT)

    @rule(to=st.sampled_from(["escrow:a", "escrow:b", "household:a"]), amount=st.integers(1, 200))
    def fund(self, to, amount):
        self.run(("post", "platform:issuance", to, amount))

    @rule(debit=ADDRESSES, credit=ADDRESSES, amount=AMOUNTS)
    def post(self, debit, credit, amount):
        if debit not in SHARED:
            self.run(("post", debit, credit, amount if credit in HOMES else min(amount, 60)))

    @rule(debit=HELD_FROM, amount=AMOUNTS)
    def place(self, debit, amount):
        self.run(("hold", debit, amount))

    @rule(debit=HELD_FROM, amount=st.integers(1, 60))
    def place_one_that_is_over_at_once(self, debit, amount):
        self.run(("hold", debit, amount), key=f"{self.mark}{len(self.keys)}brief")

    @rule(choice=st.integers(0), legs=st.lists(st.tuples(ADDRESSES, st.integers(0, 40)), max_size=4))
    def capture(self, choice, legs):
        self.run(("capture", self.some_hold(choice), tuple(legs)))

    @rule(choice=st.integers(0))
    def release(self, choice):
        self.run(("release", self.some_hold(choice)))

    @rule(choice=st.integers(0))
    def take_back(self, choice):
        answers = self.model.answers
        posted = [(key, body) for key, body in self.keys if body[0] == "post" and key in answers]
        if posted:
            key, (_, debit, credit, amount) = posted[choice % len(posted)]
            if answers[key][0] == ("post", debit, credit, amount):
                self.run(("reverse", key, credit, debit, amount))

    @rule(choice=st.integers(0))
    def repeat(self, choice):
        if self.keys:
            key, body = self.keys[choice % len(self.keys)]
            self.run(body, key=key)

    @rule(choice=st.integers(0), debit=ADDRESSES, amount=st.integers(1, 9))
    def poison(self, choice, debit, amount):
        used = [key for key, _ in self.keys if key in self.model.answers]
        if used:
            body = ("post", debit, "household:b", amount)
            if self.model.answers[used[choice % len(used)]][0] != body:
                self.run(body, key=used[choice % len(used)])

    @rule()
    def sweep(self):
        assert ledger.expire_holds() == self.model.expire_due()

    @rule(address=st.sampled_from(["household:b", "manufacturer:a"]))
    def close(self, address):
        model = self.model
        empty = not model.posted.get(address) and not model.held(address)
        if not empty:
            with pytest.raises(AccountNotEmpty):
                ledger.close_account(address=self.real(address), actor="test")
            return
        ledger.close_account(address=self.real(address), actor="test")
        model.closed.add(address)

    def some_hold(self, choice):
        known = [*self.model.holds, f"{self.mark}never"]
        return known[choice % len(known)]

    @invariant()
    def every_balance_is_the_models(self):
        if not hasattr(self, "model"):
            return
        now = balances_of([self.real(address) for address in self.model.accounts])
        for address in self.model.accounts:
            name = self.real(address)
            assert now[name].posted - self.before[name].posted == self.model.posted.get(address, 0), address
            assert now[name].held - self.before[name].held == self.model.held(address), address
            assert now[name].version - self.before[name].version == self.model.versions.get(address, 0), address
        assert Transfer.objects.count() - self.rows_before == self.model.rows
        assert set(BOUNDLESS) <= self.model.accounts

    def teardown(self):
        """Look at the whole books once: what only grows stays broken until then."""
        assert broken_invariants() == {}
        assert trial_balance().difference == 0
        if hasattr(self, "model"):  # what this example left due must not be swept by the next
            ledger.expire_holds()


def test_random_histories_answer_as_the_model_does(committed_db):
    machine = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    Books.TestCase.settings = machine
    case = Books.TestCase()
    case.runTest()
