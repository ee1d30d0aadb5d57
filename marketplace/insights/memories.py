"""What rules remember between two requests: a sealed box for each appliance, and one for the home as a whole.

A box is small, holds nothing that a rule in force does not need, and is gone with its key.
"""

import json
import os
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from consent.parties.models import Household
from marketplace.appliances.models import Appliance
from marketplace.insights import vault
from marketplace.insights.boxes import JOIN_KEY, BoxKey, opened
from marketplace.insights.copying import array_of, array_of_bytes, copy_in
from marketplace.insights.errors import VaultClosed
from marketplace.insights.models import RuleMemory, SealedObject
from marketplace.insights.perception.doubts import DETECTORS
from marketplace.insights.perception.rules import RULES
from marketplace.insights.perception.seen import Memory
from marketplace.insights.vault import ROW_COLUMNS


@dataclass(frozen=True)
class OpenBox:
    """A box that was opened: what is remembered of one subject, and the key that closes it again."""

    id: UUID
    key: BoxKey
    said: dict[str, Memory]


KEEP_DAYS = 100
_MEMORIES = f"""
SELECT b.id, b.appliance_id, b.box, {ROW_COLUMNS}
FROM insights_rulememory b {JOIN_KEY}
WHERE b.household_id = %s AND (b.appliance_id = ANY(%s::uuid[]) OR (b.appliance_id IS NULL AND %s))
ORDER BY b.id FOR NO KEY UPDATE OF b"""  # noqa: S608 - of constants
_REMEMBER = """
UPDATE insights_rulememory m SET box = now.box, touched_on = %s
FROM unnest(%s::uuid[], %s::bytea[]) AS now (id, box) WHERE m.id = now.id"""
_MEMORY_COLUMNS = ("id", "household_id", "appliance_id", "sealed_id", "box", "touched_on")


@transaction.atomic(savepoint=False)
def open_boxes(*, household: Household, subjects: Collection[str]) -> dict[str, OpenBox]:
    """Open what is remembered of these subjects, and let nobody else write into it until the transaction ends.

    What cannot be opened is destroyed, as if it never was: its rules begin anew.

    Args:
        subjects: ids of appliances, and "" for the home as a whole.

    Raises:
        KeyAway: a key is only not to be read just now; nothing is destroyed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MEMORIES, [household.pk, [subject for subject in subjects if subject], "" in subjects])
        rows = cursor.fetchall()
    found = {}
    for (pk, appliance_id, box), key in opened(rows):
        try:
            said = json.loads(key.open(box, place=_place(pk)))
        except VaultClosed:
            continue
        found[str(appliance_id or "")] = OpenBox(pk, key, said)
    if lost := {row[0] for row in rows} - {box.id for box in found.values()}:
        _shred(RuleMemory.objects.filter(pk__in=lost))
    return found


def _place(memory_id: UUID) -> bytes:
    return f"maru/rule-memory/1|{memory_id}".encode()


def _closed(box: OpenBox, said: Mapping[str, Memory]) -> bytes:
    return box.key.close(_written(said).encode(), place=_place(box.id))


_written = json.JSONEncoder(separators=(",", ":"), sort_keys=True, check_circular=False).encode


@transaction.atomic(savepoint=False)
def remember(
    *,
    household: Household,
    boxes: Mapping[str, OpenBox],
    known: Mapping[tuple[str, str], Memory],
    after: Mapping[tuple[str, str], Memory],
    on: date,
) -> None:
    """Close the boxes again that changed, in one statement, and make those that there were none of yet."""
    said: dict[str, dict[str, Memory]] = defaultdict(dict)
    for (subject, key), memory in after.items():
        # What an older version of a rule remembered is of no use to anybody.
        if key.split("|")[0] in _IN_FORCE:
            said[subject][key] = memory
    changed = {subject for (subject, key), memory in after.items() if known.get((subject, key)) is not memory}
    old = [(boxes[subject].id, _closed(boxes[subject], said[subject])) for subject in changed & boxes.keys()]
    if old:
        with connection.cursor() as cursor:
            cursor.execute(_REMEMBER, [on, array_of(pk for pk, _ in old), array_of_bytes(box for _, box in old)])
    _make_boxes(household, {subject: said[subject] for subject in sorted(changed - boxes.keys())}, on)


_IN_FORCE = {rule.title for rule in RULES.values()} | {str(one.reason) for one in DETECTORS}


def _make_boxes(household: Household, said: Mapping[str, dict[str, Memory]], on: date) -> None:
    if not said:
        return
    keys = [os.urandom(32) for _ in said]
    made = {subject: OpenBox(uuid4(), BoxKey(key), {}) for subject, key in zip(said, keys, strict=True)}
    sealed = vault.seal_many(
        [
            vault.Content(SealedObject.Purpose.MEMORY, household.pk, made[subject].id, key)
            for subject, key in zip(said, keys, strict=True)
        ]
    )
    copy_in(
        RuleMemory,
        _MEMORY_COLUMNS,
        (
            (box.id, household.pk, UUID(subject) if subject else None, row.pk, _closed(box, said[subject]), on)
            for (subject, box), row in zip(made.items(), sealed, strict=True)
        ),
    )


@transaction.atomic(savepoint=False)
def forget(*, appliance_ids: Collection[UUID]) -> int:
    """Destroy what rules remember of appliances that go, and of their homes as a whole; return how many memories."""
    homes = Appliance.objects.filter(pk__in=appliance_ids).values("household")
    of_homes = RuleMemory.objects.filter(household__in=homes, appliance=None)
    return _shred(RuleMemory.objects.filter(appliance__in=appliance_ids) | of_homes)


@transaction.atomic(durable=True)
def forget_unused(*, at: datetime, limit: int = 500) -> int:
    """Destroy what was not added to for `KEEP_DAYS`: no rule in force looks back as far."""
    since = timezone.localdate(at) - timedelta(days=KEEP_DAYS)
    unused = RuleMemory.objects.unused_since(since).order_by("touched_on")
    return _shred(unused.select_for_update(skip_locked=True)[:limit])


def _shred(memories: QuerySet[RuleMemory]) -> int:
    keys = list(memories.values_list("sealed_id", flat=True))
    vault.shred(keys)
    return len(keys)
