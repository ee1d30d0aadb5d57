"""For every choice a member can make: a subset of what was asked for, and the very bytes that were shown."""

from datetime import timedelta
from itertools import combinations

import pytest
from django.utils import timezone

from consent.parties.canonical import sha256_hex
from consent.parties.strict_json import loads
from marketplace.brokerage.previews import ALWAYS, Choice, preview_of, read_choice
from marketplace.demand.terms import OPTIONAL_FIELDS
from marketplace.insights import vault
from marketplace.insights.precision import Rung, view_of
from tests import factories

pytestmark = pytest.mark.django_db

RUNGS = [{"rung": "exact", "tokens": 120}, {"rung": "hour", "tokens": 80}, {"rung": "day", "tokens": 60}]


@pytest.fixture
def mother():
    return factories.member()


@pytest.fixture
def ask(mother):
    request = factories.open_request(optional_fields=list(OPTIONAL_FIELDS), rungs=RUNGS)
    return factories.ask(of=mother.membership.household, request=request)


def every_choice():
    for rung in RUNGS:
        for size in range(len(OPTIONAL_FIELDS) + 1):
            for dropped in combinations(OPTIONAL_FIELDS, size):
                yield {"precision": rung["rung"], "drop_fields": list(dropped)}


def test_no_choice_lets_out_more_than_was_asked_for(mother, ask):
    whole = factories.shown(ask, by=mother, precision="exact", drop_fields=[]).preview.document

    previews = [(choice, factories.shown(ask, by=mother, **choice).preview) for choice in every_choice()]

    assert len(previews) == 3 * 2 ** len(OPTIONAL_FIELDS)
    for choice, preview in previews:
        assert preview.document.keys() == whole.keys()
        assert set(preview.document["data"]) <= set(whole["data"]) <= {*ALWAYS, *OPTIONAL_FIELDS}
        assert not set(preview.document["data"]) & set(choice["drop_fields"])
        assert preview.tokens <= RUNGS[0]["tokens"]
    assert len({preview.sha256 for _, preview in previews}) == len(previews)


def test_a_coarser_choice_follows_from_the_finer_one(mother, ask):
    """Two values that look alike at a rung look alike at every coarser one: nothing finer shines through."""
    seen: dict[tuple[str, str], set[str]] = {}
    for value in (58.1, 58.4, 61.0, 62.9, 74.0):
        for minutes in (1, 9, 31):
            at = (timezone.now() - timedelta(minutes=minutes)).isoformat()
            payload = {"kind": "air.pm25", "value": value, "unit": "ug/m3", "observed_at": at}
            views = {rung: str(view_of(payload, Rung(rung)).as_json()) for rung in ("exact", "hour", "day")}
            for finer, coarser in (("exact", "hour"), ("hour", "day"), ("exact", "day")):
                seen.setdefault((coarser, views[finer]), set()).add(views[coarser])

    assert all(len(coarse) == 1 for coarse in seen.values())


SOME_CHOICES = list(every_choice())[::13]


@pytest.mark.parametrize("choice", SOME_CHOICES, ids=lambda said: f"{said['precision']}-{len(said['drop_fields'])}")
def test_what_was_shown_is_byte_for_byte_what_is_released(mother, ask, choice):
    shown = factories.shown(ask, by=mother, **choice).preview

    deal = factories.approve(ask, by=mother, **choice)

    released = vault.open_sealed(deal.release.sealed)
    assert released == shown.body
    assert sha256_hex(released) == deal.release.payload_digest == deal.consent.payload_digest == shown.sha256
    assert loads(released) == shown.document


def test_the_same_choice_has_the_same_bytes_in_whatever_order_it_is_said(ask):
    one, other = (
        preview_of(ask.offer, read_choice(ask.offer, precision="hour", drop_fields=names))
        for names in (["model", "zone"], ["zone", "model", "zone"])
    )

    assert one.body == other.body
    assert one.choice == Choice("hour", ("model", "zone"))
