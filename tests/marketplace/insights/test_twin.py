"""The twin follows the stream: the state never goes back, the history stands by the time it was observed."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.appliances.dialects import Method, Raw, Reading
from marketplace.insights import operations, twin, vault
from marketplace.insights.models import DataKey, SealedObject, TwinBook, TwinPage, TwinState
from marketplace.insights.twin import pages
from tests import factories

pytestmark = pytest.mark.django_db
#: Inside one hour and one month, whatever day the test runs on.
NOON = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
NOW = NOON + timedelta(hours=1)


def reading(value, *, minute=0.0, kind="air.pm25", unit="ug/m3", source="urn:device:a", day=0, **fields):
    observed_at = NOON + timedelta(days=day, minutes=minute)
    is_number = isinstance(value, int | float)
    return Reading(
        index=0, kind=kind, value=value if not is_number or isinstance(value, bool) else Decimal(str(value)), unit=unit,
        method=fields.pop("method", Method(type="sensor", name="test", version="1")), raw=Raw(str(value), unit),
        source=source, event_id=str(uuid4()), observed_at=fields.pop("observed_at", observed_at), **fields,
    )  # fmt: skip


def obstacle(word, **fields):
    return reading(word, kind="vacuum.obstacle", unit="", confidence=Decimal("0.9"), **fields)


def tell(home, *items, at=NOW):
    results = operations.record_insights(household=home, items=items, dialect="canonical", at=at)
    assert {one.status for one in results} <= {"accepted", "duplicate"}
    return results


def ids(home):
    return list(home.appliances.values_list("pk", flat=True))


def said(home, **fields):
    found = twin.recent(appliance_ids=ids(home), since=NOON - timedelta(days=2), **fields)
    return [(one.observed_at, one.value) for one in found]


@pytest.fixture
def home():
    return factories.household()


def test_the_last_word_is_the_one_observed_last_not_the_one_that_came_last(home):
    tell(home, reading(40, minute=10))
    tell(home, reading(99, minute=5))

    (state,) = twin.latest(appliance_ids=ids(home))

    assert (state.value, state.observed_at) == (40, NOON + timedelta(minutes=10))
    assert [value for _, value in said(home)] == [99, 40]


def test_the_same_event_twice_is_in_the_history_once(home):
    item = reading(40)
    tell(home, item)
    tell(home, item)

    (hours,) = twin.summaries(appliance_ids=ids(home), since=NOON, until=NOW).values()

    assert [(one.count, one.total) for one in hours] == [(1, 40)]


def test_numbers_words_and_zones_each_have_a_stream_of_their_own(home):
    tell(
        home, reading(40), reading(3.5, kind="fridge.temperature", unit="Cel", zone="cooler"),
        reading(-18, kind="fridge.temperature", unit="Cel", zone="freezer"), obstacle("cable", minute=3),
    )  # fmt: skip

    states = {(one.kind, one.zone): one.value for one in twin.latest(appliance_ids=ids(home))}

    assert states == {
        ("air.pm25", ""): 40, ("fridge.temperature", "cooler"): 3.5, ("fridge.temperature", "freezer"): -18,
        ("vacuum.obstacle", ""): "cable",
    }  # fmt: skip
    assert [one.value for one in twin.recent(appliance_ids=ids(home), kinds=["vacuum.obstacle"], since=NOON)] == [
        "cable"
    ]


def test_whatever_the_order_and_the_batches_the_twin_is_the_same():
    stream = [reading(n % 37 + n / 10, minute=n * 0.7) for n in range(60)] + [
        obstacle("sock", minute=n) for n in range(9)
    ]

    def told_in(order, size):
        home = factories.household()
        for start in range(0, len(order), size):
            tell(home, *order[start : start + size], at=NOW + timedelta(hours=1))
        hours = twin.summaries(appliance_ids=ids(home), since=NOON, until=NOW + timedelta(hours=1))
        states = {one.kind: (one.observed_at, one.value) for one in twin.latest(appliance_ids=ids(home))}
        return said(home), hours, states

    shuffled = random.Random(5).sample(stream, len(stream))

    assert told_in(stream, 99) == told_in(shuffled, 13) == told_in(stream[::-1], 40)


def test_an_hour_keeps_the_last_number_of_each_minute_and_counts_them_all(home):
    tell(home, *[reading(n, minute=n / 6) for n in range(30)])

    (hours,) = twin.summaries(appliance_ids=ids(home), since=NOON, until=NOW).values()

    assert [value for _, value in said(home)] == [5, 11, 17, 23, 29]
    assert [(one.count, one.low, one.high, one.mean) for one in hours] == [(30, 0, 29, 14.5)]


def test_late_values_stand_in_the_month_they_were_observed_in(home):
    at = (NOW.replace(day=1) + timedelta(days=2)).replace(hour=12)
    before, after = at - timedelta(days=4), at - timedelta(minutes=1)
    tell(home, reading(40, observed_at=after), reading(20, observed_at=before), at=at)

    assert [month for (month,) in TwinBook.objects.order_by("month").values_list("month")] == [
        pages.month_of(before), pages.month_of(after),
    ]  # fmt: skip
    found = twin.recent(appliance_ids=ids(home), since=at - timedelta(days=7), until=at)
    assert [(one.observed_at, one.value) for one in found] == [(before, 20), (after, 40)]


@pytest.mark.parametrize("span", [timedelta(minutes=30), timedelta(days=3)])
def test_a_fixed_number_of_statements_however_many_values(home, span):
    many = [
        reading(n % 100, minute=-n * span / timedelta(minutes=1) / 300, source=f"urn:device:{n % 20}")
        for n in range(300)
    ]
    tell(home, *[reading(1, source=f"urn:device:{n}") for n in range(20)])
    tell(home, *many[:20])
    with CaptureQueriesContext(connection) as few:
        tell(home, reading(7, minute=1.5, source="urn:device:0"))
    with CaptureQueriesContext(connection) as all_of_them:
        tell(home, *many[20:])

    def of_twin(queries):
        return [one for one in queries.captured_queries if "twin" in one["sql"]]

    # A month that begins within these days costs its table, its keys and its books once more.
    assert len(of_twin(few)) == 4
    assert len(of_twin(all_of_them)) <= 4 + 4 * (len(set(TwinBook.objects.values_list("month", flat=True))) - 1)


def test_no_value_lies_in_the_open(home):
    tell(home, reading(777.25), obstacle("pet_waste"), reading("lg:CLIFF_ERROR", kind="device.fault", unit=""))

    with connection.cursor() as cursor:
        stored = ""
        for table in ("insights_twinbook", "insights_twinstate", "insights_twinpage"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            stored += cursor.fetchone()[0]

    for value in (
        "777.25",
        "pet_waste",
        "CLIFF",
        pages.with_numbers(b"", [(0, 777.25)])[4:].hex(),
        b"pet_waste".hex(),
    ):
        assert value not in stored


@pytest.mark.parametrize("end", ["the key", "the sealed object"])
def test_shredding_the_key_of_a_month_takes_everything_of_it(home, end):
    tell(home, reading(40), obstacle("cable"))
    (book,) = TwinBook.objects.all()
    if end == "the key":
        DataKey.objects.filter(sealed=book.sealed_id).delete()
    else:
        vault.shred([book.sealed_id])
        assert [model.objects.count() for model in (TwinBook, TwinState, TwinPage)] == [0, 0, 0]

    assert twin.latest(appliance_ids=ids(home)) == []
    assert said(home) == []


def test_a_month_whose_key_is_gone_begins_anew_and_lets_the_stream_go_on(home):
    tell(home, reading(40))
    DataKey.objects.filter(sealed__purpose=SealedObject.Purpose.TWIN).delete()

    tell(home, reading(50, minute=5))

    assert [value for _, value in said(home)] == [50]
    assert SealedObject.objects.filter(purpose=SealedObject.Purpose.TWIN).count() == 1


def test_a_box_opens_only_in_its_own_place(home):
    tell(home, reading(40), reading(41, kind="air.pm10"))
    mine, other = TwinPage.objects.filter(span="hour").order_by("kind")
    TwinPage.objects.filter(book=mine.book_id, span="hour", kind=mine.kind).update(box=other.box)

    found = twin.recent(appliance_ids=ids(home), since=NOON)

    assert [one.kind for one in found] == [other.kind]


def test_a_value_cannot_be_set_back_to_an_older_one(home):
    tell(home, reading(40, minute=1))
    old = TwinState.objects.get()
    tell(home, reading(60, minute=2))
    TwinState.objects.update(box=old.box)

    assert twin.latest(appliance_ids=ids(home)) == []


def test_a_page_that_was_tampered_with_stops_nobody(home):
    tell(home, reading(40))
    TwinPage.objects.update(box=b"0" * 40)

    tell(home, reading(50, minute=5))

    assert [value for _, value in said(home)] == [50]


def test_a_clock_is_doubted_slowly_and_believed_at_once(home):
    def lag(late_s, *, minute):
        at = NOW + timedelta(minutes=minute)
        tell(home, reading(1, observed_at=at - timedelta(seconds=late_s)), at=at)
        (state,) = twin.latest(appliance_ids=ids(home))
        return state.lag_s

    assert lag(300, minute=0) == pytest.approx(15)
    assert [round(lag(300, minute=n)) for n in range(1, 20)][-1] > 150
    assert lag(4, minute=20) == pytest.approx(4)


def test_what_has_no_clock_of_its_own_has_no_lag(home):
    tell(home, reading(500, kind="air.co2", unit="[ppm]", observed_at=None))

    assert [one.lag_s for one in twin.latest(appliance_ids=ids(home))] == [None]


def test_forgetting_one_appliance_leaves_the_others(home):
    tell(home, reading(40), reading(41, source="urn:device:b"))
    first, second = ids(home)

    assert twin.forget(appliance_ids=[first]) == 1

    assert {one.appliance_id for one in twin.latest(appliance_ids=[first, second])} == {second}


def test_a_page_belongs_to_a_book(home):
    with pytest.raises(IntegrityError), transaction.atomic():
        TwinPage.objects.create(book_id=uuid4(), kind="air.pm25", zone="", span="hour", begins_at=NOON, box=b"")


def test_a_page_is_of_one_of_three_spans(home):
    tell(home, reading(40))

    with pytest.raises(IntegrityError, match="twin_page_is_of_one_span"), transaction.atomic():
        TwinPage.objects.filter(span="hour").update(span="week")


def test_of_a_day_with_too_many_words_the_last_three_hundred_stay():
    words = [(n * pages.MINUTE_MS, "cable", None) for n in range(320)]

    kept = pages.words_on(pages.with_words(pages.with_words(b"", words[50:]), words[:50]))

    assert [at for at, _, _ in kept] == [at for at, _, _ in words[20:]]
