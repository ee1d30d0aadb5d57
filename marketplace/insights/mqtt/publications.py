"""One publication on its way, and what became of it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from consent.parties.canonical import sha256_hex
from consent.parties.secrets import keyed_name
from marketplace.appliances import topics
from marketplace.insights.operations import ItemResult


@dataclass(eq=False)
class Publication:
    """What the broker delivered.

    Attributes:
        packet: the broker's number for it until it is acknowledged; 0 for what is never acknowledged.
        again: the broker says that it has delivered it before.
        code: why it was refused as a whole; empty if it was not.
        message_id: the sender's own name for it, to answer under; empty if there is none.
        is_done: it needs no second look: stored, refused, or nothing to do with.
    """

    topic: str
    payload: bytes
    packet: int = 0
    again: bool = False
    is_done: bool = False
    code: str = ""
    message_id: str = ""
    is_repeated: bool = False
    results: list[ItemResult] = field(default_factory=list)

    @property
    def pairing_id(self) -> UUID | None:
        """Whose topic it came under. Nobody has shown yet that there is such a pairing."""
        return topics.pairing_of(self.topic)

    def digest(self) -> str:
        """Name what it says by a keyed hash: two of the same words have the same name, and nobody can guess them."""
        return keyed_name("arrival", sha256_hex(self.topic.encode() + b"\0" + self.payload))

    def refuse(self, code: str) -> None:
        self.code, self.is_done = code, True

    def repeat(self) -> None:
        """It was taken in before: after a lost acknowledgement that is the good news."""
        self.is_repeated = self.is_done = True

    def take(self, results: list[ItemResult]) -> None:
        self.results, self.is_done = results, True

    def answer(self) -> dict[str, Any] | None:
        """Return what its sender is told: as over HTTP, one result per item, or why it was refused as a whole.

        None for what carries no name of its own, because nobody could tell what an answer to it is about.
        """
        if not self.message_id:
            return None
        if self.code:
            return {"message": self.message_id, "status": "refused", "code": self.code}
        if self.is_repeated:
            return {"message": self.message_id, "status": "repeated"}
        return {"message": self.message_id, "status": "taken", "results": [_answer_about(one) for one in self.results]}


def _answer_about(result: ItemResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"index": result.index, "status": result.status}
    if result.insight_id:
        answer["insight_id"] = result.insight_id
    if result.rejection:
        answer["problem"] = {"code": result.rejection.code, "field": result.rejection.field}
    return answer
