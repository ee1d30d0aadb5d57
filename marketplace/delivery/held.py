"""A release as the door holds it: one row of one statement, read after its lock, with all that a reading must know.

No model instances and no objects for ids: of a page of five hundred they cost more than opening its copies.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from consent.records.models import Receipt
from marketplace.delivery.models import Release
from marketplace.insights.vault import KeyRow, SealedRow


class Held(NamedTuple):
    """One release, what was signed for it, whether it may be read now, and its sealed copy if there is one.

    Attributes:
        is_yours: it was released to the organisation that reads, and the consent names the same one.
        signed_digest: what the household was shown, as the consent says it.
        receipt_id: None where nothing was signed.
        is_open: it was not closed; it may have ended all the same.
        may_be_read: the answer to the one question of `models.releases.readable`.
        sealed: the release's own copy, with its key; None where the copy is gone.
    """

    pk: str
    number: int
    kind: str
    is_yours: bool
    is_unread: bool
    is_open: bool
    payload_digest: str
    signed_digest: str
    receipt_id: str | None
    may_be_read: bool
    sealed: SealedRow | None


_OF_RELEASE = (
    *("text_id", "number", "kind", "is_yours", "is_unread", "is_open"),
    *("payload_digest", "consent__payload_digest", "receipt_id", "may_be_read"),
)
_OF_COPY = ("copy_id", "sealed__purpose", "copy_household_id", "copy_subject_id", "sealed__nonce", "sealed__ciphertext")
_OF_KEY = ("data_key__epoch", "data_key__nonce", "data_key__wrapped", "data_key__commitment")
_COLUMNS = (*_OF_RELEASE, *_OF_COPY, *(f"sealed__{name}" for name in _OF_KEY))
_COPY_AT, _KEY_AT = len(_OF_RELEASE), len(_OF_RELEASE) + len(_OF_COPY)


def as_text(field: str) -> Cast:
    """Return an id as the database writes it."""
    return Cast(field, models.TextField())


def load(release_ids: Sequence[str], *, reads_for: UUID, at: datetime) -> list[Held]:
    """Return these releases in the order given, as they stand in one statement, judged at `at`.

    Args:
        reads_for: the organisation that reads.
    """
    signed = Receipt.objects.filter(consent=OuterRef("consent"), act=Receipt.Act.GIVEN)
    # One array instead of one parameter an id: of five hundred, that is a tenth of the whole page's time.
    these = RawSQL("SELECT unnest(%s::uuid[])", [array_of(release_ids)])
    is_yours = Q(organisation=reads_for) & Q(consent__recipient=reads_for)
    found = Release.objects.filter(pk__in=these).judged(at).annotate(
        text_id=as_text("pk"),
        is_yours=models.ExpressionWrapper(is_yours, models.BooleanField()),
        receipt_id=Subquery(signed.annotate(text_id=as_text("pk")).values("text_id")[:1]),
        copy_id=as_text("sealed"),
        copy_household_id=as_text("sealed__household_id"),
        copy_subject_id=as_text("sealed__subject_id"),
    )  # fmt: skip
    by_id = {row[0]: _held(row) for row in found.values_list(*_COLUMNS)}
    return [by_id[pk] for pk in release_ids]


def array_of(ids: Sequence[str]) -> str:
    """Return ids as PostgreSQL writes an array: one parameter, however many."""
    return f"{{{','.join(ids)}}}"


def _held(row: tuple[Any, ...]) -> Held:
    if row[_COPY_AT] is None:
        return Held._make((*row[:_COPY_AT], None))
    key = KeyRow._make((row[_COPY_AT], *row[_KEY_AT:])) if row[_KEY_AT] is not None else None
    return Held._make((*row[:_COPY_AT], SealedRow._make((*row[_COPY_AT:_KEY_AT], key))))
