"""The rules in force. Each has a version: what changes its conclusions makes a new one, and its memory begins anew."""

from collections.abc import Iterable
from functools import cache

from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.perception.absences import CooledWhileAway
from marketplace.insights.perception.changes import Change
from marketplace.insights.perception.firsts import First
from marketplace.insights.perception.seen import Rule
from marketplace.insights.perception.thresholds import Threshold
from marketplace.insights.perception.totals import Total
from marketplace.insights.perception.weeks import Weekly
from marketplace.insights.words import Text


def registered(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Return rules by name, each of which reads and concludes registered kinds only.

    Raises:
        ValueError: two rules share a name, or one reads or concludes what no registry knows.
    """
    found: dict[str, Rule] = {}
    for rule in rules:
        unknown = {*rule.reads, rule.concludes} - KINDS.keys()
        if unknown or not rule.reads:
            raise ValueError(f"{rule.name} names kinds that are not registered: {sorted(unknown)}")
        if rule.name in found:
            raise ValueError(f"two rules are called {rule.name}")
        found[rule.name] = rule
    return found


RULES = registered(
    (
        Threshold(
            name="bad_pm25",
            version=1,
            label=Text("초미세먼지가 나쁨", "Bad fine dust"),
            reads=("air.pm25",),
            concludes="air.bad_pm25",
            said=Text(
                "지난 {minutes}분 동안 PM2.5가 {above}㎍/㎥를 넘었어요 ({readings}번 중 {over}번).",
                "PM2.5 was above {above} µg/m³ over the last {minutes} minutes ({over} of {readings} readings).",
            ),
            # 36 µg/m³ and more is called bad in Korea; 55 is well inside, and 35 well out again.
            above=55,
            below=35,
            minutes=30,
        ),
        Threshold(
            name="bad_pm10",
            version=1,
            label=Text("미세먼지가 나쁨", "Bad dust"),
            reads=("air.pm10",),
            concludes="air.bad_pm10",
            said=Text(
                "지난 {minutes}분 동안 PM10이 {above}㎍/㎥를 넘었어요 ({readings}번 중 {over}번).",
                "PM10 was above {above} µg/m³ over the last {minutes} minutes ({over} of {readings} readings).",
            ),
            above=100,
            below=80,
            minutes=30,
        ),
        Threshold(
            name="stale_air",
            version=1,
            label=Text("환기가 모자람", "Stale air"),
            reads=("air.co2",),
            concludes="air.stale",
            said=Text(
                "지난 {minutes}분 동안 이산화탄소가 {above}ppm을 넘었어요 ({readings}번 중 {over}번).",
                "Carbon dioxide was above {above} ppm over the last {minutes} minutes ({over} of {readings} readings).",
            ),
            # 1,000 ppm is the Korean guideline for rooms that many people use.
            above=1000,
            below=800,
            minutes=30,
        ),
        Threshold(
            name="warm_fridge",
            version=1,
            label=Text("냉장실이 따뜻함", "Warm cooler"),
            reads=("fridge.temperature",),
            concludes="fridge.warm",
            said=Text(
                "지난 {minutes}분 동안 냉장실이 {above}°C를 넘었어요 ({readings}번 중 {over}번).",
                "The cooler was above {above} °C over the last {minutes} minutes ({over} of {readings} readings).",
            ),
            above=8,
            below=6,
            minutes=60,
            zone="cooler",
        ),
        Change(
            name="sudden_pm25",
            version=1,
            label=Text("초미세먼지가 갑자기 오름", "Sudden fine dust"),
            reads=("air.pm25",),
            concludes="air.pm25_rise",
            said=Text(
                "PM2.5가 {minutes}분 안에 {by}㎍/㎥ 넘게 올랐고, 이어서 {holds}번 그랬어요.",
                "PM2.5 rose by more than {by} µg/m³ within {minutes} minutes, {holds} readings in a row.",
            ),
            by=40,
            minutes=15,
        ),
        Change(
            name="sudden_cold",
            version=1,
            label=Text("실내 온도가 갑자기 내림", "Sudden cold"),
            reads=("climate.temperature",),
            concludes="climate.temperature_drop",
            said=Text(
                "실내 온도가 {minutes}분 안에 {by}도 넘게 내렸고, 이어서 {holds}번 그랬어요.",
                "The room cooled by more than {by} °C within {minutes} minutes, {holds} readings in a row.",
            ),
            by=5,
            minutes=30,
            direction="drop",
        ),
        Total(
            name="door_left_open",
            version=1,
            label=Text("냉장고 문이 오래 열림", "Fridge door left open"),
            reads=("fridge.door_open_time",),
            concludes="fridge.door_left_open",
            said=Text(
                "지난 {minutes}분 동안 냉장고 문이 모두 {open_s}초 열려 있었어요 ({times}번).",
                "The fridge door stood open for {open_s} s in all over the last {minutes} minutes (times: {times}).",
            ),
            seconds=300,
            calm_seconds=60,
            minutes=30,
        ),
        First(
            name="first_pest",
            version=1,
            label=Text("벌레나 쥐를 처음 봄", "First sight of a pest"),
            reads=("pest.sighting",),
            concludes="pest.first_sighting",
            said=Text(
                "지난 {days}일 동안 없던 것을 이 가전이 처음 보았어요: {word}.",
                "This appliance saw something it had not seen for {days} days: {word}.",
            ),
            days=90,
        ),
        First(
            name="first_food",
            version=1,
            label=Text("냉장고에 새로 들어옴", "First sight of a food"),
            reads=("food.item",),
            concludes="food.first_sighting",
            said=Text(
                "지난 {days}일 동안 없던 것이 냉장고에 들어왔어요: {word}.",
                "Something came into the fridge that had not been there for {days} days: {word}.",
            ),
            days=60,
            settle_days=7,
        ),
        Weekly(
            name="weekly_food",
            version=1,
            label=Text("매주 있는 먹을거리", "A food of every week"),
            reads=("food.item",),
            concludes="food.weekly_pattern",
            said=Text(
                "지난 {weeks}주 동안 매주 보였어요, 모두 {days}일: {word}.",
                "It was there in each of the last {weeks} weeks, on {days} days in all: {word}.",
            ),
            weeks=4,
            days=2,
        ),
        CooledWhileAway(
            name="cooled_while_away",
            version=1,
            label=Text("빈집에서 켜진 냉방", "Cooling an empty home"),
            reads=("appliance.power", "presence.absence"),
            concludes="presence.cooled_while_away",
            said=Text(
                "집이 비어 있는 동안 에어컨이 {above_w}W 넘게 {minutes}분 돌았어요.",
                "While the home was empty, the air conditioner drew more than {above_w} W for {minutes} minutes.",
            ),
            above_w=100,
            least_minutes=30,
        ),
    )
)


@cache
def drawn_from(kind: str) -> frozenset[str]:
    """Return the kinds that a concluded kind is drawn from; nothing for what only appliances tell."""
    return frozenset(read for rule in RULES.values() if rule.concludes == kind for read in rule.reads)


@cache
def is_of_a_home(kind: str) -> bool:
    """Tell whether a kind is concluded from what several appliances of a home say together."""
    return any(rule.concludes == kind and rule.scope == "home" for rule in RULES.values())


@cache
def topics_of(kind: str) -> frozenset[Topic]:
    """Return what a kind tells of: its own topic, and of a conclusion also those of what it was drawn from."""
    return frozenset(KINDS[code].topic for code in (kind, *drawn_from(kind)))
