"""The index of what is wanted gives the very answers of the condition that it stands for."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.parties.models import Organisation
from marketplace.appliances.models import Assurance
from marketplace.demand.conditions import is_met
from marketplace.demand.models import DataRequest, LeastAssurance, RequestVersion
from marketplace.demand.wanted import Want, Wanted, wanted
from tests import factories

KINDS, AREAS, WORDS = ["air.pm25", "pest.sighting"], ["A", "B"], ["cockroach", "mouse"]
FEW_NUMBERS = st.integers(-3, 3).map(float)
ENDS = st.none() | FEW_NUMBERS
VERSIONS = st.builds(
    RequestVersion,
    kinds=st.lists(st.sampled_from(KINDS), min_size=1),
    area_id=st.sampled_from(AREAS),
    above=ENDS,
    below=ENDS,
    words=st.lists(st.sampled_from(WORDS)),
    least_assurance=st.sampled_from(LeastAssurance.values),
)
VALUES = (
    st.booleans()
    | st.sampled_from([*WORDS, "ant"])
    | FEW_NUMBERS
    | st.integers(-4, 4)
    | st.decimals(-4, 4, places=1)
    | st.sampled_from([float("nan"), float("inf"), float("-inf")])
)


def laid_out(versions):
    found = Wanted()
    for rank, one in enumerate(versions):
        want = Want(rank, UUID(int=rank), UUID(int=0), rank, one.least_assurance)
        where = {"kinds": one.kinds, "area_id": one.area_id, "above": one.above, "below": one.below}
        found.put(want, **where, words=one.words)
    found.sort()
    return found


@settings(max_examples=300, deadline=None)
@given(
    versions=st.lists(VERSIONS, max_size=12),
    value=VALUES,
    kind=st.sampled_from(KINDS),
    both=st.booleans(),
    assurance=st.sampled_from(["", *Assurance.values]),
)
def test_finds_what_asking_each_request_would_find(versions, value, kind, both, assurance):
    areas, said = AREAS if both else AREAS[:1], {"kind": kind, "assurance": assurance}

    wanted_here = laid_out(versions)
    found = wanted_here.met_by(value, areas=areas, **said)

    each = [n for n, one in enumerate(versions) if one.area_id in areas and is_met(one, value=value, **said)]
    assert [want.rank for want in found] == each
    # What is told before the value is opened leaves out nothing that the value would meet.
    assert {*found} <= {*wanted_here.all_of(areas=areas, **said)}


@pytest.mark.parametrize(("value", "met"), [(Decimal("35.0"), []), (Decimal("35.1"), [0]), (40, [0]), (40.1, [0, 1])])
def test_neither_end_is_part_of_what_is_wanted(value, met):
    versions = [
        RequestVersion(kinds=["air.pm25"], area_id="A", above=35.0, below=None, words=[]),
        RequestVersion(kinds=["air.pm25"], area_id="A", above=40.0, below=50.0, words=[]),
    ]

    assert [want.rank for want in laid_out(versions).met_by(value, kind="air.pm25", areas=["A"])] == met


@pytest.mark.django_db
def test_holds_only_what_may_ask_now_the_oldest_first():
    now = timezone.now()
    newer, older = factories.request_to_read(), factories.request_to_read()
    DataRequest.objects.filter(pk=older.pk).update(opened_at=now - timedelta(days=1))
    paused, stopped = factories.request_to_read(), factories.request_to_read()
    factories.request_to_read(ends_at=now)
    DataRequest.objects.filter(pk=paused.pk).update(state=DataRequest.State.PAUSED)
    Organisation.objects.filter(pk=stopped.organisation_id).update(suspended_at=now)
    area = newer.current.area_id

    found = wanted(kinds={"air.pm25"}, areas={area}, at=now)

    met = found.met_by(62, kind="air.pm25", areas=[area])
    assert [want.request_id for want in met] == [older.pk, newer.pk]
    assert not found.has(kind="air.pm25", areas=["elsewhere"])


def who_wants(value, *, of):
    area = of.current.area_id
    found = wanted(kinds={"air.pm25"}, areas={area}, at=timezone.now())
    return [want.request_id for want in found.met_by(value, kind="air.pm25", areas=[area])]


@pytest.mark.django_db
def test_what_stands_still_is_laid_out_once(django_assert_num_queries):
    request = factories.request_to_read()
    assert who_wants(62, of=request) == [request.pk]

    with django_assert_num_queries(1):
        assert who_wants(62, of=request) == [request.pk]


@pytest.mark.django_db
def test_whatever_changes_is_seen_at_once():
    request, other = factories.request_to_read(), factories.request_to_read()
    row = DataRequest.objects.filter(pk=request.pk)
    assert who_wants(62, of=request) == [request.pk, other.pk]

    row.update(state=DataRequest.State.PAUSED)
    assert who_wants(62, of=request) == [other.pk]
    row.update(state=DataRequest.State.OPEN)
    assert who_wants(62, of=request) == [request.pk, other.pk]
    row.update(opened_at=timezone.now())
    assert who_wants(62, of=request) == [other.pk, request.pk]
    stricter = RequestVersion.objects.get(pk=request.current_id)
    stricter.pk, stricter.number, stricter.above = None, 2, 100
    stricter.save(force_insert=True)
    row.update(current=stricter)
    assert who_wants(62, of=request) == [other.pk]
    Organisation.objects.filter(pk=other.organisation_id).update(suspended_at=timezone.now())
    assert who_wants(62, of=request) == []
    assert who_wants(101, of=request) == [request.pk]
