"""A Mosquitto of a test's own, with Maru's files and rules; it may be killed and started again."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from config.embedded.ports import free_port
from tests.config.supervising import wait_until

ROOT = Path(__file__).resolve().parent.parent
UNPACKED = ROOT / "var" / "mosquitto"
BRIDGE, PASSWORD = "maru-bridge", "the-bridge-s-own-password"
#: What an operator writes, see docs/mqtt.md; the paths and the port are the test's.
RULES = """\
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1
max_queued_messages 0
max_inflight_messages 0
message_size_limit 4200000
persistent_client_expiration 14d
pid_file {folder}/pid
log_type error
log_type warning
"""


def program() -> str | None:
    """Return a Mosquitto, the system's or the one that `.ci/broker` unpacked."""
    found = [shutil.which("mosquitto"), "/usr/sbin/mosquitto", str(UNPACKED / "usr/sbin/mosquitto")]
    return next((path for path in found if path and os.access(path, os.X_OK)), None)


class Mosquitto:
    """One broker over one folder and port."""

    def __init__(self, folder: Path, *, rules: str = RULES) -> None:
        self.folder, self.port = folder, free_port()
        # Started as root it would become somebody who may not write here.
        more = "user root\n" if os.geteuid() == 0 else ""
        (folder / "mosquitto.conf").write_text(rules.format(port=self.port, folder=folder) + more)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://{BRIDGE}:{PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> None:
        found = program()
        assert found
        libraries = [str(path) for path in UNPACKED.glob("usr/lib/*-linux-gnu*")] if str(UNPACKED) in found else []
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [found, "-c", str(self.folder / "mosquitto.conf")],
                env={**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        wait_until(self.is_there, seconds=30)

    def is_there(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


class Device:
    """Something that publishes as a pairing, over MQTT 3.1.1 as small devices do, and hears its answers."""

    def __init__(
        self,
        broker: Mosquitto,
        name: str,
        password: str,
        *,
        clean: bool = True,
        seconds: float = 30,
        client: str | None = None,
    ) -> None:
        self.name, self.answers = name, []  # type: ignore[var-annotated]
        self._heard = threading.Condition()
        self._sent: list[paho.MQTTMessageInfo] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client or name, clean_session=clean)
        self._client.username_pw_set(name, password)
        self._client.reconnect_delay_set(0.05, 0.2)
        self._client.on_connect = self._listen
        self._client.on_message = self._hear
        self._client.max_inflight_messages_set(1000)
        self._ready = threading.Event()
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        if not self._ready.wait(seconds):
            self._client.loop_stop()
            raise AssertionError("the broker does not let the device in")

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _listen(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(f"out/{self.name}/#", qos=1)

    def _hear(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        with self._heard:
            self.answers.append(json.loads(message.payload))
            self._heard.notify_all()

    def publish(self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False) -> None:
        self._sent.append(self._client.publish(f"in/{self.name}/{topic}", payload, qos=qos, retain=retain))

    def wait_until_sent(self) -> None:
        """Wait until the broker has acknowledged everything."""
        for sent in self._sent:
            sent.wait_for_publish(60)
            assert sent.is_published()
        self._sent.clear()

    def answer_to(self, message_id: str, *, seconds: float = 60) -> dict[str, Any]:
        """Wait for what the bridge says of one signed batch."""
        return self.wait_for(lambda: next((one for one in self.answers if one["message"] == message_id), None), seconds)

    def wait_for(self, found: Callable[[], Any], seconds: float = 60) -> Any:
        until = time.monotonic() + seconds
        with self._heard:
            while not (answer := found()):
                assert self._heard.wait(until - time.monotonic()), "no answer came"
        return answer
