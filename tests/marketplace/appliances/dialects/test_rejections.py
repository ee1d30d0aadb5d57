"""The closed list of reasons, said in both languages."""

import re
from pathlib import Path

import pytest

from marketplace.appliances.dialects import SENTENCES, Rejection

ROOT = Path(__file__).parents[4]
SOURCES = [*ROOT.glob("marketplace/appliances/dialects/*.py"), *ROOT.glob("marketplace/insights/*.py")]


@pytest.mark.parametrize("code", SENTENCES)
def test_each_code_says_in_both_languages_what_to_do(code):
    korean, english = SENTENCES[code]

    assert re.fullmatch(r"[a-z][a-z_]+", code)
    assert re.search(r"[가-힣].*요\.$", korean)
    assert re.match(r"[A-Z].*\.$", english)
    assert not re.search(r"[가-힣]", english)


def test_a_code_outside_the_list_cannot_be_made():
    with pytest.raises(ValueError, match="closed list"):
        Rejection(0, "because")


@pytest.mark.parametrize("code", SENTENCES)
def test_each_code_is_given_somewhere(code):
    given = "".join(path.read_text() for path in SOURCES if path.name != "rejections.py")

    assert f'"{code}"' in given


def test_names_the_field_in_our_own_words():
    rejection = Rejection(3, "missing_unit", "data.unit")

    assert rejection.detail.endswith("(Field: data.unit)")
    assert rejection.say("ko").endswith("(항목: data.unit)")
