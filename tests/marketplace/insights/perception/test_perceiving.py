"""Through the real way in: what rules conclude is an insight like any other, and what they remember is sealed."""

import json
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.appliances import operations as appliances
from marketplace.appliances.dialects import Interval, Method, Raw, Reading
from marketplace.appliances.models import Appliance, StreamFlag
from marketplace.brokerage import operations as brokerage
from marketplace.insights import memories, operations, vault, waiting
from marketplace.insights.models import Conclusion, DataKey, Evidence, Insight, RuleMemory, SealedObject, Waiting
from tests import factories

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def home():
    return factories.household()


def reading(index, kind, value, at, *, source="urn:device:a", unit="ug/m3", type="air_purifier", **fields):
    return Reading(
        index=index, kind=kind, value=value if isinstance(value, str | bool) else Decimal(str(value)), unit=unit,
        method=fields.pop("method", None) or Method(type="sensor", name="test", version="1"),
        raw=Raw(str(value), unit), source=source, appliance_type=type, event_id=uuid4().hex, observed_at=at, **fields,
    )  # fmt: skip


def bad_air(*, count=8, value=80, before=timedelta(), source="urn:device:a"):
    """An hour's worth of readings five minutes apart, the last of them now."""
    begin = NOW - timedelta(minutes=5 * (count - 1)) - before
    return [reading(n, "air.pm25", value, begin + timedelta(minutes=5 * n), source=source) for n in range(count)]


def send(home, readings, *, at=NOW):
    return operations.record_insights(household=home, items=readings, dialect="canonical", at=at)


def opened(insight):
    return json.loads(vault.open_sealed(insight.sealed))


def test_bad_air_becomes_one_insight_that_says_why(home):
    send(home, bad_air())

    event = Insight.objects.select_related("sealed__data_key", "conclusion").get(kind="air.bad_pm25")
    said = opened(event)
    assert (event.conclusion.rule, event.conclusion.version) == ("bad_pm25", 1)
    assert list(event.conclusion.evidence.values_list("appliance", "kind")) == [(event.appliance_id, "air.pm25")]
    assert said["explained"]["ko"] == "지난 30분 동안 PM2.5가 55㎍/㎥를 넘었어요 (7번 중 7번)."
    assert said["method"] == {"type": "rule", "name": "bad_pm25", "version": "1"}
    assert said["assurance"] == "hub_bearer"
    assert event.waiting.ask_after == NOW


def test_one_by_one_backwards_and_again_come_to_the_same_event(home):
    for one in bad_air():
        send(home, [one])
    send(home, bad_air()[::-1])
    other = factories.household()
    send(other, bad_air()[::-1])

    hashes = list(Insight.objects.filter(kind="air.bad_pm25").values_list("household", flat=True))
    assert sorted(map(str, hashes)) == sorted([str(home.pk), str(other.pk)])


def no_key_left():
    DataKey.objects.filter(sealed__purpose="memory").delete()


def another_key():
    DataKey.objects.filter(sealed__purpose="memory").update(wrapped=b"0" * 48)


def another_box():
    RuleMemory.objects.update(box=b"0" * 60)


@pytest.mark.parametrize("spoil", [no_key_left, another_key, another_box])
def test_a_memory_that_cannot_be_opened_stops_nobody_and_begins_anew(home, spoil):
    send(home, bad_air(count=4))
    spoil()

    told = send(home, bad_air(count=3, before=timedelta(minutes=-20)), at=NOW + timedelta(minutes=20))
    assert {one.status for one in told} == {"accepted"}
    assert not Insight.objects.filter(kind="air.bad_pm25").exists()
    (memory,) = RuleMemory.objects.all()
    assert SealedObject.objects.filter(purpose="memory").count() == 1

    send(home, bad_air(count=8, before=timedelta(minutes=-60)), at=NOW + timedelta(minutes=60))
    assert Insight.objects.filter(kind="air.bad_pm25").count() == 1
    assert RuleMemory.objects.get().pk == memory.pk


def test_no_value_stands_beside_the_vault(home):
    send(home, bad_air(value=77.25))

    with connection.cursor() as cursor:
        stored = ""
        for table in ("rulememory", "conclusion", "evidence", "insight", "sealedobject"):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM insights_{table} t")
            stored += cursor.fetchone()[0]
    for said in ("77.25", b"77.25".hex(), "PM2.5", b"minutes".hex()):
        assert said not in stored


