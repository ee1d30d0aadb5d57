"""Readings as rules see them: drawn at random, in the order of their times, or one by one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from marketplace.insights.perception.seen import Seen

BEGIN = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
_values = {
    "air.pm25": st.sampled_from([5, 34, 35, 36, 55, 56, 60, 90, 140]),
    "air.co2": st.sampled_from([600, 799, 801, 1000, 1001, 1500]),
    "fridge.temperature": st.sampled_from([3, 5.9, 6.1, 8, 8.2, 12]),
    "climate.temperature": st.sampled_from([24.5, 21, 19.5, 16, 10.1]),
    "fridge.door_open_time": st.sampled_from([5, 60, 200, 299, 301, 900]),
    "pest.sighting": st.sampled_from(["cockroach", "ant", "mouse"]),
    "food.item": st.sampled_from(["milk", "egg", "kimchi"]),
    "appliance.power": st.sampled_from([0, 40, 900]),
}


@st.composite
def readings(draw, kinds=tuple(_values), most=40, longest=timedelta(hours=9)):
    """Readings in the order of their times, of a few appliances."""
    at, found = BEGIN, []
    for kind in draw(st.lists(st.sampled_from([*kinds, "presence.absence"]), max_size=most)):
        at += draw(st.sampled_from([timedelta(seconds=20), timedelta(minutes=5), timedelta(minutes=14), longest]))
        found.append(seen(kind, None if kind == "presence.absence" else draw(_values[kind]), at,
                          appliance=draw(st.sampled_from("ab")), hours=draw(st.integers(1, 30))))  # fmt: skip
    return found


def seen(kind, value, at, *, appliance="a", hours=2, confidence=0.9, **more):
    if kind == "presence.absence":
        more |= {"interval": (at - timedelta(hours=hours), at)}
        appliance, value = "sensor", True
    zone = {"fridge.temperature": "cooler"}.get(kind, "")
    cooler = {"appliance.power": "air_conditioner"}.get(kind, "other")
    return Seen(
        kind=kind, value=value, at=at, appliance=appliance, type=cooler, zone=zone, confidence=confidence, **more
    )  # fmt: skip


def keys(events):
    return [(event.appliance, event.key) for event in events]
