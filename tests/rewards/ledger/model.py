"""The ledger as a plain Python model: what every call must answer, written without looking at the SQL."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

BOUNDLESS = {"platform:issuance", "platform:fees", "platform:breakage"}
FLOORLESS = BOUNDLESS | {"platform:guarantee"}
MOST = 2**53 - 1
Legs = tuple[tuple[str, int], ...]


@dataclass
class Held:
    debit: str
    amount: int
    expired: bool = False
    open: bool = True
    ends: Any = None


@dataclass
class Model:
    """With `keeps_refusals`, as where a call is the whole transaction: a refused key stays refused."""

    keeps_refusals: bool = False
    is_over: Callable[[Held], bool] = lambda hold: hold.expired
    accounts: set[str] = field(default_factory=lambda: set(FLOORLESS) | {"orders"})
    closed: set[str] = field(default_factory=set)
    posted: dict[str, int] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)
    reserved: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    answers: dict[str, tuple[Any, str, int | None]] = field(default_factory=dict)
    reversed: set[Any] = field(default_factory=set)
    rows: int = 0

    def held(self, address: str) -> int:
        return self.reserved.get(address, 0)

    def available(self, address: str) -> int:
        return self.posted.get(address, 0) - self.held(address)

    def call(self, key: str, body: tuple[Any, ...]) -> tuple[str, int | None, bool]:
        """Return outcome, the debit account's version afterwards, and whether it was a replay."""
        if key in self.answers:
            known, outcome, version = self.answers[key]
            return (outcome, version, True) if known == body else ("idempotency_mismatch", None, False)
        refusal, version = self.refusal(body), None
        if not refusal:
            action, *rest = body
            version = self._version(getattr(self, f"_do_{action}")(key, *rest))
        if not refusal or self.keeps_refusals:
            self.answers[key] = (body, refusal or "applied", version)
        return refusal or "applied", version, False

    def refusal(self, body: tuple[Any, ...]) -> str:
        """Return why the books, as they stand, refuse this body, or nothing; changes nothing."""
        action, *rest = body
        return str(getattr(self, f"_refuse_{action}")(*rest))

    def expire_due(self) -> int:
        due = [key for key, hold in self.holds.items() if hold.open and self.is_over(hold)]
        for key in due:
            self._do_expire("", key)
        return len(due)

    def _refuse_post(self, debit: str, credit: str, amount: int) -> str:
        if not 1 <= amount <= MOST:
            return "invalid_amount"
        return self._refuse_sides(debit, credit) or self._refuse_move(debit, credit, amount)

    def _refuse_reverse(self, posted: Any, debit: str, credit: str, amount: int) -> str:
        undone = "already_reversed" if posted in self.reversed else ""
        return self._refuse_sides(debit, credit) or undone or self._refuse_move(debit, credit, amount)

    def _refuse_hold(self, debit: str, amount: int) -> str:
        if not 1 <= amount <= MOST:
            return "invalid_amount"
        unbounded = "account_unbounded" if debit in BOUNDLESS else ""
        return self._refuse_debit(debit) or unbounded or self._refuse_short(debit, amount)

    def _refuse_capture(self, hold_key: str, legs: Legs) -> str:
        hold, total = self.holds.get(hold_key), sum(amount for _, amount in legs)
        if hold is None or not hold.open:
            return "hold_resolved" if hold else "unknown_hold"
        if self.is_over(hold):
            return "hold_expired"
        if not all(0 <= amount <= MOST for _, amount in legs):
            return "invalid_amount"
        if total > hold.amount:
            return "capture_exceeds_hold"
        takers = [credit for credit, amount in legs if amount]
        told = [self._refuse_credit(hold.debit, credit) for credit in takers]
        return next(filter(None, told + [self._refuse_full(credit, total) for credit in takers]), "")

    def _refuse_release(self, hold_key: str) -> str:
        hold = self.holds.get(hold_key)
        return "" if hold and hold.open else "hold_resolved" if hold else "unknown_hold"

    def _refuse_expire(self, hold_key: str) -> str:
        refusal = self._refuse_release(hold_key)
        return refusal or ("" if self.is_over(self.holds[hold_key]) else "hold_not_expired")

    def _do_post(self, key: str, debit: str, credit: str, amount: int) -> str:
        self.posted[debit] = self.posted.get(debit, 0) - amount
        self.posted[credit] = self.posted.get(credit, 0) + amount
        self.given[credit] = self.given.get(credit, 0) + amount
        return self._row(debit, credit)

    def _do_reverse(self, key: str, posted: Any, debit: str, credit: str, amount: int) -> str:
        self.reversed.add(posted)
        return self._do_post(key, debit, credit, amount)

    def _do_hold(self, key: str, debit: str, amount: int) -> str:
        self.holds[key] = Held(debit, amount)
        self.reserved[debit] = self.held(debit) + amount
        return self._row(debit)

    def _do_capture(self, key: str, hold_key: str, legs: Legs) -> str:
        paid = [(credit, amount) for credit, amount in legs if amount]
        if not paid:
            return self._do_release(key, hold_key)
        debit = self._resolve(hold_key)
        for credit, amount in paid:
            self._do_post(key, debit, credit, amount)
        return debit

    def _do_release(self, key: str, hold_key: str) -> str:
        return self._row(self._resolve(hold_key))

    _do_expire = _do_release

    def _resolve(self, hold_key: str) -> str:
        hold = self.holds[hold_key]
        self.holds[hold_key] = replace(hold, open=False)
        self.reserved[hold.debit] -= hold.amount
        return hold.debit

    def _refuse_debit(self, debit: str) -> str:
        return "unknown_account" if debit not in self.accounts else "account_closed" if debit in self.closed else ""

    def _refuse_credit(self, debit: str, credit: str) -> str:
        return "same_account" if credit == debit and credit in self.accounts else self._refuse_debit(credit)

    def _refuse_sides(self, debit: str, credit: str) -> str:
        return self._refuse_debit(debit) or self._refuse_credit(debit, credit)

    def _refuse_short(self, debit: str, amount: int) -> str:
        return "insufficient_tokens" if debit not in FLOORLESS and self.available(debit) < amount else ""

    def _refuse_full(self, credit: str, amount: int) -> str:
        return "account_full" if credit not in BOUNDLESS and self.given.get(credit, 0) + amount > MOST else ""

    def _refuse_move(self, debit: str, credit: str, amount: int) -> str:
        return self._refuse_short(debit, amount) or self._refuse_full(credit, amount)

    def _row(self, *accounts: str) -> str:
        self.rows += 1
        for address in accounts:
            if address not in BOUNDLESS:
                self.versions[address] = self.versions.get(address, 0) + 1
        return accounts[0]

    def _version(self, address: str) -> int | None:
        return None if address in BOUNDLESS else self.versions[address]
