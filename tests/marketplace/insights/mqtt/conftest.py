"""A broker with Maru's rules, and a bridge to it in a thread of the test."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from marketplace.appliances.topics import Part
from marketplace.insights.mqtt.bridge import Bridge
from marketplace.insights.mqtt.broker import Broker, name_at_broker, read_address
from tests import brokers


@pytest.fixture
def broker(committed_db, tmp_path: Path, settings) -> Iterator[brokers.Mosquitto]:
    """A Mosquitto that lets in whoever has a login in the database when it is asked to look again."""
    if brokers.program() is None:
        pytest.skip("no Mosquitto here: apt-get install mosquitto, or sh .ci/broker")
    server = brokers.Mosquitto(tmp_path)
    settings.MQTT_URL = server.url
    write_logins(server)
    server.start()
    yield server
    server.stop()


def write_logins(server: brokers.Mosquitto) -> None:
    call_command("mqtt_logins", str(server.folder), verbosity=0)


@pytest.fixture
def let_devices_in(broker: brokers.Mosquitto) -> Callable[[], None]:
    """Tell the broker who may sign in by now."""

    def tell() -> None:
        call_command("mqtt_logins", str(broker.folder), "--pid-file", str(broker.folder / "pid"), verbosity=0)

    return tell


@pytest.fixture
def bridge(broker: brokers.Mosquitto) -> Iterator["RunningBridge"]:
    with RunningBridge(broker.url) as running:
        yield running


class RunningBridge:
    """A bridge with an event loop of its own; stopped and started, it is the same one to the broker."""

    def __init__(self, url: str, part: Part = Part(), *, is_last: bool = False) -> None:  # noqa: B008 - frozen
        self._url, self._part, self._is_last = url, part, is_last
        self._thread: threading.Thread | None = None
        self.bridge: Bridge | None = None

    def __enter__(self) -> "RunningBridge":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        self._met = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        # What is published before a broker has met the bridge is kept for nobody.
        assert self._met.wait(60)

    async def _run(self) -> None:
        name = self._part.client(django_settings.MQTT_CLIENT)
        self._loop = asyncio.get_running_loop()
        self.bridge = Bridge(self._connect, client=name, most=20, is_last=self._is_last)
        await self.bridge.run()

    def _connect(self) -> Broker:
        address = read_address(self._url, allows_plain=True)
        name = self._part.client(django_settings.MQTT_CLIENT)
        broker = Broker(address, client=name_at_broker(name), in_flight=20, part=self._part)
        listen = broker.listen

        async def listen_and_say_so() -> None:
            await listen()
            self._met.set()

        broker.listen = listen_and_say_so  # type: ignore[method-assign]
        return broker

    def end_by_itself(self) -> None:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def stop(self) -> None:
        if self._thread and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.bridge.stop)
            self._thread.join(60)
            assert not self._thread.is_alive()
