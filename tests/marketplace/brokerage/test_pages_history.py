"""The history as members keep it: receipts, what left, who read, and the way out in one click."""

import json
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from consent.parties.models import Membership
from consent.records.models import Consent
from consent.records.receipts import is_genuine
from marketplace.brokerage import operations
from marketplace.brokerage.papers import papers_of, with_papers
from marketplace.brokerage.shelves import history_of
from marketplace.delivery import door
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Erasure
from rewards.ledger.queries import balance_of, wallet_address
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def papers_on(page: str) -> list[str]:
    return re.findall(r'<article class="sheet receipt" id="consent-([0-9a-f-]{36})"', page)


def read(deal, *, path="api", at=None):
    organisation = deal.release.organisation
    reader = door.Reader(organisation=organisation, name="key", path=path)
    return door.read_page(request=deal.release.request, reader=reader, cursor=None, limit=50, at=at or timezone.now())


def withdraw(deal, *, by):
    return operations.withdraw_consent(consent_id=deal.consent.pk, actor=by, at=timezone.now())


def test_shows_what_left_from_the_released_copy_and_the_text_of_then(mother, browser):
    deal = factories.deal(by=mother)

    page = browser.get("/history").text

    assert papers_on(page) == [str(deal.consent.pk)]
    assert "<b>62</b>&nbsp;µg/m³" in page
    assert "거절하거나 답하지 않으셔도 불이익이 없어요." in page
    assert "맞아요, Ed25519" in page
    assert "윤하늘 님이 허락하셨고, 120 토큰이 들어왔어요." in page


def test_every_read_is_a_line_and_says_by_which_way(mother, browser):
    deal = factories.deal(by=mother)
    read(deal, path="api")
    read(deal, path="page")

    page = browser.get("/history").text

    assert page.count('<li data-state="read">') == 2
    assert "프로그램으로 읽었어요." in page
    assert "화면에서 읽었어요." in page


def test_very_many_reads_are_counted_instead_of_listed(mother, browser):
    deal = factories.deal(by=mother)
    for minute in range(11):
        read(deal, at=timezone.now() + timedelta(minutes=minute))

    page = browser.get("/history").text

    assert "그 전에 3번 더 읽었어요." in page


def test_a_withdrawal_is_one_post_and_leaves_only_the_fingerprint(mother, browser):
    deal = factories.deal(by=mother)
    read(deal)

    sent = browser.post(f"/history/{deal.consent.pk}/withdraw")

    assert (sent.status_code, sent.url) == (303, f"/history#consent-{deal.consent.pk}")
    page = browser.get("/history").text
    assert "받은 토큰은 그대로예요." in page
    assert "<b>62</b>" not in page
    assert "지문만 남았어요" in page
    assert "철회하기</button>" not in page
    assert balance_of(wallet_address(mother.membership.household)).available == 120


def test_what_maru_took_back_is_not_told_as_somebodys_withdrawal(mother, browser):
    deal = factories.deal(by=mother)
    factories.end_of(deal.consent, reason="revoked")

    page = browser.get("/history").text

    assert "마루가 거두었어요. 그때부터 아무도 읽지 못해요. 120 토큰은 그대로예요." in page
    assert "님이 철회하셨어요" not in page


def test_with_htmx_the_receipt_comes_back_withdrawn(mother, browser):
    deal = factories.deal(by=mother)

    sent = browser.post(f"/history/{deal.consent.pk}/withdraw", headers=HTMX)

    assert sent.status_code == 200
    assert sent.text.lstrip().startswith(f'<article class="sheet receipt" id="consent-{deal.consent.pk}"')
    assert 'data-state="withdrawn"' in sent.text


def test_withdrawing_from_the_inbox_brings_back_the_card_of_the_inbox(mother, browser):
    deal = factories.deal(by=mother)
    headers = {**HTMX, "HX-Target": f"ask-{deal.consent.ask_id}"}

    sent = browser.post(f"/history/{deal.consent.pk}/withdraw", headers=headers)

    assert sent.text.lstrip().startswith(f'<li id="ask-{deal.consent.ask_id}"')


def test_withdrawing_twice_says_so_and_changes_nothing(mother, browser):
    deal = factories.deal(by=mother)
    withdraw(deal, by=mother)

    sent = browser.post(f"/history/{deal.consent.pk}/withdraw", follow=True)

    assert "이미 철회하셨어요." in sent.text
    assert Consent.objects.get().receipts.count() == 2