def test_a_memory_is_gone_with_its_key_and_the_rule_begins_anew(home):
    send(home, bad_air(count=6, before=timedelta(minutes=5)))
    memory = RuleMemory.objects.get()
    memory_key = memory.sealed
    assert memory_key.purpose == SealedObject.Purpose.MEMORY

    vault.shred([memory_key.pk])
    send(home, bad_air(count=1))

    assert not Insight.objects.filter(kind="air.bad_pm25").exists()
    assert RuleMemory.objects.exclude(pk=memory.pk).count() == 1


def test_an_event_that_was_told_before_its_memory_went_is_not_told_again(home):
    """All readings come once more after the memory went: they are known, and nothing is read again."""
    readings = bad_air()
    send(home, readings)
    vault.shred(RuleMemory.objects.values_list("sealed", flat=True))

    assert {result.status for result in send(home, readings)} == {"duplicate"}
    assert Insight.objects.filter(kind="air.bad_pm25").count() == 1


def test_nobody_sends_what_only_maru_concludes(home):
    (result,) = send(home, [reading(0, "air.bad_pm25", 80, NOW)])

    assert result.rejection.code == "unknown_kind"


@pytest.mark.parametrize("said", [{"never_share": True}, {"never_kinds": ["air.pm25"]}])
def test_rules_do_not_see_what_a_home_shares_with_nobody(home, said):
    send(home, bad_air(count=1, before=timedelta(hours=3)))
    Appliance.objects.update(**said)

    send(home, bad_air())

    assert not Conclusion.objects.exists()


# --- a home as a whole --------------------------------------------------------------------------------------------


def absence(index, *, hours=3, at=NOW):
    model = Method(type="model", name="m", version="1", sha256="a" * 64)
    return reading(
        index, "presence.absence", True, at, source="urn:device:door", unit="", type="other", method=model,
        confidence=Decimal("0.8"), interval=Interval(at - timedelta(hours=hours), at),
    )  # fmt: skip


