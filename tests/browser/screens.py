"""Photograph pages of a running Maru: `python tests/browser/screens.py http://localhost:8000 var/screens / /inbox`.

Each page at 390 and 1280 wide, light and dark, Korean and English; the file names say which. With `--as` and
`--password` the pages are seen by somebody who signed in.
"""

import argparse
import itertools
import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {390: 844, 1280: 900}


def file_name(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "landing"


def sign_in(page: Page, *, base_url: str, email: str, password: str) -> None:
    page.goto(f"{base_url}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("form[action*=login] button[type=submit]:not([form])")
    page.wait_for_load_state()


def photograph(browser: Browser, args: argparse.Namespace, *, width: int, scheme: str, language: str) -> None:
    """Take one picture of each page in one size, scheme and language."""
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=language,
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "django_language", "value": language, "url": args.base_url}])
    page = context.new_page()
    if args.email:
        sign_in(page, base_url=args.base_url, email=args.email, password=args.password)
    for path in args.paths:
        page.goto(args.base_url + path)
        page.screenshot(path=args.folder / f"{file_name(path)}-{width}-{scheme}-{language}.png", full_page=True)
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--as", dest="email", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--only", default="", help="for example 390-light-ko")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or CHROMIUM
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        for width, scheme, language in itertools.product(SIZES, ("light", "dark"), ("ko", "en")):
            if args.only in f"{width}-{scheme}-{language}":
                photograph(browser, args, width=width, scheme=scheme, language=language)
        browser.close()


if __name__ == "__main__":
    main()
