"""The connection to the broker: aiomqtt, with what it leaves to paho, whose private corners are touched here alone.

By default paho acknowledges what it hands over, so whatever comes after that is lost with the process. Here only
`acknowledge` does, after the commit.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import aiomqtt
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from consent.parties.secrets import keyed_name
from marketplace.appliances import topics
from marketplace.appliances.operations import HOLD
from marketplace.insights.mqtt.frames import MAX_BYTES
from marketplace.insights.mqtt.publications import Publication

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_AT_HOME = frozenset({"localhost", "127.0.0.1", "::1"})
_KEEPALIVE_SECONDS = 30
#: How many are kept that nobody acknowledges; the broker does not count those.
_MOST_FREE = 1_000
#: The broker counts what is on its way, and not how large it is. Beyond this nothing more is read from the line.
MOST_HELD_BYTES = 64 * 1024 * 1024


class AddressUnusable(ValueError):
    """The address of the broker cannot be used."""


@dataclass(frozen=True)
class Address:
    """Where the broker is, and as whom the bridge signs in there."""

    host: str
    port: int
    is_tls: bool
    username: str | None
    password: str | None


def read_address(url: str, *, allows_plain: bool) -> Address:
    """Read `mqtts://user:password@host:port`, or `mqtt://` for a broker on this very machine.

    Args:
        allows_plain: let passwords and readings cross a network in plain sight; for trials.

    Raises:
        AddressUnusable: it is none, or one that would.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as exc:
        raise AddressUnusable("MARU_MQTT_URL is no mqtts:// address.") from exc
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise AddressUnusable("MARU_MQTT_URL names a host, and nothing behind it.")
    is_tls = parts.scheme == "mqtts"
    if not is_tls and not allows_plain and parts.hostname not in _AT_HOME:
        raise AddressUnusable("MARU_MQTT_URL has to be mqtts:// unless the broker is on this machine.")
    username = unquote(parts.username) if parts.username else None
    return Address(parts.hostname, port, is_tls, username, unquote(parts.password) if parts.password else None)


def name_at_broker(client: str) -> str:
    """Return the name under which the broker keeps what waits for a bridge, with a tail that nobody can guess.

    Any hub with a login of its own may sign in under any name, and would be handed the place of whoever has it: what
    waits there goes, for a hub may not read it.
    """
    return f"{client}-{keyed_name('broker-client', client)[:32]}"


class Broker(aiomqtt.Client):
    """A connection whose publications are acknowledged one by one, when whoever took them says so."""

    def __init__(
        self,
        address: Address,
        *,
        client: str,
        in_flight: int,
        authorities: str = "",
        part: topics.Part = topics.Part(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(
            address.host,
            address.port,
            username=address.username,
            password=address.password,
            identifier=client,
            protocol=aiomqtt.ProtocolVersion.V5,
            # Also on the first connection: what came while no bridge ran is waiting.
            clean_start=cast(Any, False),
            properties=_connecting(in_flight),
            keepalive=_KEEPALIVE_SECONDS,
            tls_context=ssl.create_default_context(cafile=authorities or None) if address.is_tls else None,
        )
        self._client.manual_ack_set(True)
        self._part, self._held_bytes, self._is_paused = part, 0, False

    async def listen(self) -> None:
        """Ask for everything under `in/` but what the broker merely keeps: that was told before, at its time.

        Raises:
            MqttError: the broker refuses, or would deliver without waiting for acknowledgements.
        """
        granted = await self.subscribe(topics.ALL_THAT_COMES, options=SubscribeOptions(qos=1, retainHandling=2))
        if [code if isinstance(code, int) else code.value for code in granted] != [1]:
            raise aiomqtt.MqttError("the broker does not let the bridge listen")

    async def hear_no_more(self) -> None:
        """Let nothing more be kept under this name; what waits there still comes."""
        await self.unsubscribe(topics.ALL_THAT_COMES)

    async def be_forgotten(self) -> None:
        """End the connection, and with it all that the broker knows of this name."""
        ending = Properties(PacketTypes.DISCONNECT)
        ending.SessionExpiryInterval = 0
        self._client.disconnect(properties=ending)
        await asyncio.wait({self._disconnected})

    async def next(self) -> Publication:
        """Wait for a publication.

        Raises:
            MqttError: the connection is gone.
        """
        return cast(Publication, await anext(self.messages))

    def waiting(self, most: int) -> list[Publication]:
        """Return what has come already, without waiting."""
        found: list[Any] = []
        while len(found) < most and not self._queue.empty():
            found.append(self._queue.get_nowait())
        return found

    def acknowledge(self, publication: Publication) -> None:
        """Tell the broker that it need not hold this any longer, and let go of it."""
        if publication.packet:
            self._client.ack(publication.packet, 1)
        self._held_bytes -= len(publication.payload)
        if self._is_paused and self._held_bytes <= MOST_HELD_BYTES // 2:
            self._go_on()

    def answer(self, topic: str, words: bytes) -> None:
        """Publish without waiting: who misses an answer sends again and is told again."""
        self._client.publish(topic, words, qos=0)

    @property
    def is_gone(self) -> bool:
        return self._disconnected.done()

    def _on_message(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        if message.qos == 0 and self._queue.qsize() >= _MOST_FREE:
            return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        found = Publication(topic, bytes(message.payload), message.mid if message.qos else 0, message.dup)
        # A retained one is what was said once, at a time that nobody knows any more; another part's is another
        # bridge's. Both are acknowledged and no more.
        found.is_done = message.retain or not self._part.has(found.pairing_id)
        self._queue.put_nowait(cast(Any, found))
        self._held_bytes += len(found.payload)
        if self._held_bytes > MOST_HELD_BYTES and not self._is_paused:
            self._pause()

    def _pause(self) -> None:
        """Leave what comes next on the line. A pause beyond the keepalive ends the connection, and loses nothing."""
        if (line := self._client.socket()) is not None:
            self._loop.remove_reader(line.fileno())
            self._is_paused = True

    def _go_on(self) -> None:
        self._is_paused = False
        if (line := self._client.socket()) is not None:
            self._loop.add_reader(line.fileno(), self._read)
            # What TLS has unpacked already wakes nobody.
            self._loop.call_soon(self._read)

    def _read(self) -> None:
        try:
            self._client.loop_read()
            while not self._is_paused and (line := self._client.socket()) and getattr(line, "pending", int)():
                self._client.loop_read()
        except Exception as exc:
            if not self._disconnected.done():
                self._disconnected.set_exception(exc)


def _connecting(in_flight: int) -> Properties:
    found = Properties(PacketTypes.CONNECT)
    found.SessionExpiryInterval = int(HOLD.total_seconds())
    # How much the broker sends before the first of it is acknowledged: what bounds our memory, and holds it back.
    found.ReceiveMaximum = in_flight
    found.MaximumPacketSize = MAX_BYTES + 64 * 1024
    return found


#: What ends a connection, or keeps it from beginning.
Gone = (aiomqtt.MqttError, OSError)
_TAKEN_OVER = 0x8E


def is_taken_over(exc: BaseException) -> bool:
    """Tell whether another bridge has signed in under the same name."""
    return _code(exc) == _TAKEN_OVER


def said(exc: BaseException) -> str:
    """Name a failure without an address or a password in it."""
    code = _code(exc)
    return type(exc).__name__ if code is None else f"{type(exc).__name__} {code}"


def _code(exc: BaseException) -> int | None:
    code = getattr(exc, "rc", None)
    return getattr(code, "value", code)
