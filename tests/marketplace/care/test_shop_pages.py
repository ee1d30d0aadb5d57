"""The shop: what fits the home, a reservation in two steps, and vouchers that can be taken back."""

from uuid import uuid4

import pytest
from django.utils import timezone

from consent.parties.models import Membership
from marketplace.appliances.models import Appliance
from rewards.ledger.queries import balance_of, wallet_address
from rewards.redemption.models import Order, Reward
from tests import factories


@pytest.fixture
def home(db):
    return factories.tokens_in_wallet(factories.household(name="지우네"), 1_000)


@pytest.fixture
def mother(home):
    return factories.member(of=home)


@pytest.fixture
def teen(home):
    return factories.member(of=home, role=Membership.Role.TEEN)


@pytest.fixture
def purifier(home):
    return Appliance.objects.create(household=home, identity=uuid4().hex, type="air_purifier", joined_at=timezone.now())


@pytest.fixture
def hepa(db):
    return factories.reward(name_ko="헤파 필터", name_en="HEPA filter", tokens=600, stock=2)


@pytest.fixture
def visit(db):
    return factories.reward(name_ko="방문 점검", kind=Reward.Kind.SERVICE, fits=["refrigerator"], tokens=450)


def shop(client, user, path="/shop", **query):
    client.force_login(user)
    return client.get(path, query).content.decode()


def reserve(client, user, reward, **fields):
    client.force_login(user)
    return client.post(f"/shop/{reward.pk}/reserve", {"tap": uuid4(), **fields})


def test_the_shop_first_shows_what_fits_the_home(client, mother, purifier, hepa, visit):
    shown = shop(client, mother)

    assert "헤파 필터" in shown
    assert "방문 점검" not in shown
    assert "쓸 수 있는 토큰은 1,000이에요." in shown


@pytest.mark.parametrize(
    ("chip", "names"),
    [("service", {"방문 점검"}), ("parts", {"헤파 필터"}), ("appliance", set()), ("all", {"방문 점검", "헤파 필터"})],
)
def test_each_chip_shows_its_kinds(client, mother, hepa, visit, chip, names):
    shown = shop(client, mother, show=chip)

    assert {name for name in ("방문 점검", "헤파 필터") if f"<h3>{name}</h3>" in shown} == names


def test_another_members_own_appliance_does_not_show_through_what_fits(client, mother, teen, purifier, hepa):
    purifier.private_to = teen.membership
    purifier.save()

    assert "헤파 필터" not in shop(client, mother)
    assert "헤파 필터" in shop(client, teen)


def test_a_home_without_appliances_is_led_to_everything(client, mother, hepa):
    shown = shop(client, mother)

    assert "들이신 가전이 아직 없어서" in shown
    assert '<a href="?show=all">모두 보기</a>' in shown


def test_before_confirming_no_token_has_moved(client, mother, home, hepa):
    shown = shop(client, mother, path=f"/shop/{hepa.pk}/reserve")

    assert "아직 토큰은 움직이지 않았어요." in shown
    assert "600 토큰으로 예약" in shown
    assert '<tr><th scope="row">예약한 뒤</th><td class="num">400</td></tr>' in shown
    assert balance_of(wallet_address(home)).held == 0


def test_confirming_reserves_and_shows_the_voucher(client, mother, home, hepa):
    response = reserve(client, mother, hepa)

    order = Order.objects.get()
    shown = client.get(response.url).content.decode()
    assert response.url == f"/shop/orders/{order.pk}"
    assert f"MARU {order.voucher_code}" in shown
    assert '<svg class="qr" viewBox=' in shown
    assert "600, 묶어만 두었어요" in shown
    assert "예약 취소하고 600 토큰 돌려받기" in shown
    assert " style=" not in shown


def test_pressing_the_button_twice_reserves_once(client, mother, hepa):
    tap = uuid4()

    answers = [reserve(client, mother, hepa, tap=tap) for _ in range(2)]

    assert answers[0].url == answers[1].url
    assert Order.objects.count() == 1


def test_too_few_tokens_say_so_in_the_page(client, mother, home, hepa):
    factories.order(by=mother, of=factories.reward(tokens=580), tokens=1)
    dear = factories.reward(tokens=600)

    before_asking = shop(client, mother, path=f"/shop/{dear.pk}/reserve")
    response = reserve(client, mother, dear)

    sentence = "600 토큰이 필요해요. 지금 쓸 수 있는 것은 421이에요."
    assert response.status_code == 402
    assert sentence in response.content.decode()
    assert sentence in before_asking
    assert "600 토큰으로 예약" not in before_asking


def test_what_was_sold_meanwhile_says_so_in_the_page(client, mother, hepa):
    Reward.objects.update(stock=0)

    response = reserve(client, mother, hepa)

    assert response.status_code == 409
    assert "방금 마지막 하나까지 나갔어요." in response.content.decode()


