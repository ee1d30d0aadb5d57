"""The inbox as tests read it, and answer in it."""

import re

HTMX = {"HX-Request": "true"}


def sha_on(page: str) -> str:
    return re.search(r'name="preview_sha256" value="([0-9a-f]{64})"', page)[1]


def digests_on(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(preview_sha256|notice_sha256)" value="([0-9a-f]{64})"', page))


def answer(browser, ask, word, *, htmx=False, **fields):
    page = browser.get(f"/inbox/{ask.pk}").text
    headers = HTMX if htmx else {}
    return browser.post(f"/inbox/{ask.pk}/answer", {"answer": word, **digests_on(page), **fields}, headers=headers)


def cards_on(page: str) -> list[str]:
    return re.findall(r'<li id="ask-([0-9a-f-]{36})"', page)
