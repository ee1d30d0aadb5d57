"""`manage.py mqtt_logins`: Mosquitto's password and access files, written anew when they change."""

import contextlib
import os
import secrets
import signal
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from consent.parties.secrets import keyed_name
from marketplace.appliances.logins import Login, access_file, password_file
from marketplace.appliances.operations import SALT_BYTES, hash_password
from marketplace.appliances.queries import broker_logins


class Command(BaseCommand):
    help = "Write who may sign in at Mosquitto, and under which topics they may speak."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=_folder, help="where Mosquitto reads `passwords` and `acl`")
        parser.add_argument("--pid-file", type=Path, help="Mosquitto's own; it is told to read the files again")
        parser.add_argument("--every", type=float, metavar="SECONDS", help="stay, and look again after so long")

    def handle(self, *args: Any, folder: Path, pid_file: Path | None, every: float | None, **options: Any) -> None:
        bridge = _bridge()
        stops: list[int] = []
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) if every else ():
            signal.signal(name, lambda number, _: stops.append(number))
        while not stops:
            logins = [bridge, *broker_logins(at=timezone.now())]
            texts = {"passwords": password_file(logins), "acl": access_file(bridge=bridge.name)}
            if [name for name, text in texts.items() if _is_written(folder / name, text)]:
                self.stdout.write(f"{len(logins) - 1} logins beside the bridge's own")
                _wake_broker(pid_file)
            if not every:
                return
            close_old_connections()
            _wait(every, stops)


def _bridge() -> Login:
    parts = urlsplit(settings.MQTT_URL)
    if not parts.username or not parts.password:
        raise CommandError("MARU_MQTT_URL has to hold the name and the password the bridge signs in with.")
    if not set(parts.username) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_"):
        raise CommandError("The bridge's name is made of small letters, digits, - and _.")
    password = unquote(parts.password)
    # Always the same salt, so that the file changes only when somebody's password does.
    salt = bytes.fromhex(keyed_name("broker-bridge", password))[:SALT_BYTES]
    return Login(parts.username, hash_password(password, salt=salt))


def _is_written(path: Path, text: str) -> bool:
    """Put a file in its place as a whole, readable for its group, unless it is there already."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_text() == text:
            return False
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w") as file:
        file.write(text)
    draft.rename(path)
    return True


def _wake_broker(pid_file: Path | None) -> None:
    if pid_file is None:
        return
    try:
        os.kill(int(pid_file.read_text()), signal.SIGHUP)
    except (OSError, ValueError) as exc:
        raise CommandError(f"Mosquitto could not be told: {type(exc).__name__}.") from exc


def _wait(seconds: float, stops: list[int]) -> None:
    until = time.monotonic() + seconds
    while not stops and time.monotonic() < until:
        time.sleep(0.2)


def _folder(text: str) -> Path:
    if not (folder := Path(text)).is_dir():
        raise ArgumentTypeError(f"{text} is no folder")
    return folder
