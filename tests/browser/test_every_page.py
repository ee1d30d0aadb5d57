"""Every page, to everybody who may see it: no barrier, no broken policy, nothing over the edge, in one language."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Street
from tests.browser.pages import EVERY, name_of

pytestmark = pytest.mark.browser

#: On a phone by day in Korean, at a desk by night in English.
VISITORS = {"ko": {"width": 390, "scheme": "light"}, "en": {"width": 1280, "scheme": "dark"}}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
HANGUL = re.compile(r"[가-힣]+(?:[ ·]*[가-힣]+)*")
#: The words of a page without what says itself to be in the other language.
WORDS = """language => {
    const other = document.querySelectorAll(`main [lang]:not([lang|=${language}]), .language`);
    other.forEach(element => element.remove());
    return document.body.innerText;
}"""
#: Names that people and their things bear in one language only.
NAMES = {"지우", "도윤", "하늘", "지우네", "순자네", "김순자", "박은채", "오세훈", "한기사", "남궁감", "새로", "정하나"}
NAMES |= {"우리 집 허브", "그날은 쉬어요", "한빛시 배움로", "한빛시 숲길", "시연 열쇠"}


@pytest.fixture(scope="module")
def visitors(some_days_on: Street):
    """The browser of each person in each language, opened once."""
    opened: dict[tuple[str, str], BrowserContext] = {}

    def visitor(who: str, language: str) -> BrowserContext:
        if (who, language) not in opened:
            opened[who, language] = some_days_on.visit(who, language=language, **VISITORS[language])
        return opened[who, language]

    return visitor


def open_page(context: BrowserContext, path: str, home) -> tuple[Page, list[str]]:
    """Open one page with every fold of it; return it with the complaints of the browser's console."""
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(path.format(**home.ids))
    assert answer.status == (404 if path == "/no-such-room" else 200)
    page.evaluate("document.querySelectorAll('main details').forEach(fold => fold.open = true)")
    return page, [text for text in complaints if "status of 404" not in text]


@pytest.mark.parametrize("language", VISITORS)
@pytest.mark.parametrize(("who", "path"), EVERY, ids=[name_of(*page) for page in EVERY])
def test_a_page_is_whole(visitors, some_days_on, who, path, language):
    page, complaints = open_page(visitors(who, language), path, some_days_on.home)

    try:
        violations = Axe().run(page, options=RULES).response["violations"]
        barriers = [(found["id"], found["impact"], found["nodes"][0]["target"]) for found in violations]
        page.set_viewport_size({"width": 320, "height": 640})
        width = page.evaluate("document.documentElement.scrollWidth")
        words = page.evaluate(WORDS, language)
    finally:
        page.close()

    assert barriers == []
    assert complaints == []
    assert width <= 320
    if language == "en":
        assert set(HANGUL.findall(words)) - NAMES == set()


@pytest.mark.parametrize("who", ["mother", "school", "provider", "auditor"])
def test_every_tab_leads_into_a_room(visitors, who):
    context = visitors(who, "ko")
    page = context.new_page()
    page.goto("/home")

    ways = page.locator(".tabs a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    found = {way: context.request.get(way).status for way in ways}
    page.close()

    assert ways
    assert set(found.values()) == {200}, found
