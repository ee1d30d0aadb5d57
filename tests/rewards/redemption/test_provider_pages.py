"""The provider's desk: orders that wait, the promise, the refusal with its reason, the voucher at the door."""

import pytest
from django.utils import timezone

from rewards.redemption import operations
from rewards.redemption.models import Order, Reward
from tests import factories
from tests.rewards.redemption.books import Standing, standing


@pytest.fixture
def order(filter_reward, mother) -> Order:
    return operations.place_order(reward_id=filter_reward.pk, actor=mother, at=timezone.now())


@pytest.fixture
def desk(client, worker):
    client.force_login(worker)
    return client


def path_of(order, step=""):
    return f"/provider/orders/{order.pk}{step and f'/{step}'}"


def text(response):
    return response.content.decode()


def test_the_list_shows_what_waits_and_never_the_voucher(desk, order):
    shown = text(desk.get("/provider/orders"))

    assert order.reward.name in shown
    assert "지우네, 한빛시 3구역" in shown
    assert order.voucher_code not in shown
    assert order.voucher_code not in text(desk.get(path_of(order)))


def test_an_order_past_its_72_hours_waits_no_more_even_without_a_clock(desk, order):
    with factories.as_owner():
        Order.objects.update(answer_by=timezone.now())

    assert order.reward.name not in text(desk.get("/provider/orders"))
    assert order.reward.name in text(desk.get("/provider/orders?show=over"))
    assert desk.post(path_of(order, "accept")).status_code == 409


def test_empty_shelves_say_so(desk):
    assert "지금은 기다리는 예약이 없어요." in text(desk.get("/provider/orders"))
    assert "받아 두신 예약이 없어요." in text(desk.get("/provider/orders?show=accepted"))
    assert "아직 끝난 예약이 없어요." in text(desk.get("/provider/orders?show=over"))


def test_an_unknown_shelf_is_not_found(desk):
    assert desk.get("/provider/orders?show=all").status_code == 404


def test_accepting_leads_on_to_the_voucher(desk, order, home, firm):
    response = desk.post(path_of(order, "accept"), follow=True)

    assert "손님의 교환권 번호를 적어 주세요" in text(response)
    assert 'name="voucher_code"' in text(response)
    assert standing(home, firm) == Standing(available=400, held=0, orders=600, provider=0)


def test_the_right_voucher_pays(desk, order, home, firm):
    desk.post(path_of(order, "accept"))

    response = desk.post(path_of(order, "fulfil"), {"voucher_code": f"maru {order.voucher_code.lower()}"}, follow=True)

    assert "고맙습니다. 토큰이 들어왔어요." in text(response)
    assert standing(home, firm).provider == 600


def test_a_wrong_voucher_is_told_at_its_field_and_pays_nobody(desk, order, home, firm):
    desk.post(path_of(order, "accept"))

    response = desk.post(path_of(order, "fulfil"), {"voucher_code": "2222 2222"})

    assert response.status_code == 422
    assert "교환권 번호가 맞지 않아요." in text(response)
    assert 'aria-invalid="true"' in text(response)
    assert standing(home, firm).provider == 0


def test_an_empty_voucher_is_told_at_its_field(desk, order):
    desk.post(path_of(order, "accept"))

    assert "손님이 보여 주신 번호를 적어 주세요." in text(desk.post(path_of(order, "fulfil")))


def test_a_refusal_needs_a_reason(desk, order):
    response = desk.post(path_of(order, "refuse"), {"reason": "  "})

    assert response.status_code == 422
    assert "왜 받지 못하시는지 한 줄 적어 주세요." in text(response)
    assert Order.objects.get().state == Order.State.PLACED


def test_a_refusal_gives_everything_back(desk, order, home, firm):
    response = desk.post(path_of(order, "refuse"), {"reason": "부품이 <b>없어요</b>."}, follow=True)

    assert "까닭을 전하고 토큰을 모두 돌려드렸어요." in text(response)
    assert "부품이 &lt;b&gt;없어요&lt;/b&gt;." in text(response)
    assert standing(home, firm).available == 1_000


