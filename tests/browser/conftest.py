"""A real headless Chromium beside a real Maru on a cloned database."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.clones import database, server
from tests.browser.lived_in import Home, live, move_in

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
    """A running Maru without people; yields its address."""
    with server() as address:
        yield address


@dataclass
class Street:
    """A running Maru with the demo's cast in it, and the browsers of those who visit."""

    address: str
    home: Home
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def visit(self, who: str = "", *, width: int = 390, scheme: str = "light", language: str = "ko", **options: Any):
        """Return the browser of one person, signed in; of a stranger without `who`."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            locale=language,
            base_url=self.address,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(15_000)
        jar = {"django_language": language} | ({"sessionid": self.home.cookies[who]} if who else {})
        context.add_cookies([{"name": name, "value": value, "url": self.address} for name, value in jar.items()])
        self.contexts.append(context)
        return context

    def leave(self) -> None:
        while self.contexts:
            self.contexts.pop().close()


@pytest.fixture(scope="session")
def cast_of_demo(django_db_setup, django_db_blocker) -> Iterator[tuple[str, Home]]:
    """A database with the demo's cast before anything happened; tests take clones of it."""
    template = connections["default"].settings_dict["NAME"]
    with django_db_blocker.unblock(), database(f"{template}_cast", template=template) as name:
        home = move_in(at=timezone.now())
        with _elsewhere(template):
            yield name, home


@pytest.fixture(scope="session")
def cast_some_days_on(cast_of_demo, django_db_blocker) -> Iterator[tuple[str, Home]]:
    """A database with the cast and what happened to it; tests take clones of it."""
    template, home = cast_of_demo
    before = connections["default"].settings_dict["NAME"]
    with django_db_blocker.unblock(), database(f"{template}_lived", template=template) as name:
        later = live(home, at=timezone.now())
        with _elsewhere(before):
            yield name, later


@pytest.fixture
def first_day(browser, cast_of_demo, django_db_blocker) -> Iterator[Street]:
    """A Maru of its own for one test: the cast is there and nobody was asked yet."""
    yield from _street(browser, cast_of_demo, django_db_blocker)


@pytest.fixture(scope="module")
def some_days_on(browser, cast_some_days_on, django_db_blocker) -> Iterator[Street]:
    """A Maru for tests that only look: something of everything is there."""
    yield from _street(browser, cast_some_days_on, django_db_blocker)


def _street(browser: Browser, made: tuple[str, Home], blocker: Any) -> Iterator[Street]:
    template, home = made
    with blocker.unblock(), database(f"{template}_street", template=template), server() as address:
        street = Street(address, home, browser)
        yield street
        street.leave()


@contextmanager
def _elsewhere(name: str) -> Iterator[None]:
    """Leave the database that was just made, so that others can copy it; come back to drop it."""
    settings = connections["default"].settings_dict
    made = settings["NAME"]
    connections["default"].close()
    settings["NAME"] = name
    yield
    connections["default"].close()
    settings["NAME"] = made


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
