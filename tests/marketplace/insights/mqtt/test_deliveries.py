"""What the broker hands over before anybody has looked into it, and what it is told when the bridge signs in."""

import asyncio

import pytest
from aiomqtt import MqttCodeError
from paho.mqtt.client import MQTTMessage

from marketplace.appliances import wire
from marketplace.appliances.operations import HOLD
from marketplace.insights.mqtt import broker as line
from marketplace.insights.mqtt.broker import Address, Broker


def message(*, qos: int = 1, retain: bool = False, again: bool = False, topic: bytes = b"in/x/events") -> MQTTMessage:
    found = MQTTMessage(7, topic)
    found.payload, found.qos, found.retain, found.dup = b"{}", qos, retain, again
    return found


def handed_over(*messages: MQTTMessage) -> list[line.Publication]:
    """What waits for the bridge after the line has brought these."""

    async def listen() -> list[line.Publication]:
        broker = Broker(Address("localhost", 1883, False, None, None), client="bridge", in_flight=20)
        for one in messages:
            broker._on_message(broker._client, None, one)
        return broker.waiting(100)

    return asyncio.run(listen())


def test_what_is_merely_kept_is_acknowledged_and_no_more():
    live, kept = handed_over(message(), message(retain=True))

    assert (live.is_done, kept.is_done) == (False, True)
    assert live.packet == kept.packet == 7


def test_a_repeated_delivery_says_so_and_what_nobody_acknowledges_has_no_number():
    first, again, free = handed_over(message(), message(again=True), message(qos=0))

    assert [one.again for one in (first, again, free)] == [False, True, False]
    assert [one.packet for one in (first, again, free)] == [7, 7, 0]


def test_of_what_nobody_acknowledges_only_so_much_is_kept(monkeypatch):
    monkeypatch.setattr(line, "_MOST_FREE", 2)

    found = handed_over(*(message(qos=0) for _ in range(5)), message(), message())

    assert [one.packet for one in found] == [0, 0, 7, 7]


def test_a_topic_that_is_no_text_is_of_nobody():
    (found,) = handed_over(message(topic=b"in/\xff/events"))

    assert found.topic == ""


def test_the_broker_holds_as_long_and_sends_as_much_as_it_is_told():
    told = line._connecting(20)

    assert told.SessionExpiryInterval == HOLD.total_seconds()
    assert told.ReceiveMaximum == 20
    # The largest batch, its headers, and the packet around them.
    assert told.MaximumPacketSize > wire.MAX_BODY_BYTES + 4096


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (OSError("maru-bridge:secret@broker.example:8883"), "OSError"),
        (MqttCodeError(0x8E, "maru-bridge:secret@broker.example"), "MqttCodeError 142"),
    ],
)
def test_a_failure_is_named_without_address_or_password(failure, name):
    assert line.said(failure) == name
    assert line.is_taken_over(failure) is name.endswith("142")
