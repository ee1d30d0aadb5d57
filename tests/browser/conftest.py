"""A real headless Chromium beside a real Maru on a cloned database."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium per file of tests.

    Playwright keeps an event loop in this thread, and Django gives every loop its own connection: the one from outside
    is closed before and the one from inside after, or the next clone of the database waits for it.
    """
    if not os.path.exists(CHROMIUM):
        pytest.fail("No Chromium here. On Debian: apt-get install chromium fonts-noto-cjk")
    connections.close_all()
    with sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
        connections.close_all()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def maru(committed_db) -> Iterator[str]:
    """A running Maru; yields its address."""
    server = LiveServerThread("localhost", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://localhost:{server.port}"
    server.terminate()


VISITORS = [(390, "light", "ko"), (1280, "dark", "en")]


@pytest.fixture(params=VISITORS, ids=["phone-day-korean", "desk-night-english"])
def context(request, browser: Browser, maru: str) -> Iterator[BrowserContext]:
    """A fresh visitor: on a phone by day in Korean, at a desk by night in English."""
    width, scheme, language = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme=scheme,
        locale=language,
        base_url=maru,
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "django_language", "value": language, "url": maru}])
    yield context
    context.close()
