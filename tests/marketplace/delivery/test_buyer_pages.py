"""The buyer's pages: figures, duties, records, and the way a program takes."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.delivery.models import Access, Erasure
from tests import factories

INLINE = re.compile(r"\sstyle\s*=|<style|\son\w+\s*=|javascript:", re.IGNORECASE)


@pytest.fixture
def school(data_request):
    client = Client()
    client.force_login(factories.staff(of=data_request.organisation))
    return client


def page(client, data_request, query=""):
    return client.get(f"/buyer/data-requests/{data_request.pk}{query}")


def test_the_values_that_left_are_shown_newest_first_and_the_read_is_written_down(school, data_request):
    old = factories.release(request=data_request, values={"value": 41, "unit": "ug/m3"})
    new = factories.release(request=data_request, values={"value": {"from": 60, "to": 70}, "model": "새벽 길"})

    text = page(school, data_request).text

    assert text.index(str(new.pk)[:8]) < text.index(str(old.pk)[:8])
    assert "41\N{NO-BREAK SPACE}µg/m³" in text
    assert "60–70" in text
    assert "model 새벽 길" in text
    assert set(Access.objects.values_list("path", flat=True)) == {"page"}


@pytest.mark.parametrize(("tongue", "name"), [("ko", "한빛시 3구역"), ("en", "Hanbit district 3")])
def test_a_place_is_said_by_its_name(school, data_request, tongue, name):
    factories.release(request=data_request, values={"value": 41, "unit": "ug/m3", "area": factories.area().code})
    school.cookies[settings.LANGUAGE_COOKIE_NAME] = tongue

    text = page(school, data_request).text

    assert f'<td class="nowrap">{name}</td>' in text


def test_a_place_that_is_gone_is_said_by_its_code(school, data_request):
    factories.release(request=data_request, values={"value": 41, "unit": "ug/m3", "area": "KR-XX-9"})

    assert '<td class="nowrap">KR-XX-9</td>' in page(school, data_request).text


def test_what_is_new_is_new_on_the_page_that_first_shows_it(school, data_request):
    factories.release(request=data_request)

    assert "새로 열림" in page(school, data_request).text
    assert "2번 읽음" in page(school, data_request).text


def test_a_duty_is_attested_with_one_button(school, data_request, duty):
    assert "지웠어요" in page(school, data_request).text

    answer = school.post(f"/buyer/withdrawals/{duty.pk}/attest", follow=True)

    assert answer.redirect_chain[-1][0] == f"/buyer/data-requests/{data_request.pk}"
    assert "지금 지우실 것은 없어요." in answer.text
    assert Erasure.objects.get().attested_at is not None


@pytest.mark.parametrize("who", ["another buyer's staff", "a member of a household", "a stranger"])
def test_nobody_else_opens_these_pages(data_request, duty, who):
    client = Client()
    if who != "a stranger":
        client.force_login(factories.staff() if who == "another buyer's staff" else factories.member())

    answers = [page(client, data_request), client.post(f"/buyer/withdrawals/{duty.pk}/attest")]

    assert {answer.status_code for answer in answers} == ({302} if who == "a stranger" else {404})
    assert Erasure.objects.get().attested_at is None


def test_a_broken_cursor_is_a_page_that_says_so(school, data_request):
    assert page(school, data_request, "?cursor=broken").status_code == 400


def test_the_list_of_data_requests_shows_what_waits(school, data_request, duty):
    factories.release(request=data_request)
    silent = factories.request_to_read(of=data_request.organisation, purpose_ko="아직 아무것도")

    text = school.get("/buyer/records").text

    assert data_request.current.purpose_ko in text
    assert "새로 열린 기록 1건, 지울 것 1건" in text
    assert silent.current.purpose_ko not in text


@pytest.mark.parametrize("path", ["/buyer/records", "/buyer/data-requests/{}"])
def test_the_pages_hold_nothing_that_the_content_policy_would_drop(school, data_request, duty, path):
    factories.release(request=data_request)

    assert INLINE.findall(school.get(path.format(data_request.pk)).text) == []


@pytest.mark.parametrize("path", ["/buyer/records", "/buyer/data-requests/{}"])
def test_the_pages_speak_english(school, data_request, duty, path):
    factories.release(request=data_request)
    school.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    text = school.get(path.format(data_request.pk)).text

    main = text[text.index("<main") : text.index("</main>")]
    assert set(re.findall(r"[가-힣]+", main)) == set()


def test_the_cost_of_the_page_does_not_grow_with_its_records(school, data_request):
    costs = []
    for _ in range(2):
        for number in range(3):
            place = factories.area(code=f"KR-HB-{number}").code
            factories.release(request=data_request, values={"value": 41, "unit": "ug/m3", "area": place})
        page(school, data_request)
        with CaptureQueriesContext(connection) as queried:
            page(school, data_request)
        costs.append(len(queried))

    assert costs[0] == costs[1] <= 22
