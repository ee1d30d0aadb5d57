"""The buyer's pages work without JavaScript, say what to mend, and show nobody else's data requests."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.demand import operations
from marketplace.demand.models import DataRequest
from marketplace.insights.kinds import KINDS
from rewards.ledger.queries import balance_of
from tests import factories

LIST = "/buyer/data-requests"


@pytest.fixture
def browser(staff):
    client = Client()
    client.force_login(staff)
    return client


def written(**fields):
    stated = {
        "kinds": ["air.pm25"],
        "above": "35",
        "purpose": "public_air",
        "area": factories.area().pk,
        "purpose_ko": "아침 교실 환기 시각 정하기",
        "purpose_en": "Choosing when to air classrooms",
        "tokens_exact": "120",
        "tokens_day": "60",
        "optional_fields": ["model"],
        "retention_days": "30",
        "ends_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "min_gap_hours": "0",
        "budget_tokens": "30,000",
    }
    return {**stated, **fields}


def page(answer):
    return answer.content.decode()


def test_says_what_to_do_when_nothing_was_written_yet(browser):
    assert "아직 쓰신 데이터 요청이 없어요" in page(browser.get(LIST))


def test_writes_a_draft_with_thousands_apart_and_ends_at_midnight(browser, buyer):
    answer = browser.post(f"{LIST}/new", written())

    made = DataRequest.objects.get()
    assert answer.url == f"{LIST}/{made.pk}/manage"
    assert made.organisation == buyer
    assert made.current.budget_tokens == 30_000
    assert made.current.rungs == [{"rung": "exact", "tokens": 120}, {"rung": "day", "tokens": 60}]
    assert timezone.localtime(made.current.ends_at).strftime("%H:%M") == "00:00"
    assert timezone.localtime(made.current.ends_at).date() == timezone.localdate() + timedelta(days=31)
    assert timezone.localtime(made.current.last_moment).date() == timezone.localdate() + timedelta(days=30)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"retention_days": "45"}, "30일까지 쓸 수 있어요"),
        ({"kinds": ["pest.sighting"], "above": ""}, "여쭤볼 수 없는 종류"),
        ({"budget_tokens": "143"}, "144토큰보다 적을 수 없어요"),
        ({"tokens_day": "121"}, "덜 자세한 것에 토큰을 더 드릴 수는 없어요"),
        ({"tokens_exact": "", "tokens_day": ""}, "정밀도는"),
        ({"ends_on": "2020-01-01"}, "한 해 안에서 골라 주세요"),
        ({"words": ["ant"]}, "고를 수 있는 말만"),
        ({"purpose_en": ""}, "여기를 채워 주세요."),
        ({"area": "nowhere"}, "올바르게 선택"),
        ({"budget_tokens": "many"}, "숫자로 적어 주세요."),
        ({"above": "nan"}, "숫자로 적어 주세요."),
    ],
)
def test_says_what_to_mend_and_keeps_what_was_written(browser, wrong, sentence):
    answer = browser.post(f"{LIST}/new", written(**wrong))

    assert answer.status_code == 422
    assert sentence in page(answer)
    assert 'aria-invalid="true"' in page(answer)
    assert "아침 교실 환기 시각 정하기" in page(answer)
    assert not DataRequest.objects.exists()


def test_shows_the_card_of_the_household_without_keeping_anything(browser, buyer):
    answer = browser.post(f"{LIST}/new", written(preview="1", tokens_exact="150", retention_days="45"))

    shown = page(answer)
    assert answer.status_code == 200
    assert "가구 150, 제조사 15, 마루 15" in shown
    assert buyer.name_ko in shown
    assert "초미세먼지 PM2.5" in shown
    assert not DataRequest.objects.exists()


def test_draws_the_card_alone_for_htmx(browser):
    answer = browser.post(f"{LIST}/preview", {"kinds": ["pest.sighting"], "words": ["ant"], "tokens_exact": "x"})

    assert page(answer).strip().startswith('<section class="preview" id="preview"')
    assert "개미로 보임" in page(answer)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_shown_on_the_card(browser, kind):
    for rung in ("exact", "hour", "day"):
        assert browser.post(f"{LIST}/preview", {"kinds": [kind], f"tokens_{rung}": "10"}).status_code == 200


def test_an_edit_starts_from_what_stands_and_makes_the_next_version(browser, buyer):
    request = factories.open_request(of=buyer)
    form = page(browser.get(f"{LIST}/{request.pk}/edit"))
    assert 'value="30,000"' in form
    assert "다시 검토를 받아요" in form

    browser.post(f"{LIST}/{request.pk}/edit", written(number="1", retention_days="7"))

    request.refresh_from_db()
    assert (request.state, request.current.number, request.current.retention_days) == ("in_review", 2, 7)


def test_two_colleagues_do_not_overwrite_each_other(browser, buyer):
    request = factories.draft_request(of=buyer)
    browser.post(f"{LIST}/{request.pk}/edit", written(number="1", retention_days="7"))

    answer = browser.post(f"{LIST}/{request.pk}/edit", written(number="1", retention_days="9"))

    request.refresh_from_db()
    assert answer.status_code == 409
    assert request.current.retention_days == 7


def test_walks_from_draft_to_closed_with_its_buttons(browser, buyer):
    request = factories.draft_request(of=buyer)
    path = f"{LIST}/{request.pk}"

    browser.post(f"{path}/fund", {"tokens": "1,000", "key": uuid4()})
    browser.post(f"{path}/submit")
    operations.review_request(
        request_id=request.pk, actor=factories.admin(), verdict="opened", reason="", at=timezone.now()
    )
    states = []
    for act in ("pause", "resume", "close"):
        assert f"{path}/{act}" in page(browser.get(f"{path}/manage"))
        browser.post(f"{path}/{act}")
        request.refresh_from_db()
        states.append(request.state)

    assert states == ["paused", "open", "closed"]
    assert "부터 돌아와요" in page(browser.get(f"{path}/manage"))


def test_a_second_click_funds_nothing_more(browser, buyer):
    request, key = factories.draft_request(of=buyer), uuid4()

    for _ in range(2):
        browser.post(f"{LIST}/{request.pk}/fund", {"tokens": "1,000", "key": key})

    assert balance_of(request.escrow).posted == 1_000


def test_says_so_when_more_is_put_in_than_the_budget(browser, buyer):
    request, said = factories.draft_request(of=buyer, budget_tokens=1_000), []

    for tokens in ("1,000", "200"):
        browser.post(f"{LIST}/{request.pk}/fund", {"tokens": tokens, "key": uuid4()})
        said.append("예산보다 200 토큰 많아요" in page(browser.get(f"{LIST}/{request.pk}/manage")))

    assert said == [False, True]


def test_says_so_when_the_account_cannot_cover_it(browser, buyer):
    request = factories.draft_request(of=buyer)

    answer = browser.post(f"{LIST}/{request.pk}/fund", {"tokens": "100,001", "key": uuid4()})

    assert answer.status_code == 409
    assert "쓸 수 있는 토큰이 모자라요" in page(answer)


def test_a_step_that_is_not_there_is_refused_in_words(browser, buyer):
    request = factories.draft_request(of=buyer)

    answer = browser.post(f"{LIST}/{request.pk}/pause")

    assert answer.status_code == 409
    assert "지금 이 데이터 요청에서는 할 수 없는 일이에요" in page(answer)


def test_shows_why_an_admin_returned_it(browser, buyer):
    request = factories.submitted_request(of=buyer)
    operations.review_request(
        request_id=request.pk, actor=factories.admin(), verdict="returned", reason="더 짧게요.", at=timezone.now()
    )

    assert "더 짧게요." in page(browser.get(f"{LIST}/{request.pk}/manage"))


def test_estimates_only_when_the_button_is_pressed(browser, buyer):
    path = f"{LIST}/{factories.draft_request(of=buyer).pk}"
    assert "열 집보다 적어요" not in page(browser.get(f"{path}/manage"))

    answer = page(browser.post(f"{path}/reach"))

    assert "열 집보다 적어요" in answer
    assert "오늘 19번 더" in answer


def test_the_budget_page_follows_every_token(browser, buyer):
    request = factories.submitted_request(of=buyer, tokens=1_000)

    shown = page(browser.get("/buyer/budget"))

    assert "99,000" in shown
    assert "−1,000" in shown
    assert f"{LIST}/{request.pk}/manage" in shown


def test_a_buyer_without_an_account_sees_an_empty_budget(db):
    client = Client()
    client.force_login(factories.staff(of=factories.organisation()))

    assert "아직 오간 토큰이 없어요" in page(client.get("/buyer/budget"))


def test_speaks_english_to_who_reads_english(browser, buyer, staff):
    staff.locale = "en"
    staff.save(update_fields=["locale"])
    path = f"{LIST}/{factories.open_request(of=buyer).pk}"

    for address in (LIST, f"{LIST}/new", f"{path}/manage", f"{path}/edit", "/buyer/budget"):
        hangul = re.findall(r"[가-힣]+", without_own_words(page(browser.get(address))))
        assert hangul == []
    assert "Choosing when to air classrooms" in page(browser.get(f"{path}/manage"))


def without_own_words(html):
    """What people wrote themselves, and the way to the other language, stay in Korean."""
    for own in ("아침 교실 환기 시각 정하기", "한국어"):
        html = html.replace(own, "")
    return re.sub(r"(사람|기관) \d+", "", html)


PAGES = [("get", "/manage"), ("get", "/edit"), ("post", "/edit")] + [
    ("post", f"/{act}") for act in ("fund", "submit", "pause", "resume", "close", "reach")
]


@pytest.mark.parametrize(("method", "act"), PAGES)
@pytest.mark.parametrize("who", ["another buyer", "a member", "a manufacturer", "an admin"])
def test_everybody_else_finds_nothing(buyer, method, act, who):
    request = factories.open_request(of=buyer, tokens=1_000)

    answer = getattr(as_somebody(who), method)(f"{LIST}/{request.pk}{act}", {"tokens": "1", "key": uuid4()})

    request.refresh_from_db()
    assert answer.status_code == 404
    assert (request.state, request.current.number) == ("open", 1)


@pytest.mark.parametrize("path", [LIST, f"{LIST}/new", "/buyer/budget"])
@pytest.mark.parametrize("who", ["a member", "a manufacturer", "an admin"])
def test_only_buyers_have_these_pages(db, path, who):
    assert as_somebody(who).get(path).status_code == 404


@pytest.mark.parametrize("path", [LIST, f"{LIST}/new", "/buyer/budget"])
def test_a_stranger_is_asked_to_sign_in(db, path):
    answer = Client().get(path)

    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")


def as_somebody(who):
    client = Client()
    client.force_login(
        {
            "another buyer": lambda: factories.staff(of=factories.organisation()),
            "a member": factories.member,
            "a manufacturer": lambda: factories.staff(of=factories.organisation(kind="manufacturer")),
            "an admin": factories.admin,
        }[who]()
    )
    return client


def test_the_list_costs_as_many_queries_for_many_as_for_one(browser, buyer):
    def queries_of():
        with CaptureQueriesContext(connection) as caught:
            browser.get(LIST)
        return len(caught)

    factories.open_request(of=buyer, tokens=1_000)
    one = queries_of()
    for _ in range(4):
        factories.draft_request(of=buyer)

    assert queries_of() == one


def test_a_buyer_says_how_sure_it_wants_to_be_and_reads_it_in_words(browser):
    browser.post(f"{LIST}/new", written(least_assurance="bearer"))

    made = DataRequest.objects.get()
    shown = page(browser.get(f"{LIST}/{made.pk}/manage"))
    form = page(browser.get(f"{LIST}/{made.pk}/edit"))

    assert made.current.least_assurance == "bearer"
    assert "가전이 직접 보낸 것만" in shown
    assert '<option value="bearer" selected>' in form


def test_a_buyer_that_says_nothing_of_it_takes_any_way(browser):
    browser.post(f"{LIST}/new", written())

    assert DataRequest.objects.get().current.least_assurance == "any"


def test_a_threshold_stands_in_the_form_as_people_write_it(browser, buyer):
    made = factories.draft_request(of=buyer, above=35, below=75.5)

    shown = browser.get(f"{LIST}/{made.pk}/edit").content.decode()

    assert re.findall(r'name="(?:above|below)" value="([^"]*)"', shown) == ["35", "75.5"]


def test_its_page_tells_every_term_as_it_was_stated(browser, buyer):
    made = factories.draft_request(
        of=buyer, kinds=["air.pm25", "air.pm10"], above=35, min_gap_hours=0, optional_fields=["zone"],
        rungs=[{"rung": "exact", "tokens": 120}, {"rung": "day", "tokens": 60}],
    )  # fmt: skip

    shown = browser.get(f"{LIST}/{made.pk}/manage").content.decode()

    assert "초미세먼지 PM2.5, 미세먼지 PM10" in shown
    assert "35\N{NO-BREAK SPACE}µg/m³보다 클 때" in shown
    assert "잰 그대로, 초까지: 120 토큰 · 넓게 묶은 값, 날짜와 도시만: 60 토큰" in shown
    assert all(words in shown for words in ("가전의 칸", "어떤 길로 왔든 받아요", "두지 않아요"))
