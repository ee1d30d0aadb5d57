"""The pages a stranger meets: readable by everybody, and complete under the strict content policy."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

PATHS = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/no-such-room"]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_no_barrier_and_breaks_no_policy(context, path):
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    page.goto(path)

    violations = Axe().run(page).response["violations"]
    assert [(found["id"], found["nodes"][0]["target"]) for found in violations] == []
    assert [text for text in complaints if "404" not in text] == []


@pytest.mark.parametrize("path", PATHS)
def test_nothing_hangs_over_the_edge_of_a_narrow_phone(context, path):
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 640})

    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_yes_and_no_are_the_same_button(context):
    page = context.new_page()
    page.goto("/")
    look = """button => {
        const style = getComputedStyle(button), box = button.getBoundingClientRect();
        return [style.color, style.backgroundColor, style.border, style.font, box.height, box.top];
    }"""

    yes, no = (page.locator("button.choice").nth(place).evaluate(look) for place in (0, 1))

    assert yes == no
