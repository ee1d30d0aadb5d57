"""`manage.py live`: the demo's home lives on, through Maru's own doors, until it is told to stop."""

import json
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.care.living import House
from marketplace.care.week import WeekUnreadable, made_up_week, recorded_week

#: What the sensor keeps, beside demo.json.
FILE_NAME = "living-room.json"


class Command(BaseCommand):
    help = "Replay a week of a home's air at speed in the demo, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--week", default=settings.DEMO_WEEK, help="a recorded week, CSV or JSON (a made-up one)")
        parser.add_argument("--quarters-a-minute", type=int, default=settings.DEMO_QUARTERS, help="pace (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Only a demo has a home that makes its week up: set MARU_DEMO=1.")
        if options["quarters_a_minute"] < 0:
            raise CommandError(
                "A pace is a number of quarters of an hour in a minute, or 0 for a home that keeps still."
            )
        folder = Path(settings.VAR_DIR)
        try:
            week = recorded_week(Path(options["week"])) if options["week"] else made_up_week()
            logins = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
        except (OSError, WeekUnreadable) as exc:
            raise CommandError(str(exc)) from exc
        house = House(
            base_url=settings.BASE_URL,
            logins=logins,
            file=folder / FILE_NAME,
            week=week,
            quarters_a_minute=options["quarters_a_minute"],
            say=self.stdout.write,
        )
        stops: list[int] = []
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, lambda number, _: stops.append(number))
        house.live(is_stopped=lambda: bool(stops))
