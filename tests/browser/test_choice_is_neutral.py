"""Yes and no are the same to the eye, the hand and the ear; taking a yes back is as easy as giving it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from consent.records.models import Ask, Consent
from marketplace.brokerage import operations
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.browser

#: What a button looks like and where it stands, without its place along the row.
LOOK = """button => {
    const style = getComputedStyle(button), box = button.getBoundingClientRect();
    const names = ["color", "backgroundColor", "borderColor", "borderWidth", "borderStyle", "borderRadius", "boxShadow",
        "fontFamily", "fontSize", "fontWeight", "fontStyle", "letterSpacing", "textTransform", "textDecorationLine",
        "opacity", "cursor", "outlineStyle", "animationName", "paddingInline", "paddingBlock"];
    return Object.fromEntries([...names.map(name => [name, style[name]]),
        ["width", Math.round(box.width)], ["height", Math.round(box.height)], ["top", Math.round(box.top)]]);
}"""
#: WCAG contrast of a button's words on its ground.
CONTRAST = """button => {
    const light = text => { const parts = text.match(/[\\d.]+/g).slice(0, 3).map(Number).map(n => n / 255)
        .map(n => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]; };
    const style = getComputedStyle(button);
    const [dark, bright] = [light(style.color), light(style.backgroundColor)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
}"""


@pytest.fixture
def mother(maru):
    return factories.member(name="지우")


@pytest.fixture
def page(context: BrowserContext, maru: str, mother) -> Page:
    """Her browser, signed in."""
    session = signed_in(mother).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": maru}])
    return context.new_page()


def put_asks(mother, count: int = 1) -> list[Ask]:
    request = factories.open_request()
    return [
        factories.ask(of=mother.membership.household, request=request, source=f"urn:{number}")
        for number in range(count)
    ]


def choices(page: Page):
    return page.locator("button.choice").first, page.locator("button.choice").last


def test_yes_and_no_look_the_same(page, mother):
    put_asks(mother)
    page.goto("/inbox")

    yes, no = (button.evaluate(LOOK) for button in choices(page))

    assert yes == no
    assert yes["height"] >= 44


def test_yes_and_no_are_equally_readable_also_under_the_pointer(page, mother):
    put_asks(mother)
    page.goto("/inbox")
    yes, no = choices(page)

    resting = [button.evaluate(CONTRAST) for button in (yes, no)]
    hovered = []
    for button in (yes, no):
        button.hover()
        hovered.append(button.evaluate(LOOK) | {"contrast": button.evaluate(CONTRAST)})

    assert resting[0] == resting[1] > 7
    assert hovered[0] == hovered[1]


def test_yes_and_no_are_neighbours_for_the_keyboard_and_neither_has_the_focus(page, mother):
    put_asks(mother)
    page.goto("/inbox")
    focused = page.evaluate("document.activeElement.tagName")
    yes, _ = choices(page)

    yes.focus()
    page.keyboard.press("Tab")

    assert focused == "BODY"
    assert page.evaluate("document.activeElement.value") == "deny"


def test_the_tokens_stand_in_no_button_and_no_heading_of_an_ask(page, mother):
    put_asks(mother)
    page.goto("/inbox")

    loud = page.locator(".ask-card button, .ask-card :is(h2, h3, h4)").all_inner_texts()

    assert not [text for text in loud if "120" in text]


def test_withdrawing_takes_no_more_clicks_than_approving(page, mother):
    (ask,) = put_asks(mother)
    clicks = {"approve": 0, "withdraw": 0}

    def click(what: str, selector: str) -> None:
        page.locator(selector).click()
        clicks[what] += 1

    page.goto("/inbox")
    click("approve", f"#ask-{ask.pk} button[value=approve]")
    page.locator(f"#ask-{ask.pk}[data-state=decided]").wait_for()
    consent = Consent.objects.get(ask=ask)
    page.goto("/history")
    click("withdraw", f"#consent-{consent.pk} form button")
    page.locator(f"#consent-{consent.pk} [data-state=withdrawn]").wait_for()

    assert clicks["withdraw"] <= clicks["approve"] == 1
    assert Consent.objects.get(ask=ask).state(ask.expires_at) == Consent.State.WITHDRAWN


def test_a_changed_choice_changes_the_values_the_tokens_and_the_fingerprint_at_once(page, mother):
    (ask,) = put_asks(mother)
    page.goto("/inbox")
    before = page.locator("input[name=preview_sha256]").input_value()

    page.locator("input[value=day]").check()
    page.wait_for_function("sha => document.querySelector('[name=preview_sha256]').value !== sha", arg=before)

    shown = factories.shown(ask, by=mother, precision="day")
    assert page.locator("input[name=preview_sha256]").input_value() == shown.preview.sha256
    assert page.locator("input[value=day]").is_checked()
    assert "60" in page.locator(".facts").first.inner_text()


def test_everything_works_without_javascript(browser, maru, mother):
    (ask,) = put_asks(mother)
    context = browser.new_context(java_script_enabled=False, base_url=maru, viewport={"width": 390, "height": 844})
    session = signed_in(mother).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": maru}])
    page = context.new_page()

    page.goto("/inbox")
    page.locator("input[value=day]").check()
    page.locator("button[value=preview]").click()
    page.locator("button[value=approve]").click()
    page.goto("/history")
    page.locator("article form button").click()
    context.close()

    ask.offer.refresh_from_db()
    assert ask.offer.chosen_rung == "day"
    assert Consent.objects.get(ask=ask).state(ask.expires_at) == Consent.State.WITHDRAWN


PATHS = ["/inbox", "/history", "/appliances", "/privacy"]


def settled_home(mother) -> None:
    """A home with an ask that waits, one put aside, and a yes in force."""
    asks = put_asks(mother, 3)
    operations.defer_ask(ask_id=asks[1].pk, actor=mother, at=timezone.now())
    factories.approve(asks[2], by=mother)
    factories.hub_key(of=mother.membership.household)


@pytest.mark.parametrize("path", PATHS)
def test_a_room_of_the_home_has_no_barrier_and_breaks_no_policy(page, mother, path):
    settled_home(mother)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    page.goto(path)
    for fold in page.locator("details.notice > summary").all():
        fold.click()

    violations = Axe().run(page).response["violations"]
    assert [(found["id"], found["nodes"][0]["target"]) for found in violations] == []
    assert complaints == []


@pytest.mark.parametrize("path", PATHS)
def test_a_room_of_the_home_fits_a_narrow_phone(page, mother, path):
    settled_home(mother)
    page.set_viewport_size({"width": 320, "height": 640})

    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
