"""What a request on its way needs of its home: that it still may speak, and the appliances that it speaks of.

Everything here joins the transaction that takes the request in, and locks what handing on, closing a home and ending a
pairing lock: one waits for the other, and whoever comes second sees what the first one did. Rows are locked in one
order: the home, wholes before their parts, the pairing.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from consent.parties.models import Household
from marketplace.appliances.errors import ApplianceLeft, KeyEnded, SignatureRefused
from marketplace.appliances.models import Appliance
from marketplace.appliances.queries import may_speak
from marketplace.appliances.senders import Sender

#: How many appliances a hub may bring into one home within a day. A hub counts every sensor by itself, and a
#: large home that connects everything at once has some hundreds; one that invents names would get round every cap that
#: is counted by the appliance.
MAX_NEW_A_DAY = 300

# Django has no FOR SHARE.
_SHARE_PAIRING = """
SELECT 1 FROM appliances_pairing p JOIN appliances_pairedkey k ON k.pairing_id = p.id WHERE k.id = %s
FOR SHARE OF p"""
# By hand, as all that every request asks: Django takes ten times as long to write such a statement as it takes to run.
_SPEAKERS = """
SELECT named.identity, named.id, named.once_part_of_id, named.left_at,
    whole.id, whole.type, whole.private_to_id, whole.never_share, whole.never_kinds
FROM appliances_appliance named JOIN appliances_appliance whole ON whole.id = COALESCE(named.part_of_id, named.id)
WHERE"""
_WHOLE_COLUMNS = ("id", "type", "private_to_id", "never_share", "never_kinds")
_NAMED = f"{_SPEAKERS} named.household_id = %s AND named.identity = ANY(%s)"
_ITSELF = f"{_SPEAKERS} named.id = %s"
# Locked in their one order before the first of them is written.
_SEEN = """
WITH living AS (
    SELECT id FROM appliances_appliance WHERE id = ANY(%s) AND left_at IS NULL
    ORDER BY part_of_id NULLS FIRST, id FOR NO KEY UPDATE
)
UPDATE appliances_appliance a SET last_seen_at = %s FROM living WHERE a.id = living.id"""


class KnownSpeaker(NamedTuple):
    """The appliance that a name in a request stands for: itself, or the whole that it is a part of.

    Attributes:
        appliance: with what a request on its way needs of it; anything else of it costs a statement.
        row: of the name itself; `left_at` is its own too.
        told_as: every row under which one of its events may be known, as text: the row of the name it was told under
            may be only a part, may have been a part of another, or have become one since.
    """

    appliance: Appliance
    row: UUID
    told_as: frozenset[str]
    left_at: datetime | None


@transaction.atomic(savepoint=False)
def check_may_still_speak(*, sender: Sender, at: datetime) -> None:
    """Let pass only a key that is open now, of a pairing that has not ended, and keep both so.

    Raises:
        SignatureRefused: what signed the request has ended since it was let in at the door.
        KeyEnded: the same of a key that is carried.
    """
    if sender.key_id is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SHARE_PAIRING, [sender.key_id])
    # Asked only after the wait: what was read before it may be over.
    if not may_speak(key_id=sender.key_id, at=at):
        raise SignatureRefused if sender.message_sha256 else KeyEnded


@transaction.atomic(savepoint=False)
def hear_appliance(*, appliance_id: UUID, at: datetime) -> KnownSpeaker:
    """Return the appliance that speaks for itself, and note that it was heard.

    One that has left is returned too: its key has ended with that, and is refused as every other.

    Raises:
        ApplianceLeft: it, or what it is a part of, left its home in this very moment.
    """
    (speaker,) = _speakers(_ITSELF, [appliance_id]).values()
    if speaker.left_at is None:
        _seen([speaker], at)
    return speaker


@transaction.atomic(savepoint=False)
def hear_named(*, household: Household, types: Mapping[str, str], at: datetime) -> dict[str, KnownSpeaker]:
    """Return the appliances that a hub names, bringing in new ones, and note that they were heard.

    Args:
        types: from an appliance's identity to the type it seems to be, in the order they were named.

    Returns:
        Who speaks, by the identity of the name; without those that are too many new ones for one day.

    Raises:
        ApplianceLeft: one of them left its home meanwhile; asked again, it is a new one.
    """
    found = _speakers(_NAMED, [household.pk, list(types)])
    if types.keys() - found.keys():
        _bring_in(household, types, at)
        found = _speakers(_NAMED, [household.pk, list(types)])
    _seen(found.values(), at)
    return found


def _speakers(statement: str, named: list[Any]) -> dict[str, KnownSpeaker]:
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return {identity: _speaker(*columns) for identity, *columns in cursor.fetchall()}


def _speaker(row: UUID, once_part_of: UUID | None, left_at: datetime | None, *whole: object) -> KnownSpeaker:
    appliance = Appliance.from_db(connection.alias, _WHOLE_COLUMNS, whole)
    rows = {appliance.pk, row, once_part_of}
    return KnownSpeaker(appliance, row, frozenset(str(one) for one in rows if one is not None), left_at)


def _bring_in(household: Household, types: Mapping[str, str], at: datetime) -> None:
    with connection.cursor() as cursor:
        # Whoever brings something new into one home waits here, so that many hands bring in no more than one.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [str(household.pk)])
    day_ago = at - timedelta(days=1)
    rows = Appliance.objects.filter(Q(identity__in=types) | Q(joined_at__gt=day_ago), household=household)
    known = dict(rows.values_list("identity", "joined_at"))
    left = max(0, MAX_NEW_A_DAY - sum(joined_at > day_ago for joined_at in known.values()))
    let_in = [name for name in types if name not in known][:left]
    Appliance.objects.bulk_create(
        [Appliance(household=household, identity=name, type=_type(types[name]), joined_at=at) for name in let_in],
        ignore_conflicts=True,
    )


def _seen(speakers: Collection[KnownSpeaker], at: datetime) -> None:
    heard = {row for speaker in speakers for row in (speaker.row, speaker.appliance.pk)}
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [list(heard), at])
        if cursor.rowcount != len(heard):
            raise ApplianceLeft


def _type(guess: str) -> str:
    return guess if guess in Appliance.Type.values else Appliance.Type.OTHER
