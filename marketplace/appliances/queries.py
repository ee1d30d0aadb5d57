"""What a home has let in and who of it may speak, with the streams that are held back."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from consent.parties.models import Household, MachineKey, User
from marketplace.appliances.logins import Login
from marketplace.appliances.models import BridgeBeat, BrokerLogin, DayCount, PairedKey, Pairing, PairingCode, StreamFlag
from marketplace.appliances.topics import Part

#: A bridge says that it is there every ten seconds.
BRIDGE_LATE = timedelta(seconds=60)
# What `PairedKeyQuerySet.open` leaves: a carried key ends where it is kept, one that signs in its own row. By hand, for
# every request asks it twice, at the door and under the lock, and Django takes ten times as long to write it.
_MAY_SPEAK = """
SELECT 1 FROM appliances_pairedkey k JOIN appliances_pairing p ON p.id = k.pairing_id
LEFT JOIN appliances_appliance a ON a.id = p.appliance_id LEFT JOIN parties_machinekey m ON m.id = k.machine_key_id
WHERE k.id = %(key)s AND p.ended_at IS NULL AND a.left_at IS NULL
    AND COALESCE(k.revoked_at, m.revoked_at) IS NULL
    AND COALESCE(k.expires_at, m.expires_at, 'infinity') > %(at)s"""
# `StreamFlagQuerySet.standing`, by hand as every request asks it.
_STANDING = "SELECT appliance_id, kind FROM appliances_streamflag WHERE appliance_id = ANY(%s) AND verdict <> %s"


@dataclass(frozen=True)
class KeyLine:
    """One key that still opens something.

    Attributes:
        id: what ends it: of the machine key if it is carried, of the paired key if it signs.
        hint: enough of it to tell it from others; never enough to use it.
    """

    id: UUID
    hint: str
    signs: bool
    made_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True)
class LetIn:
    """A hub, or an appliance that speaks for itself, with the keys it has now. `pairing` is None for a key alone."""

    pairing: Pairing | None
    label: str
    since: datetime
    keys: tuple[KeyLine, ...]

    @property
    def is_hub(self) -> bool:
        return self.pairing is None or self.pairing.appliance_id is None


def let_in(household: Household, *, at: datetime) -> list[LetIn]:
    """Return everything that may speak for a home, the oldest first, in three statements."""
    pairings = Pairing.objects.filter(household=household, ended_at=None).order_by("paired_at", "pk")
    keys: dict[UUID, list[PairedKey]] = {}
    open_keys = PairedKey.objects.open(at).filter(pairing__household=household)
    for key in open_keys.select_related("machine_key").order_by("made_at", "pk"):
        keys.setdefault(key.pairing_id, []).append(key)
    found = [LetIn(one, one.label, one.paired_at, tuple(map(_line, keys.get(one.pk, ())))) for one in pairings]
    # Issued without a pairing, and not used yet: it gets one when it first speaks.
    alone = MachineKey.objects.open(at).filter(household=household, paired=None).order_by("created_at", "pk")
    found += [LetIn(None, key.label, key.created_at, (_unused(key),)) for key in alone]
    return sorted(found, key=lambda one: one.since)


def may_speak(*, key_id: UUID, at: datetime) -> bool:
    """Tell whether a key is open, of a pairing that has not ended, and not of an appliance that has left."""
    with connection.cursor() as cursor:
        cursor.execute(_MAY_SPEAK, {"key": key_id, "at": at})
        return cursor.fetchone() is not None


def standing_flags(*, appliance_ids: Collection[UUID]) -> set[tuple[UUID, str]]:
    """Return the streams, an appliance's id and a kind each, that a flag holds back."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [list(appliance_ids), StreamFlag.Verdict.CLEARED])
        return set(cursor.fetchall())


def waiting_code(household: Household, *, asked_by: User, at: datetime) -> PairingCode | None:
    """Return the code this person is waiting with, if there is one."""
    return PairingCode.objects.waiting(at).filter(household=household, asked_by=asked_by).first()


def kinds_of(appliance_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return which kinds of things each appliance has noticed of late."""
    found: dict[UUID, list[str]] = {}
    rows = DayCount.objects.filter(appliance__in=list(appliance_ids)).order_by("kind")
    for appliance_id, kind in rows.values_list("appliance", "kind").distinct():
        found.setdefault(appliance_id, []).append(kind)
    return found


def broker_logins(*, at: datetime) -> Iterator[Login]:
    """Return who may sign in at the broker: every pairing that asked for it and still has a key to speak with."""
    speaking = PairedKey.objects.open(at).values("pairing")
    rows = BrokerLogin.objects.standing().filter(pairing__in=speaking)
    for pairing_id, password_hash in rows.values_list("pairing", "password_hash").iterator():
        yield Login(str(pairing_id), password_hash)


def bridge_seen_at() -> datetime | None:
    """Return when every bridge to the MQTT broker had given a sign of life of late; None if one of them never did."""
    parts = [Part(number, settings.MQTT_BRIDGES) for number in range(1, settings.MQTT_BRIDGES + 1)]
    beats = BridgeBeat.objects.filter(client__in=[part.client(settings.MQTT_CLIENT) for part in parts])
    seen: list[datetime] = list(beats.values_list("seen_at", flat=True))
    return min(seen, default=None) if len(seen) == len(parts) else None


def is_bridge_late(*, at: datetime) -> bool:
    """Tell whether what homes publish waits at the broker, because a bridge has not been there for a while."""
    seen_at = bridge_seen_at()
    return seen_at is None or seen_at < at - BRIDGE_LATE


def _line(key: PairedKey) -> KeyLine:
    carried = key.machine_key
    if carried is None:
        return KeyLine(key.pk, str(key.pk), True, key.made_at, key.expires_at, key.last_used_at)
    return KeyLine(carried.pk, _hint(carried), False, key.made_at, carried.expires_at, key.last_used_at)


def _unused(key: MachineKey) -> KeyLine:
    return KeyLine(key.pk, _hint(key), False, key.created_at, key.expires_at, None)


def _hint(key: MachineKey) -> str:
    return f"maru_{key.prefix}_…"
