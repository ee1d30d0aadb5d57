"""A small HTTP client that behaves as a browser does: cookies, CSRF, forms. The demo plays its story through it."""

import json
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

SECONDS = 30


class Refused(Exception):
    """The server answered with an error; `status` says which."""

    def __init__(self, status: int, where: str) -> None:
        super().__init__(f"{where} answered {status}")
        self.status = status


class Browser:
    """One visitor with cookies of its own, or a machine with a key."""

    def __init__(self, base_url: str, *, key: str = "") -> None:
        self.base_url = base_url
        self._key = key
        self._cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies), ProxyHandler({}))

    def sign_in(self, email: str, password: str) -> None:
        """Sign in through the ordinary page.

        Raises:
            Refused: the page refused.
        """
        self.request("GET", "/accounts/login/")
        self.submit("/accounts/login/", {"login": email, "password": password, "next": "/"})

    def submit(self, path: str, fields: Mapping[str, str]) -> bytes:
        """Send a form as the page at the same address would."""
        body = urlencode({**fields, "csrfmiddlewaretoken": self._csrf}).encode()
        return self.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def get(self, path: str) -> Any:
        """Return the JSON at `path`."""
        return json.loads(self.request("GET", path, headers={"Accept": "application/json"}))

    def post(self, path: str, document: Any, *, content_type: str = "application/json") -> Any:
        """Send JSON and return the JSON that is answered."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return json.loads(self.request("POST", path, body, {"Content-Type": content_type}) or b"null")

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Send one request and return the body of the answer.

        Raises:
            Refused: the answer is an error.
        """
        sent = {"Referer": f"{self.base_url}{path}", "X-CSRFToken": self._csrf, **(headers or {})}
        if self._key:
            sent["Authorization"] = f"Bearer {self._key}"
        try:
            asked = Request(f"{self.base_url}{path}", body, sent, method=method)  # noqa: S310 (our own address)
            with self._opener.open(asked, timeout=SECONDS) as answer:
                return bytes(answer.read())
        except HTTPError as exc:
            exc.close()
            raise Refused(exc.code, f"{method} {path}") from exc

    @property
    def _csrf(self) -> str:
        return next((cookie.value or "" for cookie in self._cookies if "csrftoken" in cookie.name), "")