def test_a_teen_looks_but_does_not_order(client, teen, purifier, hepa):
    looking, confirming = shop(client, teen), shop(client, teen, path=f"/shop/{hepa.pk}/reserve")
    response = reserve(client, teen, hepa)

    assert "예약과 취소는 어른 식구가 해요" in looking
    assert "예약하기" not in looking
    assert "토큰으로 예약" not in confirming
    assert response.status_code == 403
    assert Order.objects.count() == 0


def test_cancelling_gives_the_tokens_back_and_says_so(client, mother, home, hepa):
    reserve(client, mother, hepa)

    response = client.post(f"/shop/orders/{Order.objects.get().pk}/cancel", follow=True)

    assert "취소하셨어요. 600 토큰이 돌아왔어요." in response.content.decode()
    assert balance_of(wallet_address(home)).available == 1_000


def test_a_teen_does_not_cancel_either(client, mother, teen, hepa):
    reserve(client, mother, hepa)
    client.force_login(teen)
    path = f"/shop/orders/{Order.objects.get().pk}"

    assert client.post(f"{path}/cancel").status_code == 403
    assert "예약 취소하고" not in client.get(path).content.decode()


def test_cancelling_what_is_over_is_told_in_the_page(client, mother):
    order = factories.order_in("fulfilled", by=mother)
    client.force_login(mother)

    response = client.post(f"/shop/orders/{order.pk}/cancel")

    assert response.status_code == 409
    assert "이 예약은 지금 이런 상태예요: 마쳤어요" in response.content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("placed", "한빛서비스의 답을 기다려요."),
        ("accepted", "한빛서비스에서 받았어요."),
        ("fulfilled", "한빛서비스에서 마쳤어요."),
        ("refused", "한빛서비스에서 받지 못했어요. 토큰은 모두 돌아왔어요."),
        ("cancelled", "취소하셨어요. 토큰은 모두 돌아왔어요."),
    ],
)
def test_every_state_is_said_in_words(client, mother, state, words):
    factories.order_in(state, by=mother)

    assert words in shop(client, mother, path="/shop/orders")


def test_an_order_nobody_answered_says_so_with_no_clock_running(client, mother):
    order = factories.order_in("placed", by=mother)
    with factories.as_owner():
        Order.objects.filter(pk=order.pk).update(answer_by=timezone.now())

    shown = shop(client, mother, path=f"/shop/orders/{order.pk}")

    assert "한빛서비스의 답이 없어 예약이 풀렸어요." in shown
    assert "MARU" not in shown


def test_a_refused_order_shows_the_reason_as_it_was_written(client, mother):
    order = factories.order_in("refused", by=mother)

    assert "다 나갔어요." in shop(client, mother, path=f"/shop/orders/{order.pk}")


@pytest.mark.parametrize("path", ["/shop/orders/{id}", "/shop/orders/{id}/cancel"])
def test_another_home_does_not_find_the_order(client, mother, path):
    order = factories.order(by=mother)
    client.force_login(factories.member())

    answer = client.post if path.endswith("cancel") else client.get
    assert answer(path.format(id=order.pk)).status_code == 404
    assert Order.objects.get().state == Order.State.PLACED


@pytest.mark.parametrize("path", ["/shop", "/shop/orders"])
@pytest.mark.parametrize("who", ["staff", "auditor"])
def test_nobody_without_a_home_finds_the_shop(client, db, who, path):
    client.force_login(getattr(factories, who)())

    assert client.get(path).status_code == 404


def test_a_form_without_its_token_is_refused(mother, hepa):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(mother)

    assert strict.post(f"/shop/{hepa.pk}/reserve").status_code == 403
    assert Order.objects.count() == 0


def test_the_shop_is_read_in_pages(client, mother, hepa):
    firm = hepa.provider
    for number in range(30):
        factories.reward(of=firm, name_ko=f"것 {number}", tokens=1_000 + number)

    first, second = shop(client, mother, show="all"), shop(client, mother, show="all", page=2)

    assert "2쪽 가운데 1쪽" in first
    assert "?show=all&amp;page=2" in first
    assert "것 29" in second
    assert "것 29" not in first


def test_the_shop_reads_in_english(client, mother, purifier, hepa):
    mother.locale = "en"
    mother.save()
    factories.order(by=mother, of=hepa)

    shown = shop(client, mother)
    confirm = shop(client, mother, path=f"/shop/{hepa.pk}/reserve")

    assert "HEPA filter" in shown
    assert "Waiting for Hanbit Service to answer." in shown
    assert "Cancel and get 600 tokens back" in shown
    assert "No tokens have moved yet." in confirm
    assert "Reserve for 600 tokens" in confirm


@pytest.mark.parametrize("path", ["/shop?show=all", "/shop/orders"])
def test_the_number_of_queries_does_not_grow_with_the_rows(client, mother, path, django_assert_max_num_queries):
    factories.order(by=mother)
    client.force_login(mother)
    client.get(path)
    with django_assert_max_num_queries(20) as few:
        client.get(path)
    for _ in range(5):
        factories.order(by=mother)

    with django_assert_max_num_queries(len(few)):
        client.get(path)
