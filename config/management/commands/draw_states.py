"""`manage.py draw_states`: write docs/states.md from the very steps that the code allows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from consent.records.models import Ask, Consent, ConsentEnd
from marketplace.delivery.models import Release
from marketplace.demand.models import DataRequest
from rewards.ledger.models import Transfer
from rewards.redemption.models import Order
from rewards.treasury.models import Issuance

PAGE = settings.BASE_DIR / "docs" / "states.md"
HEAD = """# States

Drawn by `python manage.py draw_states` from the dictionaries that the code obeys; a test compares the two. Do not edit.
"""
OPEN = "open"


@dataclass(frozen=True)
class Drawing:
    """The states of one kind of thing.

    Attributes:
        labels: every state with its Korean label, in the order they are told.
        steps: where each state leads; a state without steps is an end.
        starts: the states in which a thing may begin.
    """

    title: str
    words: str
    labels: Mapping[str, str]
    steps: Mapping[str, Iterable[str]]
    starts: tuple[str, ...]

    def arrows(self) -> list[tuple[str, str]]:
        """Return every step, in the order of the labels."""
        order = list(self.labels)
        reached = {state: {str(after) for after in self.steps.get(state, ())} for state in order}
        return [(state, after) for state in order for after in order if after in reached[state]]

    def text(self) -> str:
        """Return the section of the page: words, diagram, and the same steps as a table."""
        left = {state for state, _ in self.arrows()}
        diagram = [f"{state}: {state} · {label}" for state, label in self.labels.items()]
        diagram += [f"[*] --> {state}" for state in self.starts]
        diagram += [f"{state} --> {after}" for state, after in self.arrows()]
        diagram += [f"{state} --> [*]" for state in self.labels if state not in left]
        drawn = "\n".join(f"    {line}" for line in diagram)
        rows = "\n".join(f"| {state} | {self._after(state)} |" for state in self.labels)
        return (
            f"## {self.title}\n\n{self.words}\n\n```mermaid\nstateDiagram-v2\n{drawn}\n```\n\n"
            f"| from | to |\n|---|---|\n{rows}\n"
        )

    def _after(self, state: str) -> str:
        return ", ".join(after for before, after in self.arrows() if before == state) or "(end)"


def page() -> str:
    """Return the whole page as it must stand in docs/."""
    with translation.override("ko"):
        return "\n".join([HEAD, *(drawing.text() for drawing in drawings())])


def drawings() -> list[Drawing]:
    """Return what is drawn: four machines with a dictionary of their own, and three that follow from rows and time."""
    return [
        _machine(
            Ask,
            "Ask",
            "`consent/records`. Putting it aside leaves it pending. Past its deadline it reads as expired at once; the "
            "clock only writes that down. Nothing but pending can still be answered.",
        ),
        _consent(),
        _machine(
            DataRequest,
            "Data request",
            "`marketplace/demand`. Editing what is open, paused or exhausted makes a new version, which goes back to "
            "review.",
        ),
        _hold(),
        _release(),
        _machine(
            Order,
            "Order",
            "`rewards/redemption`. Unanswered for 72 hours it reads as cancelled at once, and its tokens are free "
            "again.",
        ),
        _machine(
            Issuance,
            "Issuance",
            "`rewards/treasury`. Up to the limit the proposal is itself the decision; above it another admin decides. "
            "What was refused or withdrawn stays.",
        ),
    ]


def _machine(model: Any, title: str, words: str) -> Drawing:
    labels = {state.value: str(state.label) for state in model.State}
    first = model._meta.get_field("state").default
    return Drawing(title, words, labels, model.TRANSITIONS, (str(first),))


def _consent() -> Drawing:
    """A consent row never changes: its state is worked out from the verdict, the end row and the time."""
    labels = {state.value: str(state.label) for state in Consent.State}
    ends = [str(reason) for reason in ConsentEnd.Reason]
    return Drawing(
        "Consent",
        "`consent/records`. Computed, never stored: the verdict, then the row that ended it, then the time.",
        labels,
        {Consent.State.GIVEN.value: [*ends, Consent.State.EXPIRED.value]},
        tuple(str(verdict) for verdict in Consent.Verdict),
    )


def _hold() -> Drawing:
    """A hold is one row of the journal, and it is over once a second row resolves it."""
    resolving = [kind for kind in Transfer.Kind if kind not in (Transfer.Kind.POST, Transfer.Kind.HOLD)]
    labels = {kind.value: str(kind.label) for kind in (Transfer.Kind.HOLD, *resolving)}
    return Drawing(
        "Hold",
        "`rewards/ledger`. Computed: a hold waits until exactly one row of the journal resolves it. The hold of an ask "
        "is never released early: a no, a silence and a filtered ask cost a buyer the same time.",
        labels,
        {Transfer.Kind.HOLD.value: [kind.value for kind in resolving]},
        (Transfer.Kind.HOLD.value,),
    )


def _release() -> Drawing:
    closed = {reason.value: str(reason.label) for reason in Release.Closed}
    return Drawing(
        "Release",
        "`marketplace/delivery`. Closing destroys the sealed copy and its key. Reading asks consent, end and retention "
        "anew each time, so a release past its end is refused before the clock has closed it.",
        {OPEN: "열림", **closed},
        {OPEN: list(closed)},
        (OPEN,),
    )


class Command(BaseCommand):
    help = "Write docs/states.md from the steps that the code allows."

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(page(), encoding="utf-8")
        self.stdout.write(str(PAGE.relative_to(settings.BASE_DIR)))
