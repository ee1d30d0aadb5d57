"""What a request on its way needs of its home: that it still may speak, and the appliances that it speaks of.

Everything here joins the transaction that takes the request in, and locks what handing on, closing a home and ending a
pairing lock: one waits for the other, and whoever comes second sees what the first one did. Rows are locked in one
order: the home, wholes before their parts, the pairing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from consent.parties.models import Household
from marketplace.appliances.errors import ApplianceLeft, KeyEnded, SignatureRefused
from marketplace.appliances.models import Appliance, PairedKey
from marketplace.appliances.senders import Sender

#: How many appliances a hub may bring into one home within a day. A hub counts every sensor by itself, and a
#: large home that connects everything at once has some hundreds; one that invents names would get round every cap that
#: is counted by the appliance.
MAX_NEW_A_DAY = 300

# Django has no FOR SHARE.
_SHARE_PAIRING = """
SELECT 1 FROM appliances_pairing p JOIN appliances_pairedkey k ON k.pairing_id = p.id WHERE k.id = %s
FOR SHARE OF p"""
# Locked in their one order before the first of them is written.
_SEEN = """
WITH living AS (
    SELECT id FROM appliances_appliance WHERE id = ANY(%s) AND left_at IS NULL
    ORDER BY part_of_id NULLS FIRST, id FOR NO KEY UPDATE
)
UPDATE appliances_appliance a SET last_seen_at = %s FROM living WHERE a.id = living.id"""


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
    own = PairedKey.objects.open(at).filter(pk=sender.key_id, pairing__ended_at=None)
    if not own.filter(pairing__appliance__left_at=None).exists():
        raise SignatureRefused if sender.message_sha256 else KeyEnded


@transaction.atomic(savepoint=False)
def hear_appliance(*, appliance_id: UUID, at: datetime) -> Appliance:
    """Return the appliance that speaks for itself, and note that it was heard.

    One that has left is returned too: its key has ended with that, and is refused as every other.

    Raises:
        ApplianceLeft: it, or what it is a part of, left its home in this very moment.
    """
    found = Appliance.objects.select_related("part_of").get(pk=appliance_id)
    if found.left_at is None:
        _seen([found], at)
    return found


@transaction.atomic(savepoint=False)
def hear_named(*, household: Household, types: Mapping[str, str], at: datetime) -> dict[str, Appliance]:
    """Return the appliances that a hub names, bringing in new ones, and note that they were heard.

    Args:
        types: from an appliance's identity to the type it seems to be, in the order they were named.

    Returns:
        The appliances by identity; without those that are too many new ones for one day.

    Raises:
        ApplianceLeft: one of them left its home meanwhile; asked again, it is a new one.
    """
    known = Appliance.objects.filter(household=household, identity__in=types).select_related("part_of")
    found = {appliance.identity: appliance for appliance in known}
    if types.keys() - found.keys():
        _bring_in(household, types, at)
        found = {appliance.identity: appliance for appliance in known.all()}
    _seen(found.values(), at)
    return found


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


def _seen(found: Iterable[Appliance], at: datetime) -> None:
    heard = {row for appliance in found for row in (appliance.pk, appliance.part_of_id) if row is not None}
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [list(heard), at])
        if cursor.rowcount != len(heard):
            raise ApplianceLeft


def _type(guess: str) -> str:
    return guess if guess in Appliance.Type.values else Appliance.Type.OTHER
