"""The order that was found, played through the plain model: every outcome, version, balance and refusal is compared."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tests.faults.ledger.history import LATE, Books, Node, Op, Row, Wrong, text_of
from tests.faults.ledger.traffic import BOUNDLESS, CLOSED, OPENED, SINGLE
from tests.rewards.ledger.model import Model


@dataclass
class Refused:
    """A refusal shows no version: it must be right at one of those its account had while the call was under way."""

    name: str
    body: tuple[Any, ...]
    outcome: str
    account: str
    low: int
    high: int
    moments: list[datetime]


class Books2Model(Model):
    """The model, told which transfers there are: a reversal names one."""

    journal: dict[int, Row]
    moment = datetime.min.replace(tzinfo=UTC)

    def _refuse_reverse(self, posted: Any, debit: str, credit: str, amount: int) -> str:
        row, sides = self.journal.get(posted), self._refuse_sides(debit, credit)
        if not sides and row and row["kind"] == "reverse":
            return "reversal_is_final"
        if not sides and (not row or (row["credit"], row["debit"], row["amount"]) != (debit, credit, amount)):
            return "unknown_transfer"
        return super()._refuse_reverse(posted, debit, credit, amount)


class Replay:
    """One pass over the order."""

    def __init__(self, order: list[Node], books: Books) -> None:
        self.order, self.books = order, books
        self.model = Books2Model(keeps_refusals=True, is_over=lambda hold: hold.ends <= self.model.moment)
        self.model.journal = books.by_id
        self.model.accounts |= {*OPENED, *SINGLE, *BOUNDLESS}
        self.model.closed.add(CLOSED)
        self.bodies: dict[str, str] = {}
        self.hold_accounts = {
            key: books.by_id[one["transfer_id"]]["debit"]
            for key, one in books.attempts.items()
            if one["action"] == "hold" and one["transfer_id"]
        }
        self.waiting: dict[str, list[Refused]] = defaultdict(list)
        self.refusals = self.reads = 0

    def run(self) -> Model:
        """Play everything.

        Raises:
            Wrong: an answer, a balance or a refusal that the model does not give.
        """
        for refused in self._refused():
            self.waiting[refused.account].append(refused)
        for address in list(self.waiting):
            self._settle(address)
        for node in self.order:
            self._play(node)
        left = [refused for waiting in self.waiting.values() for refused in waiting]
        if left:
            raise Wrong(f"{len(left)} refusals were never right, such as {left[:3]}")
        return self.model

    def _play(self, node: Node) -> None:
        for item, rows in node.firsts:
            self._play_first(node, item, rows)
        for item, answer in node.op.answered() if node.op else []:
            self._check_key(node, item, answer)
        if node.read:
            self._check_read(node)
        for address in node.moved:
            self._settle(address)

    def _play_first(self, node: Node, item: Row, rows: list[Row]) -> None:
        kept = self.books.attempts[item["key"]]
        self.bodies[item["key"]] = text_of(item)
        if not rows:
            self.model.answers[item["key"]] = (body_of(item), kept["outcome"], None)
            return
        self.model.moment = rows[0]["recorded_at"]
        outcome, version, replayed = self.model.call(item["key"], body_of(item))
        if (outcome, version, replayed) != ("applied", kept["debit_version"], False):
            raise Wrong(
                f"{node.name}: {item} was applied at {kept['debit_version']}, the model says {outcome} {version}"
            )
        if item["action"] == "hold":
            self.model.holds[item["key"]] = replace(self.model.holds[item["key"]], ends=rows[0]["expires_at"])
        last = rows[-1]
        stood = (self.model.posted.get(last["debit"], 0), self.model.held(last["debit"]))
        if last["debit_version"] and (last["debit_after"], last["debit_held"]) != stood:
            raise Wrong(f"{node.name}: after {item} the journal has {last['debit']} elsewhere than {stood}")
        if last["credit_version"] and last["credit_after"] != self.model.posted[last["credit"]]:
            raise Wrong(f"{node.name}: after {item} the journal has {last['credit']} elsewhere than the model")

    def _check_key(self, node: Node, item: Row, answer: Row) -> None:
        """A key that was used answers its first outcome to its own body, and to no other."""
        if answer["replayed"] and self.bodies.get(item["key"]) != text_of(item):
            raise Wrong(f"{node.name} heard a replay of {item['key']}, which was used for something else or not yet")
        if answer["outcome"] == "idempotency_mismatch" and self.bodies.get(item["key"]) in {None, text_of(item)}:
            raise Wrong(f"{node.name} was told that {item['key']} was used for something else")

    def _check_read(self, node: Node) -> None:
        kept, summed = node.read
        if sum(posted for _, _, posted, _ in kept) + sum(posted for _, posted in summed):
            raise Wrong(f"{node.name} read books that do not balance")
        model = self.model
        for address, version, posted, held in kept:
            stood = (model.versions.get(address, 0), model.posted.get(address, 0), model.held(address))
            if (version, posted, held) != stood:
                raise Wrong(f"{node.name} read {address} at {version, posted, held}, the model has {stood}")
        for address, posted in summed:
            if posted != model.posted.get(address, 0):
                raise Wrong(f"{node.name} read {posted} in {address}, the model has {model.posted.get(address, 0)}")
        self.reads += 1

    def _settle(self, address: str) -> None:
        version, left = self.model.versions.get(address, 0), []
        for refused in self.waiting[address]:
            if version > refused.high:
                raise Wrong(f"a refusal that was never right between {refused.low} and {refused.high}: {refused}")
            if version < refused.low or not self._is_right(refused):
                left.append(refused)
        self.waiting[address] = left

    def _is_right(self, refused: Refused) -> bool:
        for self.model.moment in refused.moments:
            if self.model.refusal(refused.body) == refused.outcome:
                self.refusals += 1
                return True
        return False

    def _refused(self) -> list[Refused]:
        windows = Windows(self.order)
        found = []
        for node in self.order:
            for item, answer in node.op.answered() if node.op else []:
                if answer["replayed"] or answer["outcome"] in {"applied", "idempotency_mismatch"}:
                    continue
                account = self._account_of(item)
                low, high = windows.around(account, node)
                moments = self._moments(node.op, item)
                found.append(Refused(node.name, body_of(item), answer["outcome"], account, low, high, moments))
        return found

    def _account_of(self, item: Row) -> str:
        """Return the account whose versions the refusal depends on."""
        if "hold" in item:
            return self.hold_accounts.get(item["hold"], "")
        if item["debit"] in BOUNDLESS:
            return str(item.get("credit", ""))
        return str(item["debit"])

    def _moments(self, op: Op | None, item: Row) -> list[datetime]:
        kept = self.books.attempts.get(item["key"])
        if kept and kept["outcome"] != "applied":
            return [kept["recorded_at"]]
        walls = [op.asked["wall"], op.heard["wall"]] if op else []
        return [datetime.fromtimestamp(wall, UTC) for wall in walls]


class Windows:
    """Which versions an account can have had while a call was under way."""

    def __init__(self, nodes: list[Node]) -> None:
        ends: dict[str, list[tuple[int, int]]] = defaultdict(list)
        begins: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for node in nodes:
            for address, (before, after) in node.moved.items():
                if node.end < LATE:
                    ends[address].append((node.end, after))
                begins[address].append((node.begin, before))
        self._ends = {address: _running(sorted(pairs), max) for address, pairs in ends.items()}
        self._begins = {address: _running(sorted(pairs, reverse=True), min)[::-1] for address, pairs in begins.items()}

    def around(self, address: str, node: Node) -> tuple[int, int]:
        earlier = self._ends.get(address, [])
        place = bisect_left(earlier, (node.begin,))
        low = earlier[place - 1][1] if place else 0
        later = self._begins.get(address, [])
        place = bisect_left(later, (node.end,))
        return low, later[place][1] if place < len(later) else LATE


def _running(pairs: list[tuple[int, int]], choose: Any) -> list[tuple[int, int]]:
    best, found = None, []
    for time, version in pairs:
        best = version if best is None else choose(best, version)
        found.append((time, best))
    return found


def body_of(item: Row) -> tuple[Any, ...]:
    """Return the item as the model takes it."""
    action = item["action"]
    if action == "capture":
        return action, item["hold"], tuple((leg["credit"], leg["amount"]) for leg in item["legs"])
    if action in {"release", "expire"}:
        return action, item["hold"]
    if action == "hold":
        return action, item["debit"], item["amount"]
    if action == "reverse":
        return action, item["reverses"], item["debit"], item["credit"], item["amount"]
    return action, item["debit"], item["credit"], item["amount"]
