"""The demo: a whole Maru on this machine, played in and left open until somebody stops it."""

import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from config.embedded.errors import CannotStart
from config.embedded.house import House
from config.embedded.ports import listen_on_first_free
from config.embedded.programs import Child, Program, last_words

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_PORT = 8000
READY_SECONDS = 60.0


def show_demo(house: House, *, first_port: int = FIRST_PORT) -> None:
    """Migrate, start web, worker and clock, play the story once, let the home live, tell the links and logins, stay.

    Raises:
        CannotStart: a step failed; the text says which log to read.
        ProgramEnded: a program has ended by itself.
        StopAsked: somebody asked to stop.
    """
    story = house.folder.path / "demo.json"
    if house.is_new and not os.environ.get("DATABASE_URL"):
        story.unlink(missing_ok=True)
    listener = listen_on_first_free(_port_of(story) or first_port)
    _furnish(house, port=listener.getsockname()[1])
    with _step("database tables"):
        _manage(house, "migrate", "--no-input")
    if not story.exists():
        with _step("the cast"):
            _manage(house, "cast")
    _open_doors(house, listener)
    if not story.exists():
        with _step("the story, through the real doors"):
            _manage(house, "demo")
    _start(house, "home", ["manage.py", "live"])
    _print_logins(story, base_url=house.environment["MARU_BASE_URL"], logs=house.folder.path / "logs")
    house.crew.stay()


def _furnish(house: House, *, port: int) -> None:
    base_url = f"http://localhost:{port}"
    ours = {"MARU_DEMO": "1", "MARU_BASE_URL": base_url, "PYTHONUNBUFFERED": "1"}
    # A wallet's proof reaches as far as the log last said what is owed: whoever looks on does not wait a day for it.
    house.environment.setdefault("MARU_LIABILITIES_SECONDS", "60")
    house.environment |= {"MARU_SECRET_KEY": _secret_key(house.folder.path / "secret-key"), **ours}


def _secret_key(file: Path) -> str:
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o400), "w") as new:
            new.write(secrets.token_urlsafe(64))
    return file.read_text()


def _port_of(story: Path) -> int | None:
    """Return the port of the last time: bookmarks and passkeys belong to it."""
    try:
        return int(json.loads(story.read_text())["base_url"].rpartition(":")[2])
    except (OSError, ValueError, KeyError):
        return None


def _manage(house: House, command: str, *words: str) -> None:
    """Run a command of manage.py; one that this Maru does not have yet is passed over."""
    if command != "migrate" and not list(ROOT.glob(f"*/*/management/commands/{command}.py")):
        print(f"    (no such command yet: {command})", flush=True)
        return
    log = house.folder.log(command)
    argv = [sys.executable, "manage.py", command, *words]
    if house.crew.run(Program(command, argv, house.environment, log, folder=ROOT)) != 0:
        raise CannotStart(f"manage.py {command} failed: {last_words(log)}")


def _open_doors(house: House, listener: socket.socket) -> None:
    with _step("web, worker and clock"):
        web = _start(house, "web", _web_words(listener.fileno()), passed_fds=(listener.fileno(),))
        _start(house, "worker", ["-m", "celery", "-A", "config.celery", "worker", "-c", "2", "-l", "WARNING"])
        _start(house, "clock", ["manage.py", "clock"])
        if house.environment.get("MARU_MQTT_URL"):
            _start(house, "bridge", ["manage.py", "mqtt_bridge"])
        port = listener.getsockname()[1]
        listener.close()
        house.crew.wait_until(lambda: _is_ready(port), web, seconds=READY_SECONDS)


def _web_words(fd: int) -> list[str]:
    size = ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    return ["-m", "gunicorn", "config.wsgi", "--bind", f"fd://{fd}", *size, "--no-control-socket"]


def _start(house: House, name: str, words: list[str], *, passed_fds: tuple[int, ...] = ()) -> Child:
    argv = [sys.executable, *words]
    log = house.folder.log(name)
    return house.crew.start(Program(name, argv, house.environment, log, folder=ROOT, passed_fds=passed_fds))


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _print_logins(story: Path, *, base_url: str, logs: Path) -> None:
    people = _kept_story(story, base_url=base_url)
    print(f"\n마루가 열렸어요 · Maru is open: {base_url}\n")
    for who, entry in people.items():
        if isinstance(entry, dict) and "email" in entry:
            print(f"  {who:<17} {entry['email']:<32} {entry['password']}")
    print(f"\n  keys and second factors: {story}\n  logs: {logs}\n  Ctrl-C stops everything.", flush=True)


def _kept_story(story: Path, *, base_url: str) -> dict[str, Any]:
    """Return demo.json, with the address of today in it."""
    if not story.exists():
        return {}
    people: dict[str, Any] = json.loads(story.read_text())
    if people.get("base_url") != base_url:
        new = story.with_suffix(".new")
        new.write_text(json.dumps(people | {"base_url": base_url}, indent=2, ensure_ascii=False) + "\n")
        new.rename(story)
    return people


@contextmanager
def _step(title: str) -> Iterator[None]:
    print(f"  … {title}", flush=True)
    begun = time.monotonic()
    yield
    print(f"  ✓ {title} ({time.monotonic() - begun:.1f} s)", flush=True)
