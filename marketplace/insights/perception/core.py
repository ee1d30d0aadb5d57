"""The fold of all rules over readings: what was remembered and what is seen, to what is remembered and concluded."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import tzinfo

from marketplace.insights.kinds import KINDS
from marketplace.insights.perception.rules import RULES
from marketplace.insights.perception.seen import Event, Found, Memory, Rule, Seen
from marketplace.insights.precision import HOME_ZONE

#: What is remembered, by subject (an appliance, or "" for its home) and the rule's own key.
Memories = dict[tuple[str, str], Memory]


def perceive(
    memories: Mapping[tuple[str, str], Memory],
    readings: Iterable[Seen],
    *,
    zone: tzinfo = HOME_ZONE,
    rules: Mapping[str, Rule] = RULES,
) -> tuple[Memories, list[Event]]:
    """Take readings in, one after the other.

    It is a plain fold: taking them in at once or in parts comes to the same. What is not newer than what a rule has
    seen of the same thing changes nothing.

    Returns:
        Everything that is remembered now, and what was concluded, in the order of the readings.
    """
    after, events = dict(memories), []
    reading: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules.values():
        for kind in rule.reads:
            reading[kind].append(rule)
    for seen in readings:
        for rule in reading.get(seen.kind, ()):
            if not rule.wants(seen):
                continue
            key = subject_of(rule, seen)
            memory, found = rule.step(after.get(key), seen, zone=zone)
            if memory is not None:
                after[key] = memory
            if found:
                events += [_event(rule, one, seen) for one in found]
    return after, events


def subject_of(rule: Rule, seen: Seen) -> tuple[str, str]:
    """Return whose memory a rule keeps this reading in; a home's is apart for what is one member's own."""
    if rule.scope == "home":
        return "", f"{rule.title}|{seen.owner}"
    # A first or weekly word counts once, in whichever compartment it lies.
    return seen.appliance, rule.title


def _event(rule: Rule, found: Found, seen: Seen) -> Event:
    zone = seen.zone if seen.zone in KINDS[rule.concludes].zones else ""
    moment = found.at.isoformat(timespec="milliseconds")
    about = f"{rule.title}|{zone}|{moment}|{found.value if isinstance(found.value, str) else ''}"
    return Event(
        rule=rule.name,
        version=rule.version,
        kind=rule.concludes,
        zone=zone,
        value=found.value,
        at=found.at,
        interval=(found.start, found.at) if found.start else None,
        confidence=found.confidence,
        explained=rule.explain(found.facts),
        streams=found.streams,
        appliance=found.appliance,
        key=about,
    )
