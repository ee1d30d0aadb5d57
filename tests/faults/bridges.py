"""A bridge that may be killed: forked from a process that has loaded Maru once, so that ten deaths take no minute."""

import os
import signal
import subprocess
import sys

from django.conf import settings

from marketplace.appliances.topics import Part
from tests.benchmarks.web import database_url

#: Forks a bridge for each line it reads, and tells its number.
NURSERY = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.core.management import call_command
from django.urls import get_resolver
import marketplace.insights.mqtt.bridge
for part in sys.stdin:
    child = os.fork()
    if not child:
        sys.stdin.close()
        call_command("mqtt_bridge", part=int(part))
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


class Bridge:
    """One bridge at a time, as a process of its own, over the database of this moment; or one of several."""

    def __init__(self, broker_url: str, part: Part = Part()) -> None:  # noqa: B008 - frozen
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "MARU_MQTT_URL": broker_url,
            "MARU_MQTT_BRIDGES": str(part.of),
            "MARU_KEYS": str(settings.KEYS_DIR),
            "MARU_SECRET_KEY": settings.SECRET_KEY,
            "MARU_DEMO": "1",
            "PYTHONWARNINGS": "ignore",
        }
        self._nursery = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            env=environment, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._part, self._number = part, 0

    def __enter__(self) -> "Bridge":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._number:
            self.end(signal.SIGTERM)
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.close()
        self._nursery.wait(timeout=60)
        self._nursery.stdout.close()

    def start(self) -> None:
        assert self._nursery.stdin
        self._nursery.stdin.write(f"{self._part.number}\n")
        self._nursery.stdin.flush()
        self._number = int(self._heard())

    def end(self, number: int = signal.SIGKILL) -> None:
        os.kill(self._number, number)
        assert self._heard() == "ended"
        self._number = 0

    def _heard(self) -> str:
        assert self._nursery.stdout
        return self._nursery.stdout.readline().strip()