def test_a_step_that_came_too_late_is_told_in_the_page(desk, order, mother):
    operations.cancel_order(order_id=order.pk, actor=mother, at=timezone.now())

    response = desk.post(path_of(order, "accept"))

    assert response.status_code == 409
    assert "이 예약은 지금 이런 상태예요: 취소했어요" in text(response)


def test_a_suspended_provider_is_told_so(desk, order, firm):
    type(firm).objects.filter(pk=firm.pk).update(suspended_at=timezone.now())

    response = desk.post(path_of(order, "accept"))

    assert response.status_code == 403
    assert "지금은 멈춰 있는 기관이에요." in text(response)
    assert Order.objects.get().state == Order.State.PLACED


PAGES = [
    ("get", "/provider/orders"),
    ("get", "/provider/rewards"),
    ("get", "/provider/orders/{order}"),
    ("post", "/provider/orders/{order}/accept"),
    ("post", "/provider/orders/{order}/refuse"),
    ("post", "/provider/orders/{order}/fulfil"),
    ("get", "/provider/rewards/{reward}"),
    ("post", "/provider/rewards/{reward}"),
]


@pytest.mark.parametrize(("method", "path"), PAGES)
@pytest.mark.parametrize("who", ["mother", "neighbour", "buyer", "auditor", "admin"])
def test_nobody_else_finds_the_desk(client, request, order, who, method, path):
    person = {"buyer": factories.staff, "auditor": factories.auditor, "admin": factories.admin}.get(who)
    client.force_login(person() if person else request.getfixturevalue(who))

    response = getattr(client, method)(path.format(order=order.pk, reward=order.reward_id))

    assert response.status_code == 404


@pytest.mark.parametrize(("method", "path"), [page for page in PAGES if "{" in page[1]])
def test_another_provider_finds_neither_the_order_nor_the_reward(client, order, other_worker, method, path):
    client.force_login(other_worker)

    assert getattr(client, method)(path.format(order=order.pk, reward=order.reward_id)).status_code == 404
    assert Order.objects.get().state == Order.State.PLACED


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_a_stranger_is_sent_to_the_door(client, order, method, path):
    response = getattr(client, method)(path.format(order=order.pk, reward=order.reward_id))

    assert response.url.startswith("/accounts/login/")


def test_staff_say_how_many_are_left(desk, filter_reward):
    desk.post(f"/provider/rewards/{filter_reward.pk}", {"stock": "12", "listed": "on"})

    assert (Reward.objects.get().stock, Reward.objects.get().listed) == (12, True)


def test_staff_take_a_reward_out_of_the_shop(desk, filter_reward):
    desk.post(f"/provider/rewards/{filter_reward.pk}", {"stock": ""})

    assert (Reward.objects.get().stock, Reward.objects.get().listed) == (None, False)
    assert "숨겼어요" in text(desk.get("/provider/rewards"))


@pytest.mark.parametrize("stock", ["-1", "many", "99999999999999"])
def test_a_number_that_is_none_is_told_at_its_field(desk, filter_reward, stock):
    response = desk.post(f"/provider/rewards/{filter_reward.pk}", {"stock": stock, "listed": "on"})

    assert response.status_code == 422
    assert Reward.objects.get().stock == 3


def test_the_desk_reads_in_english(client, worker, order):
    worker.locale = "en"
    worker.save()
    client.force_login(worker)

    assert "Incoming orders" in text(client.get("/provider/orders"))
    assert "Hanbit district 3" in text(client.get(path_of(order)))
    assert "Accept this order" in text(client.get(path_of(order)))
    assert "Price and words are a promise" in text(client.get("/provider/rewards"))


@pytest.mark.parametrize("path", ["/provider/orders", "/provider/rewards"])
def test_the_number_of_queries_does_not_grow_with_the_rows(desk, firm, path, django_assert_max_num_queries):
    factories.order(of=factories.reward(of=firm))
    desk.get(path)
    with django_assert_max_num_queries(14) as few:
        desk.get(path)
    for _ in range(5):
        factories.order(of=factories.reward(of=firm))

    with django_assert_max_num_queries(len(few)):
        desk.get(path)
