"""Photographs every page of a lived-in Maru: `make screens`, or any pytest that names this file.

Each page at 390 and 1280 wide, light and dark, Korean and English. MARU_SCREENS names the folder; `index.html` in it
shows them all. MARU_SCREENS_ONLY="390-light-ko" takes one kind alone.
"""

import html
import itertools
import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Street
from tests.browser.pages import PAGES, name_of

pytestmark = pytest.mark.browser

FOLDER = Path(os.environ.get("MARU_SCREENS") or "var/screens")
ONLY = os.environ.get("MARU_SCREENS_ONLY", "")
HEIGHTS = {390: 844, 1280: 900}
KINDS = [
    f"{width}-{scheme}-{language}"
    for width, scheme, language in itertools.product(HEIGHTS, ("light", "dark"), ("ko", "en"))
]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if ONLY in kind])
def test_every_page_has_its_picture(some_days_on: Street, kind: str):
    FOLDER.mkdir(parents=True, exist_ok=True)
    width, scheme, language = kind.split("-")

    for who, paths in PAGES.items():
        context = some_days_on.visit(who, width=int(width), scheme=scheme, language=language)
        page = context.new_page()
        for path in paths:
            answer = page.goto(path.format(**some_days_on.home.ids))
            assert answer.status < 500, path
            photograph(page, FOLDER / f"{name_of(who, path)}-{kind}.png", width=int(width))
        some_days_on.leave()

    write_index()


def photograph(page: Page, file: Path, *, width: int) -> None:
    """Take the whole page on a screen as tall as it is, so that what sticks to the edge is drawn once, at the edge."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(height, HEIGHTS[width])})
    page.screenshot(path=file)
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})


def write_index() -> None:
    """Lay all pictures of the folder side by side on one page."""
    rows = []
    for who, path in ((who, path) for who, paths in PAGES.items() for path in paths):
        shots = [file for kind in KINDS if (file := FOLDER / f"{name_of(who, path)}-{kind}.png").exists()]
        images = "".join(f'<img src="{shot.name}" height="700" loading="lazy" alt="{shot.stem}">' for shot in shots)
        rows.append(f"<h2>{html.escape(who or 'stranger')} {html.escape(path)}</h2><p>{images}</p>")
    (FOLDER / "index.html").write_text(f"<!doctype html><meta charset=utf-8><title>Maru</title>{''.join(rows)}")
