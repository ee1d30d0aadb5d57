"""The sample on the front door shows what it promises: yes and no are one button twice."""

import pytest

pytestmark = pytest.mark.browser


def test_yes_and_no_are_the_same_button(context):
    page = context.new_page()
    page.goto("/")
    look = """button => {
        const style = getComputedStyle(button), box = button.getBoundingClientRect();
        return [style.color, style.backgroundColor, style.border, style.font, box.height, box.top];
    }"""

    yes, no = (page.locator("button.choice").nth(place).evaluate(look) for place in (0, 1))

    assert yes == no
