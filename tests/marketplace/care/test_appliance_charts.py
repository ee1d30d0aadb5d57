"""What an appliance said, for a day, a week or a month: in lines, bars and tables."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from marketplace.appliances.models import Appliance
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.care.twin_pages import page, said, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("range_name", "ago"), [("day", 60), ("week", 60 * 24 * 3), ("month", 60 * 24 * 6)])
def test_draws_a_line_for_each_range_and_the_same_in_a_table(mother, home, range_name, ago):
    for step in range(6):
        purifier = said(home, 10 + step * 8, ago=timedelta(minutes=ago - step * ago / 12))

    html = page(mother, purifier, f"?range={range_name}").text

    assert re.search(r'<svg class="chart".*?<title id="(chart-air-pm25-title)">.*?<desc id="', html, re.DOTALL)
    assert html.count('class="mean"') + html.count('<rect class="a"') >= 1
    rows = re.findall(r'<th scope="row">(.*?)</th>', html)
    assert rows
    counts = re.findall(r'<td class="num">(\d+)</td></tr>', html)
    assert sum(map(int, counts)) == 6


def test_no_line_crosses_a_time_in_which_nothing_came(mother, home):
    for minutes in (600, 590, 580, 570, 60, 50, 40, 30):
        purifier = said(home, minutes / 10, ago=timedelta(minutes=minutes))

    html = page(mother, purifier).text

    assert html.count('class="mean"') == 2


def test_a_day_is_divided_into_the_lowest_mean_and_highest_of_each_place(mother, home):
    now = timezone.now().replace(minute=30, second=0, microsecond=0) - timedelta(hours=3)
    for step, value in enumerate((10, 20, 60)):
        at = now + timedelta(minutes=step)
        purifier = factories.insight(of=home, value=value, at=at, observed_at=at).appliance

    cells = re.findall(r'<td class="num">(.*?)</td>', page(mother, purifier).text)

    assert cells == ["10\N{NO-BREAK SPACE}µg/m³", "30\N{NO-BREAK SPACE}µg/m³", "60\N{NO-BREAK SPACE}µg/m³", "3"]


def test_amounts_are_added_up_into_bars(mother, home):
    for hours in (1, 1.1, 5):
        oven = said(home, 90, kind="microwave.cook", unit="s", ago=timedelta(hours=hours))

    html = page(mother, oven).text

    assert "모두 4분 30초" in html
    assert 'class="mean"' not in html


def test_lists_words_the_latest_first_with_how_often(mother, home):
    for days, word in ((2, "cable"), (1, "sock")):
        vacuum = said(home, word, kind="vacuum.obstacle", unit="", confidence=Decimal("0.9"), ago=timedelta(days=days))

    words = text_of(page(mother, vacuum, "?range=week").text)

    assert "바닥에서 본 것 2번 말했어요" in words
    assert words.index("양말") < words.rindex("전선")


def test_an_empty_time_says_so_and_leads_back(mother, home):
    purifier = said(home, 62)

    html = page(mother, purifier, "?range=day&back=3").text

    assert "이 동안에는 온 소식이 없어요." in html
    assert 'href="?range=day&amp;back=2"' in html


@pytest.mark.parametrize("range_name", ["day", "week", "month"])
def test_opens_on_the_latest_time_in_which_there_was_news(mother, home, range_name):
    """A sensor that was away, or tells an old week again, has a page that begins with what it said."""
    at = timezone.now()
    factories.insight(of=home, value=62, at=at - timedelta(days=40), observed_at=at - timedelta(days=40))
    sensor = Appliance.objects.get()

    assert "<svg" in page(mother, sensor, f"?range={range_name}").text.partition('class="twin-charts"')[2]
    assert "이 동안에는 온 소식이 없어요." in page(mother, sensor, f"?range={range_name}&back=0").text


def test_a_time_without_news_leads_to_the_nearest_with_some(mother, home):
    at = timezone.now()
    for days in (9, 2):
        then = at - timedelta(days=days)
        factories.insight(of=home, value=62, at=then, observed_at=then)
    then = at - timedelta(days=6)
    factories.insight(of=home, kind="device.fault", value="lg:CLIFF", unit="", at=then, observed_at=then)
    sensor = Appliance.objects.get()

    quiet = page(mother, sensor, "?range=day&back=4").text
    leads = re.findall(r'class="button quiet small" href="\?range=day&amp;back=(\d+)"', quiet)

    assert len(leads) == 2
    for back in leads:
        assert "이 동안에는 온 소식이 없어요." not in page(mother, sensor, f"?range=day&back={back}").text
    assert int(leads[0]) > 4 > int(leads[1])


@pytest.mark.parametrize("query", ["?range=year", "?back=-1", "?back=x", "?back=9999", "?range=&back=", "?back=²"])
def test_what_nobody_could_choose_shows_the_last_day(mother, home, query):
    assert page(mother, said(home, 62), query).status_code == 200


@pytest.mark.parametrize("range_name", ["day", "month"])
def test_costs_the_same_however_much_it_said(mother, home, range_name, django_assert_num_queries):
    purifier = said(home, 62)
    browser, path = signed_in(mother), f"/appliances/{purifier.pk}?range={range_name}"
    browser.get(path)
    with django_assert_num_queries(COUNTS[range_name]):
        browser.get(path)
    for number in range(12):
        said(home, number, kind="air.pm10", ago=timedelta(minutes=13 + number))
        said(home, number, source=f"urn:{number}")

    with django_assert_num_queries(COUNTS[range_name]):
        browser.get(path)


COUNTS = {"day": 15, "month": 13}
