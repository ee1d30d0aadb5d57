"""A sudden change remembers little; beside it, one that remembers every reading concludes the same."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.insights.perception.rules import RULES
from marketplace.insights.perception.seen import MINUTE, Seen, milliseconds
from marketplace.insights.perception.thresholds import LAPSE

BEGIN = datetime(2026, 3, 1, 20, 0, 30, tzinfo=UTC)
CHANGES = {"sudden_pm25": [10, 12, 30, 49, 50, 51, 90, 91], "sudden_cold": [26, 24.5, 21, 20, 19.5, 16, 15.9]}
GAPS = [timedelta(seconds=7), timedelta(seconds=50), timedelta(minutes=4), timedelta(minutes=17), timedelta(hours=7)]


def told(rule, readings):
    """What the rule's own words say, told of all that was ever read."""
    pick = min if rule.direction == "rise" else max
    found, past, held, armed = [], [], 0, True
    for at, value in readings:
        if past and at - past[-1][0] > LAPSE:
            past, held, armed = [], 0, True
        # Of each minute that one counts which a change would be measured from; the one that is furthest, and first.
        minutes = {}
        for when, was in past:
            if when // MINUTE >= at // MINUTE - rule.minutes:
                minutes[when // MINUTE] = pick(minutes.get(when // MINUTE, was), was)
        base = pick(minutes.items(), key=lambda one: one[1], default=None)
        change = 0 if base is None else round((value - base[1]) * (1 if rule.direction == "rise" else -1), 4)
        held, armed = held + 1 if change >= rule.by else 0, armed or change * 2 < rule.by
        if armed and held >= rule.holds:
            found.append((at, change, base[0]))
            armed = False
        past.append((at, value))
    return found


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("name", CHANGES)
@given(data=st.data())
def test_what_is_forgotten_would_have_changed_nothing(name, data):
    rule, memory, at, found, readings = RULES[name], None, BEGIN, [], []
    for value, gap in data.draw(
        st.lists(st.tuples(st.sampled_from(CHANGES[name]), st.sampled_from(GAPS)), max_size=60)
    ):
        at += gap
        readings.append((milliseconds(at), value))
        memory, concluded = rule.step(memory, Seen(appliance="a", kind=rule.reads[0], value=value, at=at), zone=UTC)
        assert len(memory["minutes"]) <= rule.minutes + 1
        found += [(milliseconds(one.at), one.value, milliseconds(one.start) // MINUTE) for one in concluded]

    assert found == [(when, pytest.approx(change, abs=0.51), since) for when, change, since in told(rule, readings)]
