"""The physical limit: pgbench, from the wheel, against the very database that Maru is measured on."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import connections

from config.embedded.wheels import postgres_program
from consent.parties.roles import RUNTIME_ROLE


@dataclass(frozen=True)
class Pace:
    """How often a second, and how long one of them took."""

    rate: float
    p50_ms: float
    p99_ms: float


class Pgbench:
    """pgbench against one database, as the login or as the runtime role."""

    def __init__(self, database: str, folder: Path) -> None:
        settings = connections["default"].settings_dict
        self.database, self.folder = database, folder
        self.program = str(postgres_program("pgbench"))
        port = ["-p", str(settings["PORT"])] if settings["PORT"] else []
        self.at = ["-U", settings["USER"], "-h", settings["HOST"], *port]
        self.environment = {**os.environ, "PGPASSWORD": settings["PASSWORD"] or ""}

    def as_owner(self, sql: str) -> None:
        settings = connections["default"].settings_dict
        keys = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
        address = {word: settings[key] for key, word in keys.items() if settings.get(key)}
        with psycopg.connect(**address, dbname=self.database, autocommit=True) as hand:
            hand.execute(sql)

    def fill(self, *, scale: int = 16) -> None:
        self._run("-i", "-q", "-s", str(scale), "--no-vacuum")

    def tpc_b(self, *, clients: int, seconds: int) -> float:
        """Return TPC-B transactions a second: three updates, one select and one insert each."""
        return self._rate("-b", "tpcb-like", clients=clients, seconds=seconds)

    def script(self, name: str, sql: str, *, clients: int, seconds: int) -> float:
        """Return how often a second a script ran as the runtime role."""
        path = self.folder / f"{name}.sql"
        path.write_text(sql)
        return self._rate("-f", str(path), clients=clients, seconds=seconds, role=RUNTIME_ROLE)

    def paced_tpc_b(self, *, clients: int, seconds: int) -> Pace:
        """Return TPC-B's pace."""
        return self._pace("-b", "tpcb-like", clients=clients, seconds=seconds)

    def paced_script(self, name: str, sql: str, *, clients: int, seconds: int) -> Pace:
        """Return a script's pace as the runtime role."""
        path = self.folder / f"{name}.sql"
        path.write_text(sql)
        return self._pace("-f", str(path), clients=clients, seconds=seconds, role=RUNTIME_ROLE)

    def _pace(self, *what: str, clients: int, seconds: int, role: str = "") -> Pace:
        prefix = self.folder / "latency"
        rate = self._rate(*what, "-l", "--log-prefix", str(prefix), clients=clients, seconds=seconds, role=role)
        took = []
        for log in self.folder.glob("latency.*"):
            took += [int(line.split()[2]) for line in log.read_text().splitlines()]
            log.unlink()
        took.sort()
        return Pace(rate, took[len(took) // 2] / 1000, took[len(took) * 99 // 100] / 1000)

    def _rate(self, *what: str, clients: int, seconds: int, role: str = "") -> float:
        size = ["-c", str(clients), "-j", str(min(2, clients)), "-T", str(seconds)]
        told = self._run("-n", "-M", "prepared", *size, *what, role=role)
        assert re.search(r"number of failed transactions: 0 ", told), told
        return float(re.search(r"tps = ([\d.]+)", told)[1])

    def _run(self, *arguments: str, role: str = "") -> str:
        options = {"PGOPTIONS": f"-c role={role}"} if role else {}
        done = subprocess.run(
            [self.program, *self.at, *arguments, self.database],
            env=self.environment | options,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout
