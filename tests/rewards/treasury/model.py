"""Tokens as lots, one by one: what Maru never stores, and must count as if it did."""

from dataclasses import dataclass, field


@dataclass
class Lot:
    earned: int
    tokens: int


@dataclass
class Lots:
    """Every home's tokens with the moment each was earned; whatever leaves takes the oldest first."""

    homes: dict[str, list[Lot]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)

    def available(self, home: str) -> int:
        return sum(lot.tokens for lot in self.homes.get(home, [])) - self.held.get(home, 0)

    def earn(self, home: str, tokens: int, *, now: int) -> None:
        self.put(home, [Lot(now, tokens)])

    def put(self, home: str, lots: list[Lot]) -> None:
        self.homes[home] = sorted([*self.homes.get(home, []), *lots], key=lambda lot: lot.earned)

    def take(self, home: str, tokens: int) -> list[Lot]:
        taken = []
        for lot in self.homes.get(home, []):
            part = min(lot.tokens, tokens)
            lot.tokens, tokens = lot.tokens - part, tokens - part
            taken.append(Lot(lot.earned, part))
        assert tokens == 0
        self.homes[home] = [lot for lot in self.homes.get(home, []) if lot.tokens]
        return [lot for lot in taken if lot.tokens]

    def give(self, giver: str, taker: str, tokens: int) -> None:
        self.put(taker, self.take(giver, tokens))

    def due(self, home: str, *, before: int) -> int:
        old = sum(lot.tokens for lot in self.homes.get(home, []) if lot.earned < before)
        return max(0, old - self.held.get(home, 0))
