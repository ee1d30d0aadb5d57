"""Every page, to everybody who may see it: no barrier, no broken policy, nothing over the edge, in one language."""

import re
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.browser.conftest import Street
from tests.browser.pages import EVERY, name_of

pytestmark = pytest.mark.browser

#: On a phone by day in Korean, at a desk by night in English.
VISITORS = {"ko": {"width": 390, "scheme": "light"}, "en": {"width": 1280, "scheme": "dark"}}
#: What axe looks for; of what is well it says only that it is.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
BARRIERS = """async rules => (await axe.run(rules)).violations
    .map(found => [found.id, found.impact, found.nodes[0].target, found.nodes[0].failureSummary])"""
HANGUL = re.compile(r"[가-힣]+(?:[ ·]*[가-힣]+)*")
#: The words of a page without what says itself to be in the other language.
WORDS = """language => {
    const other = document.querySelectorAll(`main [lang]:not([lang|=${language}]), .language`);
    other.forEach(element => element.remove());
    return document.body.innerText;
}"""
#: Names that people and their things bear in one language only.
NAMES = {"지우", "도윤", "하늘", "지우네", "순자네", "김순자", "박은채", "오세훈", "한기사", "남궁감", "새로", "정하나"}
NAMES |= {"우리 집 허브", "새 허브", "그날은 쉬어요", "한빛시 배움로", "한빛시 숲길", "시연 열쇠"}


@dataclass
class Visitor:
    """One person's browser with one tab, which goes from page to page, and what its console complains of."""

    context: BrowserContext
    page: Page
    size: ViewportSize
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open one page with every fold of it."""
        self.complaints.clear()
        self.page.set_viewport_size(self.size)
        answer = self.page.goto(path)
        assert answer.status == (404 if path == "/no-such-room" else 200)
        self.page.evaluate("document.querySelectorAll('main details').forEach(fold => fold.open = true)")
        return self.page

    def hear(self, complaint: str) -> None:
        if "status of 404" not in complaint:
            self.complaints.append(complaint)


@pytest.fixture(scope="module")
def visitors(some_days_on: Street):
    """The browser of each person in each language, opened once."""
    opened: dict[tuple[str, str], Visitor] = {}

    def visitor(who: str, language: str) -> Visitor:
        if (who, language) not in opened:
            context = some_days_on.visit(who, language=language, **VISITORS[language])
            context.add_init_script(Axe().axe_script)
            page = context.new_page()
            found = opened[who, language] = Visitor(context, page, page.viewport_size)
            page.on("console", lambda message: found.hear(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: found.hear(str(error)))
        return opened[who, language]

    return visitor


@pytest.mark.parametrize("language", VISITORS)
@pytest.mark.parametrize(("who", "path"), EVERY, ids=[name_of(*page) for page in EVERY])
def test_a_page_is_whole(visitors, some_days_on, who, path, language):
    visitor = visitors(who, language)
    page = visitor.open(path.format(**some_days_on.home.ids))

    complaints = [*visitor.complaints]  # before axe, which tries a style of its own on some elements
    barriers = page.evaluate(BARRIERS, RULES)
    page.set_viewport_size({"width": 320, "height": 640})
    width = page.evaluate("document.documentElement.scrollWidth")
    words = page.evaluate(WORDS, language)

    assert barriers == []
    assert complaints == []
    assert width <= 320
    if language == "en":
        assert set(HANGUL.findall(words)) - NAMES == set()


@pytest.mark.parametrize("who", ["mother", "school", "provider", "auditor"])
def test_every_tab_leads_into_a_room(visitors, who):
    visitor = visitors(who, "ko")
    page = visitor.open("/home")

    ways = page.locator(".tabs a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    found = {way: visitor.context.request.get(way).status for way in ways}

    assert ways
    assert set(found.values()) == {200}, found
