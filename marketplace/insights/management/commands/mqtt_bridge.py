"""`manage.py mqtt_bridge`: takes in what hubs publish at the broker, until it is told to stop."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.appliances.topics import Part
from marketplace.insights.errors import KeyAway
from marketplace.insights.mqtt.bridge import Bridge
from marketplace.insights.mqtt.broker import Address, AddressUnusable, Broker, name_at_broker, read_address


class Command(BaseCommand):
    help = "Take in what hubs and appliances publish at the MQTT broker, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--part", type=int, default=1, help="which of MARU_MQTT_BRIDGES bridges this one is")
        parser.add_argument(
            "--last", action="store_true", help="take in what waits under this name, let the broker forget it, and end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MQTT_URL:
            raise CommandError("MARU_MQTT_URL is empty: there is no broker to listen to.")
        if not 1 <= settings.MQTT_IN_FLIGHT <= 65_535:
            raise CommandError("MARU_MQTT_IN_FLIGHT has to be between 1 and 65535.")
        if not 1 <= options["part"] <= settings.MQTT_BRIDGES:
            raise CommandError(f"--part has to be between 1 and MARU_MQTT_BRIDGES, which is {settings.MQTT_BRIDGES}.")
        try:
            address = read_address(settings.MQTT_URL, allows_plain=settings.DEMO)
        except AddressUnusable as exc:
            raise CommandError(str(exc)) from exc
        part = Part(options["part"], settings.MQTT_BRIDGES)
        try:
            named = name_at_broker(part.client(settings.MQTT_CLIENT))
        except KeyAway as exc:
            raise CommandError(str(exc)) from exc
        asyncio.run(_run(address, part, named, is_last=options["last"]))


async def _run(address: Address, part: Part, named: str, *, is_last: bool) -> None:
    bridge = Bridge(
        lambda: Broker(
            address,
            client=named,
            in_flight=settings.MQTT_IN_FLIGHT,
            authorities=settings.MQTT_CA,
            part=part,
        ),
        client=part.client(settings.MQTT_CLIENT),
        # While one half is being stored, the other is on its way.
        most=max(1, settings.MQTT_IN_FLIGHT // 2),
        is_last=is_last,
    )
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, bridge.stop)
    await bridge.run()
