"""Maru's own web server, as `make demo` starts it, over one database; and callers who each keep a connection open."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connections

from consent.parties.models import User
from tests.browsers import signed_in
from tests.threads import all_at_once

SIZE = ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]


@contextlib.contextmanager
def web_server() -> Iterator[int]:
    """Serve the database of this moment; yield the port on localhost, and leave no process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, fd = listener.getsockname()[1], listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{fd}", *SIZE]
        server = subprocess.Popen(
            [*command, "--no-control-socket", "--log-level", "error"], env=environment(), pass_fds=[fd]
        )
        try:
            _wait(port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=20)


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "MARU_KEYS": str(settings.KEYS_DIR),
        "MARU_SECRET_KEY": settings.SECRET_KEY,
        "MARU_DEMO": "1",
        "PYTHONWARNINGS": "ignore",
    }


def database_url() -> str:
    """Return the address of the database that Django's own connection uses at this moment."""
    now = connections["default"].settings_dict
    user = quote(now["USER"]) + (":" + quote(now["PASSWORD"]) if now["PASSWORD"] else "")
    place = {"host": now["HOST"]} | ({"port": str(now["PORT"])} if now["PORT"] else {})
    return f"postgresql://{user}@/{now['NAME']}?{urlencode(place)}"


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), Caller(port) as caller:
            if caller.send("GET", "/healthz", b"")[0] == 200:
                return
        time.sleep(0.1)
    raise TimeoutError("the web server did not answer within a minute")


class Caller:
    """Somebody with one open connection, as a browser or a hub keeps it."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self.connection, self.headers = HTTPConnection("127.0.0.1", port, timeout=60), headers or {}

    @classmethod
    def member(cls, port: int, user: User) -> "Caller":
        """Return a member's browser: a session, and the token that every write needs."""
        session, token = signed_in(user).cookies["sessionid"].value, "b" * 32
        return cls(port, {"Cookie": f"sessionid={session}; csrftoken={token}", "X-CSRFToken": token})

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *exc: object) -> None:
        self.connection.close()

    def send(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Host": "localhost", **self.headers}
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def rate_of(act: Callable[[int], Any], *, items: int, hands: int) -> float:
    """Return items a second when `hands` threads share `items` acts, each thread its own every `hands`-th."""
    began = time.perf_counter()
    told = all_at_once(lambda hand: [act(number) for number in range(hand, items, hands)], hands=hands)
    took = time.perf_counter() - began
    refused = [one for one in told if not isinstance(one, list)]
    assert not refused, refused[:3]
    return items / took
