"""What the bridge to an MQTT broker writes down, and who may sign in at that broker."""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from consent.parties import operations as parties
from marketplace.appliances.errors import NoBroker
from marketplace.appliances.models import Arrival, BridgeBeat, BrokerLogin, PairedKey, TurnedAway
from marketplace.appliances.operations.keys import spend_message

#: How long a broker may hold what a hub signed. What an insight says of its own time is believed for as long.
HOLD = timedelta(days=7)
#: A password of 256 random bits needs no stretching; this is Mosquitto's own number.
_ROUNDS = 101
SALT_BYTES = 12
_PASSWORD_BYTES = 32
_KEPT = timedelta(days=40)


@dataclass(frozen=True)
class Arriving:
    """One publication that says neither its id nor its time.

    Attributes:
        packet: the broker's number for it.
        digest: a keyed hash of its topic and payload.
        again: the broker says that it has delivered it before.
    """

    packet: int
    digest: str
    again: bool


@transaction.atomic(durable=True)
def make_broker_login(*, key_id: UUID, message_sha256: str, at: datetime) -> tuple[UUID, str]:
    """Make a new password for a pairing at the broker, as the holder of one of its keys asks.

    Args:
        key_id: of the `PairedKey` the request came with.
        message_sha256: the id of a signed request, spent here; empty for a carried key.

    Returns:
        The name to sign in with, which is the pairing's id, and the password; it is shown once, never kept.

    Raises:
        NoBroker: this Maru has none that hubs could reach.
        PairedKey.DoesNotExist: the key has ended meanwhile.
        MessageRepeated: this request was taken in before.
    """
    if not settings.MQTT_HUBS_URL:
        raise NoBroker
    if message_sha256:
        spend_message(key_id=key_id, message_sha256=message_sha256, at=at)
    key = PairedKey.objects.open(at).get(pk=key_id, pairing__ended_at=None)
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    found = {"password_hash": hash_password(password), "changed_at": at}
    BrokerLogin.objects.update_or_create(
        pairing_id=key.pairing_id, defaults=found, create_defaults={**found, "made_at": at}
    )
    parties.note(actor=f"key:{key.pk}", action="broker.login", subject=f"pairing:{key.pairing_id}", at=at)
    return key.pairing_id, password


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """Return a password as Mosquitto's password file has it: PBKDF2 with SHA-512.

    Args:
        salt: of `SALT_BYTES`, which Mosquitto insists on; a new one if left out.

    Source: mosquitto_passwd(1), `$7$iterations$salt$hash`.
    """
    salt = salt or secrets.token_bytes(SALT_BYTES)
    found = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(found).decode()}"


@transaction.atomic(durable=True)
def name_arrivals(*, client: str, arriving: Sequence[Arriving], at: datetime) -> list[UUID]:
    """Return a token for each publication, the same one as before for what the broker delivers again.

    Committed before anything of it is stored, so that a bridge that dies in between finds it here.
    """
    again = [one.packet for one in arriving if one.again]
    rows = Arrival.objects.filter(client=client, packet__in=again).values_list("packet", "digest", "token")
    known = {(packet, digest): token for packet, digest, token in rows} if again else {}
    tokens = [(known.get((one.packet, one.digest)) if one.again else None) or uuid4() for one in arriving]
    Arrival.objects.bulk_create(
        [
            Arrival(client=client, packet=one.packet, digest=one.digest, token=token, at=at)
            for one, token in zip(arriving, tokens, strict=True)
        ],
        update_conflicts=True,
        unique_fields=["client", "packet"],
        update_fields=["digest", "token", "at"],
    )
    return tokens


_NOTE_REFUSALS = """
INSERT INTO appliances_turnedaway (pairing_id, code, times, last_at)
SELECT pairing, code, times, %s FROM unnest(%s::uuid[], %s::text[], %s::bigint[]) AS new (pairing, code, times)
ORDER BY pairing, code
ON CONFLICT (pairing_id, code)
DO UPDATE SET times = appliances_turnedaway.times + excluded.times, last_at = excluded.last_at"""


@transaction.atomic(durable=True)
def note_turned_away(*, counts: Mapping[tuple[UUID | None, str], int], at: datetime) -> None:
    """Count what was refused, by pairing and code.

    Args:
        counts: how often, by the id of a pairing that exists, or None, and the code of the refusal.
    """
    if not counts:
        return
    pairings, codes = zip(*counts, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_REFUSALS, [at, list(pairings), list(codes), list(counts.values())])


_NOTE_BEAT = """
INSERT INTO appliances_bridgebeat AS b (client, seen_at, connected_at, publications) VALUES (%s, %s, %s, %s)
ON CONFLICT (client) DO UPDATE SET
    seen_at = excluded.seen_at, connected_at = excluded.connected_at, publications = b.publications + %s"""


@transaction.atomic(durable=True)
def note_beat(*, client: str, connected_at: datetime, publications: int, at: datetime) -> None:
    """Write down that a bridge is connected, and how much came since it last said so."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_BEAT, [client, at, connected_at, publications, publications])


@transaction.atomic(durable=True)
def prune_broker(*, at: datetime) -> int:
    """Forget logins of what has ended, what arrived long ago, old refusals, and bridges nobody starts any more."""
    gone = [
        BrokerLogin.objects.filter(pairing__ended_at__isnull=False).delete()[0],
        Arrival.objects.filter(at__lt=at - HOLD).delete()[0],
        TurnedAway.objects.filter(last_at__lt=at - _KEPT).delete()[0],
        BridgeBeat.objects.filter(seen_at__lt=at - _KEPT).delete()[0],
    ]
    return sum(gone)


def spent_long_ago(at: datetime, *, window: timedelta) -> Q:
    """Find the used ids that nothing can bring back: a broker may hold a message longer than a request lasts."""
    is_over, has_no_broker = Q(at__lt=at - window), Q(key__pairing__broker_login=None)
    return is_over & (has_no_broker | Q(at__lt=at - window - HOLD))
