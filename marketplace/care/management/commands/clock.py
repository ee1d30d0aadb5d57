"""`manage.py clock`: the clock, until it is told to stop."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from marketplace.care import clock


class Command(BaseCommand):
    help = "Look at every work list each few seconds, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stops: list[int] = []
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, lambda number, _: stops.append(number))
        clock.run(seconds=settings.CLOCK_SECONDS, is_stopped=lambda: bool(stops))
