"""Messages of an MQTT broker as a bridge, a rule or a log forwards them: a topic, and what was published there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.parties.errors import BodyTooLarge, NotUtf8, UnreadableBody
from marketplace.appliances import wire
from marketplace.appliances.dialects.scalars import header

CONTENT_TYPES = frozenset(
    {"application/json", "application/x-ndjson", "application/ndjson", "text/event-stream", "text/plain"}
)
#: What comes as a document or as an event stream.
STREAMED = frozenset({"application/json", "text/event-stream"})
_MAX_BARE = 64
_MAX_TOPIC = 512
# How discovery names the topic of a state: in full, or short as ESPHome and Tasmota write it.
ANNOUNCES = ("state_topic", "stat_t")


@dataclass(frozen=True, slots=True)
class Message:
    """One publication. The payload is read as JSON where it is some, and stays text where not."""

    index: int
    topic: str
    payload: Any

    @property
    def levels(self) -> tuple[str, ...]:
        return tuple(self.topic.split("/")) if self.topic else ()


def read_messages(body: bytes, headers: Mapping[str, str]) -> list[Message]:
    """Read `{"topic", "payload"}` objects, one, listed or one a line; or one bare payload, its topic in a header.

    Raises:
        UnreadableBody: the body holds neither, or too many.
    """
    topic = header(headers, "X-Mqtt-Topic").strip()[:_MAX_TOPIC]
    items = _items(body)
    wire.check_item_count(items)
    return [_message(index, item, topic) for index, item in enumerate(items)]


def _items(body: bytes) -> list[Any]:
    if len(body) <= _MAX_BARE and not body.strip().startswith((b"{", b"[", b'"')):
        return [_text(body)]
    return read_lines(body)


def read_lines(body: bytes) -> list[Any]:
    """Read a body of one JSON document, a list of them, one a line, or an event stream whose data is some.

    A line that is none stays the text it is.

    Raises:
        UnreadableBody: it is none of these.
    """
    try:
        document = wire.loads(body)
    except BodyTooLarge:
        raise
    except UnreadableBody:
        lines = _lines(body)
        if not lines or not all(line.startswith(b"{") for line in lines):
            raise
        wire.check_item_count(lines)
        return [decoded(_text(line)) for line in lines]
    return document if isinstance(document, list) else [document]


def _lines(body: bytes) -> list[bytes]:
    """Return the lines of a body that has several; of an event stream its data, but not that which is a log's."""
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    streamed = [line.removeprefix(b"data:").lstrip() for line in lines if line.startswith(b"data:")]
    if streamed:
        return [line for line in streamed if line.startswith(b"{")]
    return lines if len(lines) > 1 else []


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8").strip()
    except UnicodeDecodeError as exc:
        raise NotUtf8 from exc


def _message(index: int, item: Any, topic: str) -> Message:
    if isinstance(item, dict) and isinstance(item.get("topic"), str) and "payload" in item:
        return Message(index, item["topic"][:_MAX_TOPIC], decoded(item["payload"]))
    return Message(index, topic, decoded(item))


def decoded(payload: Any) -> Any:
    """Read what was published as JSON if it is some; else it stays the text it is."""
    if not isinstance(payload, str):
        return payload
    try:
        return wire.loads(payload.encode())
    except UnreadableBody:
        return payload
