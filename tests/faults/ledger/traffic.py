"""What sixteen clients ask of the ledger: few hot escrows, many homes by Zipf's law, keys used twice, mostly sense."""

import itertools
import random
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]

HOT = [f"escrow:hot{n}" for n in range(3)]
ESCROWS = HOT + [f"escrow:e{n}" for n in range(7)]
HOMES = [f"household:h{n}" for n in range(180)]
MAKERS = [f"manufacturer:m{n}" for n in range(4)]
SINGLE = ["orders", "platform:guarantee"]
BOUNDLESS = ["platform:issuance", "platform:fees", "platform:breakage"]
#: Closed, full to the brim, and never opened: they refuse from the first call to the last.
CLOSED, BRIMFUL, NOBODY = "household:closed", "household:brimful", "household:nobody"
OPENED = [*ESCROWS, *HOMES, *MAKERS, CLOSED, BRIMFUL]
MOST = 2**53 - 1
BY_ZIPF = list(itertools.accumulate(1 / rank for rank in range(1, len(HOMES) + 1)))


@dataclass
class Call:
    """One call: its items, and whether each answers for itself or a refusal undoes them all."""

    mode: str  # single, each, all, read, sweep
    items: list[Item] = field(default_factory=list)


@dataclass
class Shared:
    """What everybody may reverse: transfers of the setup, as (id, its debit, its credit, its amount)."""

    gifts: list[tuple[int, str, str, int]]


