"""What every dialect yields: readings that hold only allow-listed fields, in the sender's own unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from marketplace.appliances.dialects.rejections import Rejection

APPLIANCE_TYPES = frozenset(
    {"air_purifier", "robot_vacuum", "refrigerator", "microwave", "air_conditioner", "air_sensor", "other"}
)

Value = Decimal | bool | str
TimeQuality = Literal["source", "server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How a value came to be: a plain sensor, or a model that must name its exact build."""

    type: Literal["sensor", "model"]
    name: str
    version: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """The closed span of time a value covers; both ends are aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Raw:
    """What the sender wrote, for audit inside the vault only; at most 64 characters each."""

    value: str
    unit: str


# Not frozen, though nobody changes one: to make a frozen one takes four times as long, and a request brings hundreds.
@dataclass(slots=True, kw_only=True)
class Reading:
    """One value an appliance noticed, before its unit and time are normalised.

    `source` names the thing that spoke (entity id, chip id, urn). It is only ever fed to an HMAC, never stored.
    `observed_at` is None when the sender gave no usable time; the server's then stands in.
    """

    index: int
    kind: str
    value: Value
    unit: str
    method: Method
    raw: Raw
    source: str | None = None
    appliance_type: str = "other"
    event_id: str | None = None
    observed_at: datetime | None = None
    zone: str | None = None
    scheme: str | None = None
    confidence: Decimal | None = None
    power_w: Decimal | None = None
    window_s: int | None = None
    interval: Interval | None = None

    @property
    def time_quality(self) -> TimeQuality:
        return "server" if self.observed_at is None else "source"


Parsed = list[Reading | Rejection]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One wire format: its name in the URL, the kinds it can yield, the content types it comes in, its parser.

    `parse(body, headers, received_at=…)` is pure. It returns one or more results per item and raises only
    `UnreadableBody`, when the request as a whole cannot be read.
    """

    name: str
    kinds: frozenset[str]
    content_types: frozenset[str]
    parse: Callable[..., Parsed]

    def __call__(self, body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
        return self.parse(body, headers, received_at=received_at)
