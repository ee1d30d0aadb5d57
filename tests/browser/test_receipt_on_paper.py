"""A receipt prints as a document: dark ink on white, every fold open, whole digests, no buttons."""

import re

import pytest
from playwright.sync_api import Browser

from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.browser


def test_prints_whole_and_in_ink(browser: Browser, maru: str):
    mother = factories.member(name="지우")
    deal = factories.deal(by=mother)
    context = browser.new_context(base_url=maru, color_scheme="dark", viewport={"width": 720, "height": 1000})
    session = signed_in(mother).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": maru}])
    page = context.new_page()
    page.goto(f"/history/{deal.consent.pk}")

    page.emulate_media(media="print", color_scheme="dark")

    text = page.locator(".receipt").inner_text()
    for said in (
        deal.consent.payload_digest, deal.consent.notice_sha256, str(deal.consent.op_id), "/receipts/verify",
        "거절하거나 답하지 않으셔도 불이익이 없어요.", "맞아요, Ed25519",
    ):  # fmt: skip
        assert said in text, said
    assert page.locator(".receipt button:visible, .receipt a.button:visible, .tabs:visible").count() == 0
    look = page.locator(".receipt").evaluate(
        "one => { const s = getComputedStyle(one); return [s.backgroundColor, s.breakInside, s.color] }"
    )
    assert look[:2] == ["rgb(255, 255, 255)", "auto"]
    assert max(map(int, re.findall(r"\d+", look[2]))) < 80
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 2
    context.close()