class Traffic:
    """The stream of one client; the same seed asks the same as long as the answers are the same."""

    def __init__(self, *, seed: int, hand: int, life: int, hands: int, shared: Shared) -> None:
        self.random = random.Random(f"{seed}/{hand}/{life}")
        self.hand, self.life, self.hands, self.shared = hand, life, hands, shared
        self.number = 0
        self.calls: list[Call] = []
        self.holds: list[tuple[str, str, int]] = []
        self.moved: list[tuple[int, str, str, int]] = []

    def next(self) -> Call:
        """Return the next call; keys tell who asked what, so that others can name them too."""
        self.number += 1
        ways = [self.post, self.hold, self.resolve, self.reverse, self.poison, self.read, self.batch, self.sweep]
        (way,) = self.random.choices(ways, weights=[33, 20, 14, 5, 6, 10, 11, 1])
        call: Call = way()
        if call.mode in {"single", "each", "all"}:
            self.calls = [*self.calls[-200:], call]
        return call

    def learn(self, item: Item, answer: dict[str, Any]) -> None:
        """Take note of what was applied: later calls capture and reverse it."""
        if answer["outcome"] != "applied":
            return
        if item["action"] == "hold":
            self.holds = [*self.holds[-30:], (item["key"], item["debit"], item["amount"])]
        if item["action"] in {"post", "reverse"}:
            self.moved = [*self.moved[-30:], (answer["transfer_id"], item["debit"], item["credit"], item["amount"])]

    def post(self) -> Call:
        return Call("single", [self._post()])

    def hold(self) -> Call:
        return Call("single", [self._hold()])

    def resolve(self) -> Call:
        """Capture or release a hold: mostly a recent one of our own, sometimes whatever another hand just did."""
        if not self.holds or self.random.random() < 0.2:
            hand, back = self.random.randrange(self.hands), self.random.randrange(-3, 6)
            hold = (f"{hand}.0.{max(1, self.number - back)}.0", "", 5)
        else:
            hold = self.random.choice(self.holds[-12:])
        if self.random.random() < 0.25:
            return Call("single", [self._item("release", hold=hold[0])])
        most = max(0, hold[2] + self.random.choice([0, 0, 0, 0, 1]))
        first = self.random.randint(0, most)
        legs = [
            {"credit": self._home(), "amount": first},
            {"credit": self.random.choice(MAKERS), "amount": self.random.randint(0, most - first)},
            {"credit": "platform:fees", "amount": self.random.choice([0, 0, 1]) if first < most else 0},
        ]
        return Call("single", [self._item("capture", hold=hold[0], legs=legs)])

    def reverse(self) -> Call:
        known = self.moved[-12:] if self.moved and self.random.random() < 0.6 else self.shared.gifts
        transfer, debit, credit, amount = self.random.choice(known)
        why = {"approved_by": "user:second", "reason": "taken back"}
        fields = {"reverses": transfer, "debit": credit, "credit": debit, "amount": amount}
        return Call("single", [self._item("reverse", **fields, **why)])

    def poison(self) -> Call:
        """Use an old key again, with the same body or another; or a key that somebody else uses about now."""
        kind = self.random.random()
        if not self.calls or kind < 0.2:
            body = self._post()
            return Call("single", [{**body, "key": f"{self.random.randrange(self.hands)}.0.{self.number}.0"}])
        old = self.random.choice(self.calls[-60:])
        if kind < 0.7:
            return old
        item = dict(self.random.choice(old.items))
        altered = {"amount": item.get("amount", 1) + 1} if self.random.random() < 0.5 else {"event_ref": "altered"}
        return Call("single", [{**item, **altered}])

    def read(self) -> Call:
        return Call("read")

    def sweep(self) -> Call:
        return Call("sweep")

    def batch(self) -> Call:
        """Several posts and holds in one call, accounts in any order. Nobody pays from what the batch brought."""
        size = self.random.randint(2, 8)
        payers = self.random.sample([*ESCROWS, *HOMES[:40]], size)
        takers = [*HOMES[40:], *MAKERS, "platform:fees", "orders"]
        items = []
        for place, payer in enumerate(payers):
            amount = self._amount()
            if self.random.random() < 0.2:
                items.append(self._item("hold", place, debit=payer, amount=amount, lifetime=3600))
            else:
                items.append(self._item("post", place, debit=payer, credit=self.random.choice(takers), amount=amount))
        return Call(self.random.choice(["each", "all"]), items)

    def _post(self) -> Item:
        debit, credit = self.random.choices(
            [
                ("platform:issuance", self._home()),
                ("platform:issuance", self._escrow()),
                (self._escrow(), self._home()),
                (self._home(), self._home()),
                (self._home(), "orders"),
                ("orders", self.random.choice(MAKERS)),
                ("platform:guarantee", self._escrow()),
                (self._home(), "platform:fees"),
                (self._home(), self.random.choice([CLOSED, BRIMFUL, NOBODY, "platform:breakage"])),
                (self.random.choice([CLOSED, NOBODY]), self._home()),
            ],
            weights=[12, 10, 26, 30, 10, 4, 2, 4, 1, 1],
        )[0]
        amount = self.random.choice([0, MOST, MOST + 1]) if self.random.random() < 0.01 else self._amount()
        dated = {} if self.random.random() < 0.97 else {"effective_at": "2026-01-01T00:00:00+00:00"}
        return self._item("post", debit=debit, credit=credit, amount=amount, **dated)

    def _hold(self) -> Item:
        debit = self._escrow() if self.random.random() < 0.8 else self._home()
        debit = self.random.choice(["platform:fees", CLOSED, NOBODY]) if self.random.random() < 0.01 else debit
        lifetime = 3600 if self.random.random() < 0.8 else self.random.choice([0.002, 0.02, 0.1])
        return self._item("hold", debit=debit, amount=self._amount(), lifetime=lifetime)

    def _item(self, action: str, place: int = 0, **fields: Any) -> Item:
        key = f"{self.hand}.{self.life}.{self.number}.{place}"
        told = {"actor": f"user:{self.hand}", "event_type": "traffic", "event_ref": key}
        return {"action": action, "key": key, **told, **fields}

    def _escrow(self) -> str:
        return self.random.choice(HOT if self.random.random() < 0.75 else ESCROWS)

    def _home(self) -> str:
        return self.random.choices(HOMES, cum_weights=BY_ZIPF)[0]

    def _amount(self) -> int:
        return min(int(self.random.paretovariate(0.9)), 400)


def setup(*, escrow_tokens: int) -> list[Call]:
    """Return what fills the books before anybody comes: funds, and gifts that everybody may take back.

    What refuses from the first call to the last is full before anybody has a token to give.
    """
    calls = []
    for place, address in enumerate([BRIMFUL, *ESCROWS, *HOMES]):
        amount = MOST if address == BRIMFUL else escrow_tokens if address in ESCROWS else 40
        fields = {"debit": "platform:issuance", "credit": address, "amount": amount}
        told = {"actor": "user:setup", "event_type": "traffic", "event_ref": "setup"}
        calls.append(Call("single", [{"action": "post", "key": f"setup.{place}", **told, **fields}]))
    return calls