def cooling(*, count=20):
    begin = NOW - timedelta(minutes=10 * (count - 1))
    return [
        reading(n, "appliance.power", 900, begin + timedelta(minutes=10 * n), source="urn:device:cooler", unit="W",
                type="air_conditioner")
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("first", ["cooler", "absence"])
def test_two_appliances_together_tell_of_a_cooled_empty_home(home, first):
    batches = [cooling(), [absence(0)]]
    for batch in batches if first == "cooler" else batches[::-1]:
        send(home, batch)

    event = Insight.objects.select_related("sealed__data_key").get(kind="presence.cooled_while_away")
    assert opened(event)["value"] == 3
    assert event.appliance.type == "air_conditioner"
    # It tells whether the home was empty, so it waits as long as the absence itself.
    assert event.waiting.ask_after == NOW + timedelta(hours=24)
    assert Evidence.objects.values("appliance").distinct().count() == 2


# --- streams that nobody believes ---------------------------------------------------------------------------------


def test_a_frozen_stream_is_held_with_all_that_was_drawn_from_it(home):
    begin = NOW - timedelta(hours=25)
    frozen = [reading(n, "air.pm25", 80, begin + timedelta(minutes=15 * n)) for n in range(100)]

    send(home, frozen)

    flag = StreamFlag.objects.get()
    assert (flag.kind, flag.reason) == ("air.pm25", "frozen")
    assert flag.facts == {"hours": 24, "readings": 97}
    assert "24시간" in flag.why
    assert "80" not in flag.why
    assert set(Waiting.objects.values_list("ask_after", flat=True)) == {waiting.HELD}
    assert Conclusion.objects.exists()


def test_let_go_it_takes_what_was_drawn_from_it_along_and_not_what_another_flag_still_holds(home):
    send(home, cooling())
    send(home, [absence(0)])
    event = Insight.objects.get(kind="presence.cooled_while_away")
    streams = set(event.conclusion.evidence.values_list("appliance", "kind"))
    appliances.raise_flags(streams=streams, reason=StreamFlag.Reason.FROZEN, at=NOW)
    waiting.hold_streams(streams=streams)

    held = []
    for flag in StreamFlag.objects.order_by("kind"):
        StreamFlag.objects.filter(pk=flag.pk).update(verdict="cleared", decided_at=NOW, decided_by=factories.admin())
        waiting.clear_stream(appliance_id=flag.appliance_id, kind=flag.kind)
        held.append(Waiting.objects.filter(pk=event.pk, ask_after=waiting.HELD).exists())

    assert held == [True, False]
    assert Waiting.objects.get(pk=event.pk).ask_after == NOW + timedelta(hours=24)


def test_drawn_partly_from_what_another_appliance_said_it_waits_and_comes_back_with_that(home):
    send(home, [absence(0)])
    door = (Appliance.objects.get().pk, "presence.absence")
    appliances.raise_flags(streams=[door], reason=StreamFlag.Reason.FROZEN, at=NOW)
    waiting.hold_streams(streams=[door])

    send(home, cooling())
    event = Insight.objects.get(kind="presence.cooled_while_away")
    assert event.waiting.ask_after == waiting.HELD

    brokerage.look_at_stream(flag_id=StreamFlag.objects.get().pk, actor=factories.admin(), verdict="cleared", at=NOW)
    assert Waiting.objects.get(pk=event.pk).ask_after == NOW + timedelta(hours=24)


def test_a_conclusion_of_a_kind_that_is_held_waits_whatever_it_was_drawn_from(home):
    """Models at the edge tell of this kind too; what they tell too much of is not asked about by another way."""
    send(home, cooling())
    cooler = Appliance.objects.get()
    own, drawn = (cooler.pk, "presence.cooled_while_away"), (cooler.pk, "appliance.power")
    appliances.raise_flags(streams=[own], reason=StreamFlag.Reason.TOO_MANY, at=NOW)
    send(home, [absence(0)])
    appliances.raise_flags(streams=[drawn], reason=StreamFlag.Reason.FROZEN, at=NOW)
    event = Insight.objects.get(kind="presence.cooled_while_away")
    held = [event.waiting.ask_after]

    for appliance, kind in (drawn, own):
        StreamFlag.objects.filter(kind=kind).update(verdict="cleared", decided_at=NOW, decided_by=factories.admin())
        waiting.clear_stream(appliance_id=appliance, kind=kind)
        held.append(Waiting.objects.get(pk=event.pk).ask_after)

    assert held == [waiting.HELD, waiting.HELD, NOW + timedelta(hours=24)]


def test_a_held_stream_draws_no_more_events(home):
    send(home, bad_air(count=1, before=timedelta(hours=3)))
    appliance = Appliance.objects.get()
    StreamFlag.objects.create(appliance=appliance, kind="air.pm25", reason="frozen", raised_at=NOW)

    send(home, bad_air())

    assert not Conclusion.objects.exists()


# --- what it costs, and what is forgotten -------------------------------------------------------------------------


def test_as_many_statements_for_forty_appliances_as_for_one(home):
    def batch(homes_things, minutes):
        return [
            reading(n, "air.pm25", 10 + n, NOW - timedelta(minutes=minutes), source=f"urn:device:{n}")
            for n in range(homes_things)
        ]

    send(home, batch(40, 60))
    with connection.execute_wrapper(counter := _Counter()):
        send(home, batch(1, 50))
    with connection.execute_wrapper(many := _Counter()):
        send(home, batch(40, 40))

    assert many.named("insights_rulememory", "streamflag") == counter.named("insights_rulememory", "streamflag")
    assert many.count == counter.count


def test_what_nothing_was_added_to_for_long_is_forgotten(home):
    send(home, bad_air())

    assert memories.forget_unused(at=NOW + timedelta(days=99)) == 0
    assert memories.forget_unused(at=NOW + timedelta(days=102)) == 1
    assert not RuleMemory.objects.exists()
    assert not SealedObject.objects.filter(purpose="memory").exists()


def test_an_appliance_that_goes_takes_its_memory_and_its_homes_along(home):
    warm = reading(0, "climate.temperature", 26.5, NOW, source="urn:device:cooler", unit="Cel", type="air_conditioner")
    send(home, [*cooling(), warm])
    cooler = Appliance.objects.get()
    send(factories.household(), bad_air())

    assert memories.forget(appliance_ids=[cooler.pk]) == 2
    assert RuleMemory.objects.count() == 1


class _Counter:
    """Counts statements, and keeps them."""

    def __init__(self):
        self.said = []

    def __call__(self, execute, sql, params, many, context):
        self.said.append(sql)
        return execute(sql, params, many, context)

    @property
    def count(self):
        return len(self.said)

    def named(self, *words):
        return sum(any(word in sql for word in words) for sql in self.said)
