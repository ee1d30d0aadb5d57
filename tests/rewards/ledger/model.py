"""The ledger as a plain Python model: what every call must answer, written without looking at the SQL."""

from dataclasses import dataclass, field
from typing import Any

BOUNDLESS = {"platform:issuance", "platform:fees", "platform:breakage"}
FLOORLESS = BOUNDLESS | {"platform:guarantee"}


@dataclass
class Held:
    debit: str
    amount: int
    expired: bool = False
    open: bool = True


@dataclass
class Model:
    accounts: set[str] = field(default_factory=lambda: set(FLOORLESS) | {"orders"})
    closed: set[str] = field(default_factory=set)
    posted: dict[str, int] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    answers: dict[str, tuple[Any, str, int | None]] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)
    rows: int = 0

    def held(self, address: str) -> int:
        return sum(hold.amount for hold in self.holds.values() if hold.open and hold.debit == address)

    def available(self, address: str) -> int:
        return self.posted.get(address, 0) - self.held(address)

    def call(self, key: str, body: tuple[Any, ...]) -> tuple[str, int | None, bool]:
        """Return outcome, the debit account's version afterwards, and whether it was a replay."""
        if key in self.answers:
            known, outcome, version = self.answers[key]
            return (outcome, version, True) if known == body else ("idempotency_mismatch", None, False)
        action, *rest = body
        outcome, version = getattr(self, action)(key, *rest)
        if outcome == "applied":  # inside a caller's transaction a refusal leaves nothing
            self.answers[key] = (body, outcome, version)
        return outcome, version, False

    def post(self, key: str, debit: str, credit: str, amount: int) -> tuple[str, int | None]:
        if not 1 <= amount <= 2**53 - 1:
            return "invalid_amount", None
        refusal = self._refuse_debit(debit) or self._refuse_credit(debit, credit)
        if refusal:
            return refusal, None
        if debit not in FLOORLESS and self.available(debit) < amount:
            return "insufficient_tokens", None
        if self._is_full(credit, amount):
            return "account_full", None
        self._move(debit, credit, amount)
        return "applied", self._version(debit)

    def reverse(self, key: str, posted: str, debit: str, credit: str, amount: int) -> tuple[str, int | None]:
        """Take back the post under the key `posted`, whose sides and amount the caller repeats, swapped."""
        refusal = self._refuse_debit(debit) or self._refuse_credit(debit, credit)
        if refusal:
            return refusal, None
        if posted in self.reversed:
            return "already_reversed", None
        if debit not in FLOORLESS and self.available(debit) < amount:
            return "insufficient_tokens", None
        if self._is_full(credit, amount):
            return "account_full", None
        self.reversed.add(posted)
        self._move(debit, credit, amount)
        return "applied", self._version(debit)

    def hold(self, key: str, debit: str, amount: int) -> tuple[str, int | None]:
        if not 1 <= amount <= 2**53 - 1:
            return "invalid_amount", None
        if self._refuse_debit(debit):
            return self._refuse_debit(debit), None
        if debit in BOUNDLESS:
            return "account_unbounded", None
        if debit not in FLOORLESS and self.available(debit) < amount:
            return "insufficient_tokens", None
        self.holds[key] = Held(debit, amount)
        self._row(debit)
        return "applied", self._version(debit)

    def capture(self, key: str, hold_key: str, legs: tuple[tuple[str, int], ...]) -> tuple[str, int | None]:
        hold = self.holds.get(hold_key)
        if hold is None or not hold.open:
            return ("hold_resolved" if hold else "unknown_hold"), None
        if hold.expired:
            return "hold_expired", None
        legs = tuple((credit, amount) for credit, amount in legs if amount)
        if sum(amount for _, amount in legs) > hold.amount:
            return "capture_exceeds_hold", None
        for credit, _ in legs:
            if self._refuse_credit(hold.debit, credit):
                return self._refuse_credit(hold.debit, credit), None
        if any(self._is_full(credit, sum(amount for _, amount in legs)) for credit, _ in legs):
            return "account_full", None
        hold.open = False
        for credit, amount in legs:
            self._move(hold.debit, credit, amount)
        if not legs:
            self._row(hold.debit)
        return "applied", self._version(hold.debit)

    def release(self, key: str, hold_key: str) -> tuple[str, int | None]:
        hold = self.holds.get(hold_key)
        if hold is None or not hold.open:
            return ("hold_resolved" if hold else "unknown_hold"), None
        hold.open = False
        self._row(hold.debit)
        return "applied", self._version(hold.debit)

    def expire_due(self) -> int:
        due = [hold for hold in self.holds.values() if hold.open and hold.expired]
        for hold in due:
            hold.open = False
            self._row(hold.debit)
        return len(due)

    def _refuse_debit(self, debit: str) -> str:
        if debit not in self.accounts:
            return "unknown_account"
        return "account_closed" if debit in self.closed else ""

    def _refuse_credit(self, debit: str, credit: str) -> str:
        if credit not in self.accounts:
            return "unknown_account"
        if credit == debit:
            return "same_account"
        return "account_closed" if credit in self.closed else ""

    def _is_full(self, credit: str, amount: int) -> bool:
        return credit not in BOUNDLESS and self.given.get(credit, 0) + amount > 2**53 - 1

    def _move(self, debit: str, credit: str, amount: int) -> None:
        self.posted[debit] = self.posted.get(debit, 0) - amount
        self.posted[credit] = self.posted.get(credit, 0) + amount
        self.given[credit] = self.given.get(credit, 0) + amount
        self._row(debit, credit)

    def _row(self, *accounts: str) -> None:
        self.rows += 1
        for address in accounts:
            if address not in BOUNDLESS:
                self.versions[address] = self.versions.get(address, 0) + 1

    def _version(self, address: str) -> int | None:
        return None if address in BOUNDLESS else self.versions[address]