def test_says_when_the_buyer_must_erase_and_that_it_did(mother, browser):
    deal = factories.deal(by=mother)
    read(deal)
    withdraw(deal, by=mother)
    before = browser.get("/history").text
    delivery.attest_erasure(
        erasure_id=Erasure.objects.get().pk, organisation=deal.release.organisation, actor="staff", at=timezone.now()
    )

    after = browser.get("/history").text

    assert '<li data-state="due">' in before
    assert "읽은 값을 지웠다고 확인했어요." in after


def test_a_no_is_kept_too_and_says_that_nothing_left(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    operations.deny_ask(ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now())

    page = browser.get("/history").text

    assert 'data-state="denied"' in page
    assert "그대로 집에 둘게요" in page
    # Neither ids and hashes nor the forms' random tokens: either may hold any two digits.
    assert "62" not in re.sub(r"\w{32,}|[0-9a-f-]{8,}", "", page)


def test_the_receipt_is_a_file_that_verifies_and_is_what_the_api_gives(mother, browser):
    deal = factories.deal(by=mother)

    sent = browser.get(f"/history/{deal.consent.pk}/receipt")

    document = json.loads(sent.content)
    assert sent.headers["Content-Disposition"].startswith('attachment; filename="maru-receipt-')
    assert is_genuine(document["receipt"], document["signature"]) == (True, "ok")
    assert document == browser.get(f"/api/v1/consents/{deal.consent.pk}/receipt").json()


def test_an_ended_retention_shows_without_any_clock(mother):
    factories.deal(by=mother)
    later = timezone.now() + timedelta(days=31)

    (kept,) = with_papers(history_of(mother, at=later))
    (paper,) = papers_of([kept], user=mother, at=later)

    assert kept.shelf == "expired"
    assert "보관이 끝났어요" in paper.word
    assert "62" not in {row.value for row in paper.rows}
    assert not paper.can_withdraw


def test_filters_combine_and_each_number_is_the_number_of_papers(mother, browser):
    school, firm = factories.open_request(), factories.open_request(kinds=["air.co2"], above=1000.0)
    gone = factories.deal(by=mother, request=school, source="urn:1")
    factories.deal(by=mother, request=school, source="urn:2", appliance_type="air_sensor")
    factories.deal(by=mother, request=firm, source="urn:3", kind="air.co2", unit="[ppm]", value=1600)
    withdraw(gone, by=mother)

    page = browser.get("/history", {"buyer": school.organisation_id, "state": "given"}).text

    assert len(papers_on(page)) == 1
    chips = re.findall(r'<a href="(\?[^"]*)"[^>]*>[^<]+ <span>(\d+)</span>', page)
    assert len(chips) >= 7
    for href, count in chips:
        assert len(papers_on(browser.get(f"/history{href.replace('&amp;', '&')}").text)) == int(count)


def test_kind_and_month_are_filters_like_the_others(mother, browser):
    request = factories.open_request(kinds=["air.pm25", "air.co2"], above=None)
    now = timezone.now()
    for number, (kind, days) in enumerate([("air.pm25", 0), ("air.pm25", 40), ("air.co2", 40)]):
        at = now - timedelta(days=days)
        unit, value = ("[ppm]", 1600) if kind == "air.co2" else ("ug/m3", 62)
        # Asked now, since the ledger's own clock holds no price for a day that is over.
        asked = factories.ask(
            of=mother.membership.household, request=request, source=f"urn:{number}", kind=kind, unit=unit, value=value
        )
        factories.approve(asked, by=mother, at=at)
    month = f"{timezone.localtime(now - timedelta(days=40)):%Y-%m}"

    found = [
        len(papers_on(browser.get("/history", chosen).text))
        for chosen in (
            {"kind": "air.pm25"}, {"period": month}, {"period": month, "kind": "air.co2"}, {"period": "2026-13"},
            {"period": "%s"}, {"kind": "air.pm25", "state": "given"},
        )
    ]  # fmt: skip

    assert found == [2, 2, 1, 0, 0, 1]


def test_after_a_withdrawal_the_whole_fingerprint_and_the_moment_of_destruction_are_kept(mother, browser):
    deal = factories.deal(by=mother)
    withdraw(deal, by=mother)
    deal.release.refresh_from_db()

    page = browser.get(f"/history/{deal.consent.pk}").text

    assert deal.consent.payload_digest in page
    assert "사본과 열쇠를 없앤 때" in page
    assert timezone.localtime(deal.release.closed_at).isoformat(timespec="seconds")[:16] in page


def test_what_was_just_done_is_said_once(mother, browser):
    deal = factories.deal(by=mother)

    card = browser.post(f"/history/{deal.consent.pk}/withdraw", headers=HTMX).text

    assert card.count("철회하셨어요") == 2  # the state, and who did it in the timeline
    assert "철회하셨어요. 철회하셨어요" not in re.sub(r"<[^>]+>|\s+", " ", card).replace("  ", " ")


def test_every_read_of_one_record_is_on_its_own_page(mother, browser):
    deal = factories.deal(by=mother)
    for minute in range(53):
        read(deal, at=timezone.now() + timedelta(minutes=minute))

    first = browser.get(f"/history/{deal.consent.pk}").text.split('id="reads"')[1]
    more = re.search(r'rel="next" href="([^"]*)"', first)[1].replace("&amp;", "&").split("#")[0]
    second = browser.get(f"/history/{deal.consent.pk}{more}").text.split('id="reads"')[1]

    assert (first.count('data-state="read"'), second.count('data-state="read"')) == (50, 3)
    assert browser.get(f"/history/{deal.consent.pk}?cursor=broken").status_code == 404


def test_the_receipt_of_each_act_can_be_taken_along(mother, browser):
    deal = factories.deal(by=mother)
    withdraw(deal, by=mother)

    page = browser.get("/history").text
    taken = [browser.get(href).json() for href in re.findall(r'href="(/history/[^"]*/receipt\?act=\w+)"', page)]

    assert [is_genuine(one["receipt"], one["signature"])[1] for one in taken] == ["ok", "ok"]
    assert taken[1]["receipt"]["dct:replaces"]["@id"] == taken[0]["receipt"]["@id"]
    assert browser.get(f"/history/{deal.consent.pk}/receipt?act=refused").status_code == 404


def test_the_pager_reaches_every_paper_once(mother, browser):
    request = factories.open_request()
    for number in range(21):
        factories.deal(by=mother, request=request, source=f"urn:{number}")

    first = browser.get("/history").text
    more = re.search(r'rel="next" href="([^"]*)"', first)[1].replace("&amp;", "&")
    second = browser.get(f"/history{more}").text

    assert len({*papers_on(first), *papers_on(second)}) == 21


@pytest.mark.parametrize("deals", [1, 10])
def test_costs_the_same_number_of_statements_for_one_paper_and_for_ten(
    mother, browser, deals, django_assert_num_queries
):
    request = factories.open_request()
    for number in range(deals):
        read(factories.deal(by=mother, request=request, source=f"urn:{number}"))
    browser.get("/history")

    with django_assert_num_queries(11):
        assert len(papers_on(browser.get("/history").text)) == deals


def test_speaks_english_around_the_text_that_was_read(mother, browser):
    buyer = factories.tokens_for(factories.organisation(name_en="Haeoreum School", address="3 Learning Road"))
    ask = factories.ask(of=mother.membership.household, request=factories.open_request(of=buyer))
    operations.deny_ask(ask_id=ask.pk, actor=mother, locale="en", at=timezone.now())
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    page = browser.get("/history").text

    assert "What you decided so far" in page
    assert "Denying or not answering has no downside." in page
    assert set(re.findall(r"[가-힣]+", page)) == {"한국어", "하늘이네", "윤하늘"}


def test_an_empty_history_says_so(browser):
    assert "아직 정하신 것이 없어요" in browser.get("/history").text


def test_a_teen_reads_the_history_but_cannot_withdraw_for_the_home(mother):
    deal = factories.deal(by=mother)
    teen = signed_in(factories.member(of=mother.membership.household, role=Membership.Role.TEEN))

    assert "철회하기</button>" not in teen.get("/history").text
    assert teen.post(f"/history/{deal.consent.pk}/withdraw").status_code == 403
    assert not hasattr(Consent.objects.get(), "end")


def test_another_home_finds_nothing(mother):
    deal = factories.deal(by=mother)
    neighbour = signed_in(factories.member())

    assert papers_on(neighbour.get("/history").text) == []
    for path in ("", "/receipt"):
        assert neighbour.get(f"/history/{deal.consent.pk}{path}").status_code == 404
    assert neighbour.post(f"/history/{deal.consent.pk}/withdraw").status_code == 404


def test_a_broken_cursor_is_no_page(browser):
    assert browser.get("/history?cursor=broken").status_code == 404


def test_a_withdrawal_in_place_brings_the_counts_above_the_list_along(mother, browser):
    deal = factories.deal(by=mother)
    swap = {"HX-Request": "true", "HX-Target": f"consent-{deal.consent.pk}"}

    answers = [
        browser.post(
            f"/history/{deal.consent.pk}/withdraw", headers=swap | {"HX-Current-URL": f"http://testserver{seen}"}
        )
        for seen in ("/history?state=given", f"/history/{deal.consent.pk}")
    ]

    heads = [re.findall(r'id="history-head" hx-swap-oob="true"', answer.text) for answer in answers]
    assert [len(head) for head in heads] == [1, 0]
    assert re.search(r"철회한 것 <span>1</span>", answers[0].text)
