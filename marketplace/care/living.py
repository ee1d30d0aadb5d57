"""The demo's home lives: a sensor in the living room tells its week at speed, and one of the family answers at times.

Everything goes through the doors that a real home uses. The sensor was let in with a code and signs what it sends; 도윤
signs in with his password, looks at what is asked, and says yes to one question and no to the next. He leaves the rest
to whoever watches. Nothing here knows the database.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.care.browser import Browser, Refused
from marketplace.care.week import QUARTER, QUARTERS_A_DAY, Week, quarter_of

INGEST = "/api/v1/ingest/awair"
SENSOR, KIND = "식탁 위 공기", "air_sensor"
#: A little less than the seven days after which nothing is taken in any more.
REACH = timedelta(days=6, hours=20)
#: What the family leaves for whoever watches, and how often it looks at the rest.
LEFT_WAITING = 1
ANSWERS_EVERY_SECONDS = 40.0
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.2

Told = Callable[[str], None]
Stopped = Callable[[], bool]


class SensorGone(Exception):
    """The home let the sensor go, or ended its key; it has nothing to say here any more."""


@dataclass(frozen=True)
class Sensor:
    """What the sensor keeps on its own flash: whose it is, its key, and how far it has told its week."""

    home: str
    secret: str
    key_id: str
    told_until: str

    @classmethod
    def read(cls, file: Path) -> Self | None:
        return cls(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None

    def write(self, file: Path) -> None:
        """Write it whole or not at all, for nobody else to read."""
        draft = file.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as new:
            json.dump(asdict(self), new)
        draft.rename(file)

    @property
    def sent_until(self) -> datetime:
        return datetime.fromisoformat(self.told_until)


def let_in(base_url: str, *, home: str, login: Mapping[str, str], at: datetime) -> Sensor:
    """Let the sensor into the home: an adult asks for a code on the page, and the sensor comes in with it.

    Args:
        home: what tells this installation's home from another one's, in which the sensor may have been before.

    Raises:
        Refused: a door did not open that should have.
    """
    adult = Browser(base_url)
    adult.sign_in(login["email"], login["password"])
    page = adult.submit("/appliances/pairings", {"type": KIND, "name": SENSOR}).decode()
    key = Ed25519PrivateKey.generate()
    body = json.dumps({"code": code_on(page), "public_key": f"whpk_{_text(key.public_key().public_bytes_raw())}"})
    paired = _sent(base_url, "/api/v1/pairings", body.encode(), key=key)
    return Sensor(home, _text(key.private_bytes_raw()), paired["key"]["id"], quarter_of(at - REACH).isoformat())


def code_on(page: str) -> str:
    """Return the code that a page shows, as somebody would read it from the screen."""
    return page.partition('class="code')[2].partition(">")[2].partition("<")[0].strip()


def due_of(sensor: Sensor, *, at: datetime) -> list[datetime]:
    """Return the quarters of an hour that the sensor has not told yet and can still tell, the oldest first."""
    next_one = max(sensor.sent_until + QUARTER, quarter_of(at - REACH))
    count = (quarter_of(at) - next_one) // QUARTER + 1
    return [next_one + number * QUARTER for number in range(max(0, count))]


def send(base_url: str, sensor: Sensor, quarters: Sequence[datetime], *, week: Week) -> Sensor:
    """Send what was measured in these quarters of an hour, in one signed batch, and remember that it was.

    Raises:
        Refused: the door refused for now.
        SensorGone: the door knows neither this sensor nor its key any more.
    """
    moments = [_moment(at, week.at(at)) for at in quarters]
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(sensor.secret))
    try:
        _sent(base_url, INGEST, json.dumps({"data": moments}).encode(), key=key, key_id=sensor.key_id)
    except Refused as refusal:
        if refusal.status in (401, 403, 404):
            raise SensorGone from refusal
        raise
    return replace(sensor, told_until=quarters[-1].isoformat())


def answer_one(adult: Browser, *, says_yes: bool) -> bool:
    """Let an adult answer the oldest question about the sensor, if enough are left for whoever watches.

    What other appliances noticed is left alone: it may have been sent by hand, by somebody who waits for the question.

    Returns:
        Whether anything was answered.
    """
    asks = adult.get("/api/v1/asks?state=pending")["data"]
    waiting = sorted((ask for ask in asks if ask["appliance"] == KIND), key=lambda ask: ask["expires_at"])
    if len(waiting) <= LEFT_WAITING:
        return False
    path = f"/api/v1/asks/{waiting[0]['id']}"
    if says_yes:
        adult.post(f"{path}/approve", {"preview_sha256": adult.get(path)["preview_sha256"]})
    else:
        adult.post(f"{path}/deny", {})
    return True


def read_records(buyer: Browser) -> None:
    """Let a buyer look at what it was given, so that the home sees it read."""
    for request in buyer.get("/api/v1/data-requests")["data"]:
        buyer.get(f"/api/v1/data-requests/{request['id']}/records")


@dataclass
class House:
    """The home as it lives on: a sensor that catches up with today, and somebody who answers at times."""

    base_url: str
    logins: Mapping[str, Any]
    file: Path
    week: Week
    quarters_a_minute: int
    say: Told
    answered: int = 0
    answers_at: float = 0.0
    adult: Browser | None = None

    def live(self, *, is_stopped: Stopped) -> None:
        """Live until somebody stops it. A door that does not open now is tried again, one that is shut left alone."""
        self.answers_at = time.monotonic() + ANSWERS_EVERY_SECONDS
        if not self.quarters_a_minute:
            _wait(float("inf"), is_stopped)
        while not is_stopped():
            pause = PATIENCE_SECONDS
            try:
                pause = self._speak()
                self._answer()
            except SensorGone:
                self.say("the home let the sensor go; it stays silent")
                pause = float("inf")
            except (Refused, HTTPException, OSError) as refusal:
                self.say(f"not now: {type(refusal).__name__}")
                self.adult = None
            _wait(pause, is_stopped)

    def _speak(self) -> float:
        """Tell the next quarter of an hour, and return for how many seconds there is nothing more to tell."""
        at, sensor, home = datetime.now(UTC), Sensor.read(self.file), self.logins["hub"]["id"]
        if sensor is None or sensor.home != home:
            sensor = let_in(self.base_url, home=home, login=self.logins["household"], at=at)
            sensor.write(self.file)
            self.say("the sensor was let in")
            # Its first day comes at once, as from a sensor that had no network: something to see, and to be asked.
            sensor = send(self.base_url, sensor, due_of(sensor, at=at)[:QUARTERS_A_DAY], week=self.week)
            sensor.write(self.file)
        due = due_of(sensor, at=at)
        if due:
            send(self.base_url, sensor, due[:1], week=self.week).write(self.file)
        return 60 / self.quarters_a_minute if len(due) > 1 else PATIENCE_SECONDS

    def _answer(self) -> None:
        if time.monotonic() < self.answers_at:
            return
        self.answers_at = time.monotonic() + ANSWERS_EVERY_SECONDS
        if self.adult is None:
            self.adult = Browser(self.base_url)
            self.adult.sign_in(self.logins["second_adult"]["email"], self.logins["second_adult"]["password"])
        self.answered += answer_one(self.adult, says_yes=self.answered % 2 == 0)
        read_records(Browser(self.base_url, key=self.logins["buyer"]["api_key"]))


def _moment(at: datetime, values: Mapping[str, float]) -> dict[str, Any]:
    """Return one moment as Awair's cloud lists it."""
    sensors = [{"comp": name, "value": value} for name, value in values.items()]
    return {"timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds"), "sensors": sensors}


def _sent(base_url: str, path: str, body: bytes, *, key: Ed25519PrivateKey, key_id: str = "") -> Any:
    """Sign a body as docs/pairing.md says, send it, and return what is answered."""
    message_id, stamp = f"msg_{uuid4().hex}", int(time.time())
    content = b"%s.%d.%s" % (message_id.encode(), stamp, body)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1a,{_text(key.sign(content))}",
        **({"maru-key": key_id} if key_id else {}),
    }
    return json.loads(Browser(base_url).request("POST", path, body, headers))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _wait(seconds: float, is_stopped: Stopped) -> None:
    end = time.monotonic() + seconds
    while not is_stopped() and (left := end - time.monotonic()) > 0:
        time.sleep(min(POLL_SECONDS, left))
