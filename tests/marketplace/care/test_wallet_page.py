"""The wallet: what there is, the months, and every line back to what caused it."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.parties.models import Membership
from marketplace.brokerage.operations import withdraw_consent
from marketplace.brokerage.wording import once_in
from rewards.redemption import operations
from tests import factories


@pytest.fixture
def mother(db):
    return factories.member(of=factories.household(name="지우네"))


@pytest.fixture
def page(client):
    def read(user, path="/wallet", **query):
        client.force_login(user)
        response = client.get(path, query)
        assert response.status_code == 200
        return response.content.decode()

    return read


def test_says_how_often_a_proof_is_made_from_the_setting(page, mother, settings):
    settings.LIABILITIES_SECONDS = 60

    assert "증명은 1분에 한 번쯤 새로 만들어요." in page(mother)
    assert [once_in(seconds) for seconds in (86_400, 172_800, 3_600, 60, 90, 10)] == [
        "하루", "2일", "한 시간", "1분", "2분", "10초",
    ]  # fmt: skip


def test_an_empty_wallet_says_where_tokens_come_from(page, mother):
    assert "아직 들어온 토큰이 없어요" in page(mother)


def test_every_earned_line_leads_to_its_ask_its_consent_and_its_receipt(page, client, mother):
    consent = factories.deal(by=mother).consent

    shown = page(mother)

    ways = [
        reverse("show_ask", args=[consent.ask_id]),
        reverse("show_consent", args=[consent.pk]),
        reverse("download_receipt", args=[consent.pk]),
    ]
    assert [f'href="{way}"' in shown for way in ways] == [True] * 3
    assert [client.get(way).status_code for way in ways] == [200] * 3
    assert consent.recipient.name in shown
    assert "공기청정기, " in shown


def test_a_withdrawn_consent_keeps_its_tokens_and_says_so(page, mother):
    deal = factories.deal(by=mother)
    withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())

    assert "나중에 철회하셨고 토큰은 그대로예요." in page(mother)


def test_reservations_lower_what_can_be_used_and_are_named(page, mother):
    factories.tokens_in_wallet(mother.membership.household, 2_700)
    wanted = factories.reward(tokens=450, name_ko="냉장고 방문 점검")
    operations.place_order(reward_id=wanted.pk, actor=mother, at=timezone.now())

    shown = page(mother)

    assert "<dt>지금 쓸 수 있는 토큰</dt><dd>2,250" in shown
    assert "<dt>모두</dt><dd>2,700" in shown
    assert "<dt>예약 중</dt><dd>450 <small>냉장고 방문 점검</small>" in shown


def test_what_was_spent_leads_to_its_order(page, mother):
    order = factories.order_in("accepted", by=mother)

    shown = page(mother)

    assert f"/shop/orders/{order.pk}" in shown
    assert "−600 <small>0</small>" in shown


def test_the_chart_and_the_table_say_the_same(page, mother):
    factories.order_in("fulfilled", by=mother)

    shown = page(mother)

    this_month = f"{timezone.localdate().month}월"
    assert f'<tr><th scope="row">{this_month}</th><td class="num">0</td><td class="num">600</td>' in shown
    assert shown.count('<text class="value"') == 2
    assert shown.count('<path class="a"') == shown.count('<path class="b"') == 1


def test_older_lines_stand_on_the_next_page_and_none_is_lost(page, client, mother):
    for tokens in range(1, 26):
        factories.tokens_in_wallet(mother.membership.household, tokens)

    first = page(mother)
    older = client.get("/wallet", {"before": client.get("/wallet").context["older_href"].partition("=")[2]})

    shown = [line.entry.tokens for group in older.context["groups"] for line in group["lines"]]
    assert shown == [5, 4, 3, 2, 1]
    assert "더 이전 것" in first


def test_a_cursor_of_another_home_opens_nothing(client, mother):
    from consent.parties.paging import seal_position

    client.force_login(mother)

    assert client.get("/wallet", {"before": seal_position(3, name="wallet:another")}).status_code == 404


def test_a_teen_reads_the_wallet(page, mother):
    factories.tokens_in_wallet(mother.membership.household, 40)
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)

    assert "+40" in page(teen)


def test_a_child_is_told_who_may(client, mother):
    client.force_login(factories.member(of=mother.membership.household, role=Membership.Role.CHILD))

    response = client.get("/wallet")

    assert response.status_code == 403
    assert "지갑은 14세부터 볼 수 있어요." in response.content.decode()


def test_the_story_of_another_members_own_appliance_stays_theirs(page, mother):
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)
    deal = factories.deal(by=mother)
    with factories.as_owner():
        type(deal.consent.ask).objects.filter(pk=deal.consent.ask_id).update(private_to=teen.membership)

    shown = page(mother)

    assert "식구가 나눈 것" in shown
    assert deal.consent.recipient.name not in shown
    assert str(deal.consent.pk) not in shown


@pytest.mark.parametrize("who", ["staff", "auditor"])
def test_nobody_without_a_home_finds_a_wallet(client, db, who):
    client.force_login(getattr(factories, who)())

    assert client.get("/wallet").status_code == 404


def test_a_stranger_is_sent_to_the_door(client, db):
    assert client.get("/wallet").url == "/accounts/login/?next=/wallet"


def test_the_wallet_reads_in_english(page, mother):
    mother.locale = "en"
    mother.save()
    factories.order_in("accepted", by=mother)

    shown = page(mother)

    assert "Tokens you can use" in shown
    assert "Follow every line back to the ask it came from." in shown
    assert "See the order" in shown


def test_the_number_of_queries_does_not_grow_with_the_lines(page, client, mother, django_assert_max_num_queries):
    for _ in range(2):
        factories.order_in("accepted", by=mother)
    client.force_login(mother)
    client.get("/wallet")

    with django_assert_max_num_queries(20) as few:
        client.get("/wallet")
    for _ in range(6):
        factories.order_in("accepted", by=mother)
    with django_assert_max_num_queries(len(few)):
        client.get("/wallet")


def test_the_months_walk_back_from_what_is_there_now(mother, monkeypatch):
    from rewards.redemption.queries import months_of

    home = factories.tokens_in_wallet(mother.membership.household, 500)

    months = months_of(home, at=timezone.now() + timedelta(days=62), posted=500)

    assert [month.opening for month in months][-2:] == [500, 500]
    assert sum(month.came_in for month in months) == 500
    assert all(before.closing == after.opening for before, after in pairwise(months))


def test_the_number_of_queries_does_not_grow_with_the_consents_either(client, mother, django_assert_max_num_queries):
    request = factories.open_request(min_gap_hours=0)
    factories.deal(by=mother, request=request)
    client.force_login(mother)
    client.get("/wallet")

    with django_assert_max_num_queries(20) as few:
        client.get("/wallet")
    for value in (63, 64, 65):
        factories.deal(by=mother, request=request, value=value)
    with django_assert_max_num_queries(len(few)):
        assert client.get("/wallet").content.count(b"/receipt") == 4
