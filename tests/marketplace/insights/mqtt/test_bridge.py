"""A real broker, Maru's rules in it, and the bridge: what a pairing publishes is stored once, and nobody else's is."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from marketplace.appliances.models import BridgeBeat, TurnedAway
from marketplace.appliances.topics import Part
from marketplace.insights.models import Insight
from marketplace.insights.mqtt.broker import AddressUnusable, Broker, read_address
from tests.brokers import Device
from tests.config.supervising import wait_until
from tests.marketplace.appliances.hubs import event
from tests.marketplace.appliances.publishing import carrying, framed, signing
from tests.marketplace.insights.mqtt.conftest import RunningBridge

SECONDS = 60
VOC = {"kind": "air.voc_index", "unit": "{voc_index}"}


def voc(value: int) -> str:
    """What a sensor says that knows no time; no rule draws anything from it."""
    return json.dumps({"voc_index": value})


def stored(count: int) -> None:
    wait_until(lambda: Insight.objects.count() >= count, seconds=SECONDS)
    assert Insight.objects.count() == count


def test_what_a_signed_in_pairing_publishes_is_stored_and_answered(broker, bridge, let_devices_in):
    hub, pairing = signing(), carrying(password="other")
    let_devices_in()

    with Device(broker, str(hub.pairing.pk), "secret") as signed, Device(broker, str(pairing.pk), "other") as plain:
        signed.publish("events", framed(hub, [event(62, **VOC), event(-4, **VOC)], message_id="a"))
        signed.publish("events", framed(hub, [event(62, **VOC)], message_id="b")[:-1])
        plain.publish("tasmota/tele/plug/SENSOR", '{"ENERGY":{"Power":812}}')
        first, second = signed.answer_to("a"), signed.answer_to("b")

    assert [one["status"] for one in first["results"]] == ["accepted", "rejected"]
    assert second == {"message": "b", "status": "refused", "code": "signature_refused"}
    stored(2)
    wait_until(lambda: BridgeBeat.objects.exists(), seconds=SECONDS)


def test_the_broker_lets_nobody_speak_for_another_or_overhear(broker, bridge, let_devices_in):
    mine, theirs, plain = signing(), signing(), carrying()
    let_devices_in()
    name = str(mine.pairing.pk)

    with Device(broker, name, "secret") as device, Device(broker, str(theirs.pairing.pk), "secret") as other:
        device._client.subscribe("#", qos=1)
        device._client.publish(f"in/{plain.pk}/tasmota/tele/plug/SENSOR", '{"ENERGY":{"Power":1}}', qos=1)
        device._client.publish("out/all", "x", qos=1)
        other.publish("events", framed(theirs, [event(-4, **VOC)], message_id="theirs"))
        other.answer_to("theirs")
        # After that one: what was to be overheard has been heard by then.
        device.publish("events", framed(mine, [event(40, **VOC)], message_id="mine"))
        device.answer_to("mine")

    assert [one["message"] for one in device.answers] == ["mine"]
    assert Insight.objects.get().household == mine.pairing.household
    with pytest.raises(AssertionError, match="does not let"):
        Device(broker, str(plain.pk), "mine", seconds=1)


def test_what_comes_while_no_bridge_runs_waits_and_what_is_merely_kept_is_old_news(broker, bridge, let_devices_in):
    pairing = carrying()
    let_devices_in()
    with Device(broker, str(pairing.pk), "secret") as device:
        device.publish("zigbee2mqtt/a", voc(40))
        stored(1)
        bridge.stop()
        for value in range(41, 91):
            device.publish("zigbee2mqtt/a", voc(value))
        device.publish("zigbee2mqtt/kept", voc(7), retain=True)
        device.wait_until_sent()

    bridge.start()

    # The kept one came live once, and is not told again to who listens anew.
    stored(52)
    bridge.stop()
    bridge.start()
    with Device(broker, str(pairing.pk), "secret") as device:
        device.publish("zigbee2mqtt/a", voc(99))
        stored(53)


def test_a_hub_that_signs_in_under_the_bridge_s_name_does_not_empty_what_waits_for_it(broker, bridge, let_devices_in):
    pairing, hostile = carrying(), carrying(password="other")
    let_devices_in()
    bridge.stop()
    with Device(broker, str(pairing.pk), "secret") as device:
        device.publish("zigbee2mqtt/a", voc(40))
        device.wait_until_sent()

    with Device(broker, str(hostile.pk), "other", client="maru-bridge") as taker:
        taker.wait_until_sent()
    bridge.start()

    stored(1)


def test_two_bridges_share_what_comes(broker, let_devices_in):
    pairings = [carrying() for _ in range(6)]
    let_devices_in()
    ours = [Part(number, 2) for number in (1, 2)]
    with RunningBridge(broker.url, ours[0]) as first, RunningBridge(broker.url, ours[1]):
        for pairing in pairings:
            with Device(broker, str(pairing.pk), "secret") as device:
                # Neither an id nor a time: who took in what is another's would have it there twice.
                device.publish("zigbee2mqtt/a", voc(40))
                device.publish("events", b"{")
        stored(6)
        wait_until(lambda: sum(TurnedAway.objects.values_list("times", flat=True)) == 6, seconds=SECONDS)
        first.stop()
        for pairing in pairings:
            with Device(broker, str(pairing.pk), "secret") as device:
                device.publish("zigbee2mqtt/a", voc(41))
        # What is of the first one waits for it, and nobody else takes it.
        stored(6 + sum(ours[1].has(pairing.pk) for pairing in pairings))
        first.start()
        stored(12)


def test_who_goes_for_good_takes_in_what_waits_and_the_broker_keeps_nothing_more(
    broker, bridge, let_devices_in, monkeypatch
):
    """Whoever came back to a name of before would be told anew what others took in meanwhile."""
    monkeypatch.setattr("marketplace.insights.mqtt.bridge._QUIET_SECONDS", 5)
    pairing = carrying()
    let_devices_in()
    bridge.stop()
    with Device(broker, str(pairing.pk), "secret") as device:
        for value in range(40, 90):
            device.publish("zigbee2mqtt/a", voc(value))
        device.wait_until_sent()

        RunningBridge(broker.url, is_last=True).end_by_itself()
        stored(50)
        device.publish("zigbee2mqtt/a", voc(99))
        device.wait_until_sent()
        bridge.start()
        device.publish("zigbee2mqtt/a", voc(100))

        stored(51)


def test_a_publication_that_nobody_can_read_holds_up_nobody(broker, bridge, let_devices_in):
    pairing = carrying()
    let_devices_in()

    with Device(broker, str(pairing.pk), "secret") as device:
        for payload in (b"\xff", b"{", b"[" * 3000, b"x" * 100_000):
            device.publish("events", payload)
        device.publish("zigbee2mqtt/a", voc(40))
        stored(1)
        wait_until(lambda: sum(TurnedAway.objects.values_list("times", flat=True)) == 4, seconds=SECONDS)

    bridge.stop()
    bridge.start()
    with Device(broker, str(pairing.pk), "secret") as device:
        device.publish("zigbee2mqtt/a", voc(41))
        stored(2)
    # None of them was delivered again.
    assert sum(TurnedAway.objects.values_list("times", flat=True)) == 4


def test_much_at_once_is_left_on_the_line_until_there_is_room(broker, bridge, let_devices_in, monkeypatch):
    pairing, pauses = carrying(), []
    let_devices_in()
    real = Broker._pause
    monkeypatch.setattr(Broker, "_pause", lambda self: (pauses.append(self._held_bytes), real(self)))
    monkeypatch.setattr("marketplace.insights.mqtt.broker.MOST_HELD_BYTES", 50_000)
    padding = "x" * 20_000

    with Device(broker, str(pairing.pk), "secret") as device:
        for value in range(60):
            device.publish("zigbee2mqtt/a", json.dumps({"voc_index": value + 1, "padding": padding}))
        stored(60)

    assert pauses
    assert max(pauses) < 100_000


def test_while_the_table_is_away_nothing_is_acknowledged_and_nothing_lost(broker, bridge, let_devices_in, caplog):
    pairing = carrying()
    let_devices_in()
    rename("appliances_pairedkey", "away")
    with Device(broker, str(pairing.pk), "secret") as device:
        for value in range(40, 55):
            device.publish("zigbee2mqtt/a", voc(value))
        device.wait_until_sent()
    wait_until(lambda: "not stored yet" in caplog.text, seconds=SECONDS)

    # Whoever comes next finds them all at the broker again.
    bridge.stop()
    rename("away", "appliances_pairedkey")
    bridge.start()

    stored(15)


def rename(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")


def test_while_the_table_is_away_the_bridge_stays_and_goes_on_by_itself(broker, bridge, let_devices_in, caplog):
    pairing = carrying()
    let_devices_in()
    rename("appliances_pairedkey", "away")
    with Device(broker, str(pairing.pk), "secret") as device:
        device.publish("zigbee2mqtt/a", voc(40))
        wait_until(lambda: "not stored yet" in caplog.text, seconds=SECONDS)

        rename("away", "appliances_pairedkey")

        stored(1)


def test_the_files_change_only_when_a_login_does(broker, settings, capsys):
    path = broker.folder / "passwords"
    before = path.stat().st_mtime_ns

    call_command("mqtt_logins", str(broker.folder))
    assert path.stat().st_mtime_ns == before
    pairing = carrying()
    call_command("mqtt_logins", str(broker.folder))

    assert "1 logins" in capsys.readouterr().out
    names = [line.split(":")[0] for line in path.read_text().splitlines()]
    assert sorted(names) == sorted(["maru-bridge", str(pairing.pk)])
    pairing.keys.get().machine_key.__class__.objects.update(revoked_at=pairing.paired_at)
    call_command("mqtt_logins", str(broker.folder))
    assert [line.split(":")[0] for line in path.read_text().splitlines()] == ["maru-bridge"]
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://broker", True), ("mqtts://", True), ("mqtts://broker:x", True), ("mqtts://broker/path", True),
        ("mqtts://broker?x=1", True), ("mqtt://broker.example", False), ("", True),
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_in_plain_sight_is_refused(url, plain):
    with pytest.raises(AddressUnusable):
        read_address(url, allows_plain=plain)


def test_an_address_holds_a_name_and_a_password():
    found = read_address("mqtts://maru-bridge:a%40b@broker.example", allows_plain=False)

    assert (found.host, found.port, found.is_tls) == ("broker.example", 8883, True)
    assert (found.username, found.password) == ("maru-bridge", "a@b")
    assert read_address("mqtt://localhost", allows_plain=False).port == 1883


def test_a_part_that_is_none_is_refused(settings):
    settings.MQTT_URL, settings.MQTT_BRIDGES = "mqtts://broker.example", 2

    for part in (0, 3):
        with pytest.raises(CommandError, match="MARU_MQTT_BRIDGES, which is 2"):
            call_command("mqtt_bridge", part=part)


def test_without_a_broker_the_command_says_so(settings):
    settings.MQTT_URL = ""

    with pytest.raises(CommandError, match="MARU_MQTT_URL"):
        call_command("mqtt_bridge")
