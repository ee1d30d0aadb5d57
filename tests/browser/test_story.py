"""The demo's story in a real browser: one value leaves one home for one school, is paid for, and is taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from consent.parties.canonical import canonical_bytes, sha256_hex
from consent.records.models import Ask
from marketplace.brokerage import proofs
from marketplace.care import story
from marketplace.care.browser import Browser, Refused
from marketplace.care.clock import tick
from rewards.redemption.models import Order, Reward
from tests import factories
from tests.browser.codes import totp_code
from tests.browser.conftest import Street
from tests.browser.lived_in import person

pytestmark = pytest.mark.browser

DESK = {"width": 1280}
PHONE_WITHOUT_SCRIPTS = {"width": 390, "java_script_enabled": False}
VISITORS = pytest.mark.parametrize("visitor", [DESK, PHONE_WITHOUT_SCRIPTS], ids=["desk", "phone-without-scripts"])


@pytest.fixture
def street(first_day: Street) -> Street:
    """The hub has spoken over HTTP and the clock has gone round once."""
    hub = Browser(first_day.address, key=first_day.home.logins["hub"]["api_key"])
    now = timezone.now()
    results = hub.post("/api/v1/ingest/homeassistant", story.home_assistant_states(now))["results"]
    results += hub.post("/api/v1/ingest/thinq", story.thinq_status())["results"]
    results += hub.post("/api/v1/insights", story.edge_events(now), content_type=story.CLOUDEVENTS)["results"]
    assert [result["status"] for result in results].count("accepted") == 8
    tick()
    return first_day


def sign_in(page: Page, login: dict[str, str], *, towards: str) -> None:
    """Go where one wants to be, and through the door that stands before it."""
    page.goto(towards)
    page.get_by_label("이메일").fill(login["email"])
    page.get_by_label("비밀번호", exact=True).fill(login["password"])
    page.get_by_role("button", name="비밀번호로 들어가기").click()
    if "totp_secret" in login:
        page.locator("input[name=code]").fill(totp_code(login["totp_secret"]))
        page.get_by_role("button", name="들어가기", exact=True).click()
    page.wait_for_url(f"**{towards}")


def records_of(street: Street, buyer: str = "buyer") -> list[dict[str, Any]]:
    """What a buyer reads with its key, over all of its data requests."""
    reader = Browser(street.address, key=street.home.logins[buyer]["api_key"])
    requests = [request["id"] for request in reader.get("/api/v1/data-requests")["data"]]
    return [record for one in requests for record in reader.get(f"/api/v1/data-requests/{one}/records")["data"]]


def digest_of(record: dict[str, Any]) -> str:
    """Hash what is left of a record without the three things that Maru wrote on it."""
    beside = {"id", "receipt", "payload_digest"}
    return sha256_hex(canonical_bytes({name: value for name, value in record.items() if name not in beside}))


def tokens_in(page: Page) -> str:
    page.goto("/wallet")
    return page.locator(".balance dd").first.inner_text().split()[0]


@VISITORS
def test_one_value_leaves_one_home_for_one_school_and_is_taken_back(street, visitor):
    mother = street.visit(**visitor).new_page()
    sign_in(mother, street.home.logins["household"], towards="/inbox")
    card = mother.locator(".ask-card", has=mother.get_by_text("62", exact=True))
    expect(card).to_contain_text("해오름초등학교")
    expect(card.locator(".slip-main dd")).to_have_text("62 µg/m³")
    expect(card).to_contain_text("아침 교실 환기 시각 정하기")
    ask_id = card.get_attribute("id").removeprefix("ask-")
    shown = mother.request.get(f"/api/v1/asks/{ask_id}").json()
    assert card.locator("input[name=preview_sha256]").input_value() == shown["preview_sha256"]
    assert records_of(street) == []

    approve(mother, ask_id, visitor)

    (record,) = records_of(street)
    beside = {"id": record["id"], "receipt": record["receipt"], "payload_digest": shown["preview_sha256"]}
    assert record == shown["preview"] | beside
    assert digest_of(record) == shown["preview_sha256"]
    assert tokens_in(mother) == "120"
    the_books_balance(street, deals=1)

    withdraw(mother, visitor)

    assert records_of(street) == []
    with pytest.raises(Refused) as refused:
        read_one(street, record["id"], ask_id)
    assert refused.value.status == 410
    assert tokens_in(mother) == "120"
    mother.goto("/history")
    expect(mother.locator(".receipt .state").first).to_contain_text("철회")


def approve(mother: Page, ask_id: str, visitor: dict[str, Any]) -> None:
    """Say yes in place where scripts run, and by a whole page where they do not."""
    mother.goto("/inbox")
    with_scripts = visitor.get("java_script_enabled", True)
    if with_scripts:
        mother.evaluate("window.stayed = true")
    mother.locator(f"#ask-{ask_id}").get_by_role("button", name="허락할게요").click()
    expect(mother.locator(f"#ask-{ask_id} .state")).to_have_text("허락했어요")
    if with_scripts:
        assert mother.evaluate("window.stayed")
    else:
        expect(mother.locator("#messages")).to_contain_text("허락했어요. 읽을 때마다 기록에 남겨 둘게요.")


def withdraw(mother: Page, visitor: dict[str, Any]) -> None:
    mother.goto("/history")
    expect(mother.locator(".timeline")).to_contain_text("해오름초등학교")
    mother.get_by_role("button", name="철회하기").click()
    expect(mother.locator("main")).to_contain_text("그때부터 아무도 읽지 못해요. 받은 토큰은 그대로예요.")


def read_one(street: Street, release_id: str, ask_id: str) -> Any:
    request_id = Ask.objects.get(pk=ask_id).offer.version.request_id
    reader = Browser(street.address, key=street.home.logins["buyer"]["api_key"])
    return reader.get(f"/api/v1/data-requests/{request_id}/records/{release_id}")


def the_books_balance(street: Street, *, deals: int) -> None:
    """The auditor comes with a code once the clock has counted, and finds as many consents as releases and payments."""
    proofs.keep_status(at=timezone.now() + timedelta(seconds=settings.STATUS_CACHE_SECONDS))
    auditor = street.visit(**DESK).new_page()
    sign_in(auditor, street.home.logins["auditor"], towards="/audit")
    expect(auditor.get_by_role("heading", level=1)).to_have_text("장부가 맞아요")
    expect(auditor.locator("#difference")).to_have_text("0")
    figures = [figure.split()[0] for figure in auditor.locator(".balance dd").all_inner_texts()]
    assert figures == ["0", str(deals), str(deals), str(deals)]
    auditor.context.close()


def test_the_child_sees_the_asks_of_the_home_and_no_buttons(street):
    teen = street.visit("teen").new_page()

    teen.goto("/inbox")

    expect(teen.locator(".ask-card").first).to_contain_text("나가는 값")
    expect(teen.locator(".ask-card button.choice")).to_have_count(0)
    expect(teen.locator(".ask-card").first).to_contain_text("어른")


def test_a_neighbour_finds_nothing_and_a_passer_by_the_door(street):
    ask = Ask.objects.filter(household=person("mother").membership.household).first()
    neighbour, passer_by = street.visit("neighbour").new_page(), street.visit().new_page()

    there = neighbour.goto(f"/inbox/{ask.pk}")
    passer_by.goto(f"/inbox/{ask.pk}")

    assert there.status == 404
    assert "해오름초등학교" not in neighbour.content()
    assert "/accounts/login/" in passer_by.url
    assert "해오름초등학교" not in passer_by.content()


def test_the_pest_firm_sees_the_record_of_its_own_request_and_the_school_does_not(street):
    ask = Ask.objects.get(topic="pest")
    deal = factories.approve(ask, by=person("mother"))
    way = f"/buyer/data-requests/{ask.offer.version.request_id}"
    owner, school = street.visit("pest", **DESK).new_page(), street.visit("school", **DESK).new_page()

    owner.goto(way)
    there = school.goto(way)

    expect(owner.locator(".ledger tbody tr")).to_have_count(1)
    expect(owner.locator(".ledger")).to_contain_text("바퀴벌레")
    expect(owner.locator(".ledger")).to_contain_text(str(deal.release.pk)[:8])
    assert there.status == 404
    assert [record["kind"] for record in records_of(street, "second_buyer")] == ["pest.sighting"]


@VISITORS
def test_tokens_bring_somebody_to_the_door_who_is_paid_when_done(street, visitor):
    factories.tokens_in_wallet(person("mother").membership.household, 320)
    service = Reward.objects.get(tokens=300)
    mother, repairer = street.visit("mother", **visitor), street.visit("provider", **visitor)

    code = reserve(mother, service)
    serve(repairer, service, code)

    order = Order.objects.get()
    shop = mother.new_page()
    shop.goto(f"/shop/orders/{order.pk}")
    expect(shop.locator("main .state").first).to_have_attribute("data-state", "closed")
    assert tokens_in(shop) == "20"
    assert order.state == Order.State.FULFILLED
    the_books_balance(street, deals=0)


def reserve(mother: BrowserContext, service: Reward) -> str:
    """Reserve what fits the home and return the number on the voucher."""
    page = mother.new_page()
    page.goto("/shop?show=all")
    page.get_by_role("link", name=f"{service.name_ko} 예약하기").click()
    page.get_by_role("button", name="300 토큰으로 예약").click()
    expect(page.locator("main")).to_contain_text("예약했어요")
    return page.locator(".voucher .code").inner_text().removeprefix("MARU ")


def serve(repairer: BrowserContext, service: Reward, code: str) -> None:
    """Accept the order that came in, do the work, and show the voucher's number for it."""
    page = repairer.new_page()
    page.goto("/provider/orders")
    page.locator(".entries li", has_text=service.name_ko).get_by_role("link").click()
    page.get_by_role("button", name="이 예약 받기").click()
    page.locator("input[name=voucher_code]").fill(code)
    page.get_by_role("button", name="마쳤어요").click()
    expect(page.locator("input[name=voucher_code]")).to_have_count(0)


def test_a_key_cannot_say_yes(street):
    ask = Ask.objects.get(topic="pest")
    hub = Browser(street.address, key=street.home.logins["hub"]["api_key"])

    with pytest.raises(Refused) as refused:
        hub.post(f"/api/v1/asks/{ask.pk}/approve", {"preview_sha256": "0" * 64})

    assert refused.value.status in (401, 403)
    ask.refresh_from_db()
    assert ask.state == Ask.State.PENDING
