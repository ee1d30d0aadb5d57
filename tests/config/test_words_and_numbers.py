"""Dates, tokens and hashes as people read them."""

from datetime import UTC, date, datetime

import pytest
from django.template import engines
from django.utils import translation

from config.templatetags import maru

EVENING = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # 21:00 in Seoul, a Sunday


@pytest.fixture(autouse=True)
def in_2026(monkeypatch):
    monkeypatch.setattr(maru.timezone, "localdate", lambda: date(2026, 11, 20))


@pytest.mark.parametrize(
    ("written", "korean", "english"),
    [
        (maru.moment, "11월 22일 일요일 21:00", "Sunday 22 November 21:00"),
        (maru.moment_short, "11월 22일 21:00", "22 November 21:00"),
        (maru.moment_slip, "11월 22일 일 21:00", "Sun 22 Nov, 21:00"),
        (maru.day, "11월 22일", "22 November"),
        (maru.weekday, "11월 22일 일요일", "Sunday 22 November"),
        (maru.clock, "21:00", "21:00"),
    ],
)
def test_a_time_is_written_in_seoul_time_in_both_languages(written, korean, english):
    with translation.override("ko"):
        assert written(EVENING) == korean
    with translation.override("en"):
        assert written(EVENING) == english


def test_another_year_is_named():
    with translation.override("ko"):
        assert maru.weekday(date(2027, 1, 31)) == "2027년 1월 31일 일요일"
    with translation.override("en"):
        assert maru.weekday(date(2027, 1, 31)) == "Sunday 31 January 2027"


def test_the_machine_form_of_a_time_carries_its_offset():
    assert maru.stamp(EVENING) == "2026-11-22T21:00+09:00"
    assert maru.stamp(date(2026, 11, 22)) == "2026-11-22"


@pytest.mark.parametrize("written", [maru.moment, maru.day, maru.stamp, maru.clock, maru.tokens, maru.signed])
def test_nothing_is_written_as_nothing(written):
    assert written(None) == ""


def test_tokens_have_separators_and_a_true_minus():
    assert maru.tokens(2250) == "2,250"
    assert maru.tokens(-1284000) == "−1,284,000"
    assert maru.signed(40) == "+40"
    assert maru.signed(-600) == "−600"


def test_a_fingerprint_is_short_enough_to_compare_by_eye():
    assert maru.fingerprint("3f9a81c2" + "0" * 56) == "3f9a 81c2"


def render(source: str) -> str:
    return engines["django"].from_string("{% load maru %}" + source).render()


def test_planks_show_what_is_laid_and_what_is_left():
    html = render('{% planks 3 5 "다섯 번 가운데 세 번" %}')

    assert html.count('<i class="laid"></i>') == 3
    assert html.count("<i></i>") == 2
    assert 'aria-label="다섯 번 가운데 세 번"' in html


def test_many_planks_keep_their_proportion():
    html = render('{% planks 25 50 "쉰 번 가운데 스물다섯 번" %}')

    assert html.count('<i class="laid"></i>') == 10
    assert html.count("<i></i>") == 10


def test_a_floor_covers_its_whole_room():
    html = render("{% room 560 216 370 22 3 %}")

    assert 'viewBox="0 0 560 216"' in html
    assert "M546 0h14v216h-14z" in html
    assert "M16 162h164v52h-164z" in html
