"""The services under one command: PostgreSQL and Redis, ours unless the environment names others."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.accounts import account_for
from config.embedded.folders import VarFolder, make_socket_folder
from config.embedded.interrupts import Interrupts
from config.embedded.postgres import data_of, start_postgres
from config.embedded.programs import Crew
from config.embedded.redis import start_redis
from config.embedded.wheels import postgres_program


@dataclass
class House:
    """What is running: its crew, its folder, and the environment that Maru's own programs get."""

    crew: Crew
    folder: VarFolder
    is_new: bool
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))


@contextmanager
def open_house(var: Path, *, fast: bool = False, tcp: bool = False, with_parent: bool = False) -> Iterator[House]:
    """Start the services, and stop everything in reverse when the block ends.

    Args:
        var: the folder of this Maru; one at a time may use it.
        fast: throw the old data away and do not wait for the disk.
        tcp: reach both over TCP with passwords, as one would reach servers elsewhere.
        with_parent: stop when our parent process ends.

    Raises:
        CannotStart: a service did not start, or the folder is in use.
        StopAsked: somebody asked to stop.
    """
    interrupts = Interrupts(with_parent=with_parent)
    interrupts.install()
    folder = VarFolder(var.resolve())
    folder.take()
    try:
        with Crew(interrupts=interrupts, lock=folder.lock) as crew:
            house = House(crew, folder, is_new=fast or not data_of(folder).exists())
            _start_services(house, fast=fast, tcp=tcp)
            yield house
    finally:
        folder.leave()


def _start_services(house: House, *, fast: bool, tcp: bool) -> None:
    given = house.environment
    given["MARU_VAR"] = str(house.folder.path)
    if given.get("DATABASE_URL") and given.get("REDIS_URL"):
        return
    sockets = _sockets_of(house)
    if not given.get("DATABASE_URL"):
        given["DATABASE_URL"] = start_postgres(house.crew, house.folder, sockets=sockets, fast=fast, tcp=tcp)
    if not given.get("REDIS_URL"):
        given["REDIS_URL"] = start_redis(house.crew, house.folder, sockets=sockets, tcp=tcp)


def _sockets_of(house: House) -> Path:
    sockets = make_socket_folder()
    house.crew.remove_at_the_end(sockets)
    account = account_for(data_of(house.folder), files=[postgres_program("postgres")])
    if account:
        account.own(sockets)
    return sockets
