"""Topics at the broker: under `in/<pairing>/` a pairing publishes, under `out/<pairing>/` it is answered. Pure."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.appliances.dialects import DIALECTS, Dialect
from marketplace.appliances.errors import UnknownTopic

#: What the bridge listens to.
ALL_THAT_COMES = "in/#"
#: Maru's own format under a name that says what it is.
EVENTS = "events"


@dataclass(frozen=True)
class Part:
    """The pairings that one of several bridges works for. Each pairing is one bridge's, so that its order stays.

    Attributes:
        number: 1 for the first of them.
        of: how many there are.
    """

    number: int = 1
    of: int = 1

    def has(self, pairing_id: UUID | None) -> bool:
        """Tell whether this part has a pairing; the first one also has whatever is of none."""
        return (pairing_id.int if pairing_id else 0) % self.of == self.number - 1

    def client(self, name: str) -> str:
        """Return what its bridge calls itself at the broker: what is kept under one name is always of one part."""
        return name if self.of == 1 else f"{name}-{self.number}-of-{self.of}"


@dataclass(frozen=True)
class Topic:
    """One topic of a pairing. `rest` is what the hub or the appliance calls it, and is stored nowhere."""

    pairing_id: UUID
    dialect: Dialect
    rest: str


def read_topic(text: str) -> Topic:
    """Read `in/<pairing>/events` or `in/<pairing>/<dialect>/…`.

    Raises:
        UnknownTopic: it is another one.
    """
    pairing_id = pairing_of(text)
    levels = text.split("/", 3)
    name = levels[2] if len(levels) > 2 else ""
    dialect = DIALECTS.get("canonical" if name == EVENTS else name)
    if pairing_id is None or dialect is None:
        raise UnknownTopic
    return Topic(pairing_id, dialect, levels[3] if len(levels) > 3 else "")


def pairing_of(text: str) -> UUID | None:
    """Return the pairing under whose name something was published; None for no topic of a pairing."""
    levels = text.split("/", 2)
    named = levels[1] if len(levels) == 3 and levels[0] == "in" else ""
    try:
        found = UUID(named) if len(named) == 36 else None
    except ValueError:
        return None
    # One spelling only: the broker's rules compare letters.
    return found if found is not None and str(found) == named else None


def publish_under(pairing_id: UUID) -> str:
    """Return what every topic of a pairing starts with."""
    return f"in/{pairing_id}/"


def answers_of(pairing_id: UUID) -> str:
    """Return the topic where a pairing is told what became of its signed batches."""
    return f"out/{pairing_id}/answers"
