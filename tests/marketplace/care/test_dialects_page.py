"""Anybody can look up which hubs and appliances Maru understands, and what of each."""

import re

from django.conf import settings

from marketplace.appliances.dialects import DIALECTS
from marketplace.care.views.dialects import PRODUCTS
from marketplace.insights.kinds import KINDS


def test_lists_every_dialect_with_what_it_yields(client):
    html = client.get("/dialects").text

    assert set(re.findall(r'<li id="([^"]+)"', html)) == DIALECTS.keys() == PRODUCTS.keys()
    for name, dialect in DIALECTS.items():
        entry = re.search(rf'<li id="{name}">.*?</li>', html, re.DOTALL)[0]
        assert set(re.search(r"<p>(.*?)</p>", entry)[1].split(", ")) == {
            KINDS[one].label.ko for one in dialect.kinds
        }, name


def test_speaks_english_without_a_korean_word(client):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    assert set(re.findall(r"[가-힣]+", client.get("/dialects").text)) <= {"한국어"}
