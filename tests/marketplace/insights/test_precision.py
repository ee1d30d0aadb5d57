"""Each coarser rung is a function of the finer one, and says nothing the finer did not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.insights.kinds import KINDS
from marketplace.insights.precision import Band, Rung, coarsen, exact_view, show, show_confidence, show_time, view_of

AT = datetime(2026, 11, 20, 9, 40, 12, 345_000, tzinfo=UTC)
NUMERIC = sorted(code for code, kind in KINDS.items() if kind.value_type == "number")


def dust(value=62, **more):
    return exact_view(kind="air.pm25", value=value, observed_at=AT, **more)


@pytest.mark.parametrize(
    ("rung", "expected"),
    [
        (Rung.EXACT, {"value": 62, "observed_at": "2026-11-20T09:40:12Z", "confidence": 0.87}),
        (Rung.HOUR, {"value": {"from": 60, "to": 70}, "observed_at": "2026-11-20T18:00+09:00", "confidence": 0.8}),
        (Rung.DAY, {"value": {"from": 50, "to": 100}, "observed_at": "2026-11-20", "confidence": 0.8}),
    ],
)
def test_lets_out_less_on_each_rung(rung, expected):
    shown = coarsen(rung, dust(confidence=0.87)).as_json()

    assert shown == {"kind": "air.pm25", "unit": "ug/m3", **expected}


def test_a_day_is_the_day_at_home():
    late = exact_view(kind="air.pm25", value=1, observed_at=datetime(2026, 11, 20, 15, 30, tzinfo=UTC))

    assert coarsen(Rung.DAY, late).at == "2026-11-21"


def test_coarsens_the_ends_of_an_interval_too():
    view = exact_view(kind="presence.absence", value=True, observed_at=AT, interval=(AT - timedelta(hours=30), AT))

    assert coarsen(Rung.HOUR, view).interval == ("2026-11-19T12:00+09:00", "2026-11-20T18:00+09:00")
    assert coarsen(Rung.DAY, view).interval == ("2026-11-19", "2026-11-20")


def test_words_stay_words():
    view = exact_view(kind="pest.sighting", value="cockroach", observed_at=AT)

    assert coarsen(Rung.DAY, view).value == "cockroach"


def test_names_the_area_that_goes_with_a_rung():
    assert [rung.area_level for rung in Rung] == ["district", "district", "city"]


@pytest.mark.parametrize(("have", "want"), [("hour", "exact"), ("day", "hour"), ("day", "exact")])
def test_never_makes_a_view_finer(have, want):
    with pytest.raises(ValueError, match="finer"):
        coarsen(Rung(want), coarsen(Rung(have), dust()))


@pytest.mark.parametrize(
    ("value", "band"),
    [(0, (0, 10)), (9.99, (0, 10)), (10, (10, 20)), (-0.5, (-10, 0)), (-10, (-10, 0)), (0.3, (0, 10))],
)
def test_a_band_holds_its_value(value, band):
    assert coarsen(Rung.HOUR, dust(value)).value == Band(*band)


@given(
    code=st.sampled_from(NUMERIC),
    hundredths=st.integers(-4_000, 8_640_000),
    at=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    confidence=st.none() | st.integers(0, 10_000).map(lambda parts: parts / 10_000),
)
def test_the_day_follows_from_the_hour(code, hundredths, at, confidence):
    value = hundredths / 100
    exact = exact_view(kind=code, value=value, observed_at=at, confidence=confidence, interval=(at, at))

    by_hour = coarsen(Rung.HOUR, exact)

    assert coarsen(Rung.DAY, by_hour) == coarsen(Rung.DAY, exact)
    assert by_hour.value.low <= value < by_hour.value.high
    assert coarsen(Rung.HOUR, by_hour) == by_hour


@pytest.mark.parametrize("rung", Rung)
def test_reads_a_sealed_payload_at_any_rung(rung):
    payload = {
        "kind": "microwave.cook",
        "value": 95,
        "observed_at": "2026-11-20T09:40:12.345Z",
        "power_w": 700,
        "interval": {"start": "2026-11-20T09:38:37.000Z", "end": "2026-11-20T09:40:12.000Z"},
        "raw": {"value": "95", "unit": "s"},
        "flags": [],
    }

    shown = view_of(payload, rung).as_json()

    assert "raw" not in shown
    assert ("power_w" in shown) == (rung is Rung.EXACT)


@pytest.mark.parametrize(
    ("rung", "korean", "english"),
    [
        (Rung.EXACT, "62\u00a0µg/m³", "62\u00a0µg/m³"),
        (Rung.HOUR, "60~70\u00a0µg/m³", "60–70\u00a0µg/m³"),
        (Rung.DAY, "50~100\u00a0µg/m³", "50–100\u00a0µg/m³"),
    ],
)
def test_shows_a_view_as_a_person_reads_it(rung, korean, english):
    view = coarsen(rung, dust())

    assert show(view, "ko") == korean
    assert show(view, "en") == english


@pytest.mark.parametrize(
    ("rung", "korean", "english"),
    [
        (Rung.EXACT, "11월 20일 금 18:40:12", "Fri 20 Nov, 18:40:12"),
        (Rung.HOUR, "11월 20일 금 18시쯤", "Fri 20 Nov, around 18:00"),
        (Rung.DAY, "11월 20일 금", "Fri 20 Nov"),
    ],
)
def test_shows_the_time_as_exactly_as_it_leaves(rung, korean, english):
    view = coarsen(rung, dust())

    assert show_time(view, "ko") == korean
    assert show_time(view, "en") == english


@pytest.mark.parametrize(
    ("rung", "korean", "english"),
    [(Rung.EXACT, "87%", "87%"), (Rung.HOUR, "80% 이상", "80% or more"), (Rung.DAY, "80% 이상", "80% or more")],
)
def test_shows_how_sure_the_model_was(rung, korean, english):
    view = coarsen(rung, dust(confidence=0.87))

    assert show_confidence(view, "ko") == korean
    assert show_confidence(view, "en") == english
    assert show_confidence(dust(), "ko") == ""


def test_leaves_seconds_that_are_none_unsaid():
    view = exact_view(kind="air.pm25", value=1, observed_at=AT.replace(second=0))

    assert show_time(view, "ko") == "11월 20일 금 18:40"
