"""The bounds a purpose sets, each with one that passes and one that does not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.parties.models import Area
from consent.records.purposes import PURPOSES
from marketplace.demand.policies import problems_of
from marketplace.demand.terms import OPTIONAL_FIELDS, Terms
from marketplace.insights.kinds import KINDS
from marketplace.insights.precision import Rung

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def terms(**fields):
    values = {
        "kinds": ["air.pm25"],
        "area": Area(code="KR-HB-3", households=4_200),
        "purpose": "research",
        "purpose_ko": "아침 교실 환기",
        "purpose_en": "Airing classrooms",
        "rungs": [{"rung": "exact", "tokens": 100}],
        "retention_days": 30,
        "budget_tokens": 1_000,
        "ends_at": NOW + timedelta(days=30),
    }
    return Terms(**{**values, **fields})


def places(stated):
    return [problem.field for problem in problems_of(stated, manufacturer_bp=1000, platform_bp=1000, at=NOW)]


def test_what_stays_within_passes():
    assert places(terms()) == []


@pytest.mark.parametrize(
    ("place", "inside", "outside"),
    [
        ("kinds", {"kinds": ["air.pm25", "air.pm10"]}, {"kinds": []}),
        ("kinds", {"kinds": ["air.co2"]}, {"kinds": ["air.co2", "air.co2"]}),
        ("kinds", {"kinds": sorted(KINDS)[:1]}, {"kinds": ["air.gold"]}),
        ("kinds", {"kinds": ["food.item"]}, {"kinds": ["presence.absence"]}),
        ("kinds", {"kinds": ["air.bad_pm25", "air.co2"]}, {"kinds": ["air.bad_pm25", "air.pm25"]}),
        ("above", {"above": 35.0}, {"kinds": ["pest.sighting"], "above": 35.0}),
        (
            "above",
            {"kinds": ["air.pm25", "air.pm10"], "above": 35.0},
            {"kinds": ["air.pm25", "air.co2"], "above": 35.0},
        ),
        ("above", {"above": 999.0}, {"above": 1_000.0}),
        ("above", {"above": -1.0}, {"above": float("nan")}),
        ("above", {"above": 0.0}, {"above": float("inf")}),
        ("below", {"below": 1.0}, {"below": 0.0}),
        ("below", {"above": 10.0, "below": 11.0}, {"above": 10.0, "below": 10.0}),
        ("words", {"kinds": ["pest.sighting"], "words": ["ant"]}, {"words": ["ant"]}),
        ("words", {"kinds": ["food.item"], "words": ["milk"]}, {"kinds": ["food.item"], "words": ["ant"]}),
        ("purpose", {"purpose": "public_air"}, {"purpose": "marketing"}),
        ("purpose_ko", {"purpose_ko": "가" * 40}, {"purpose_ko": "가" * 41}),
        ("purpose_ko", {"purpose_ko": "가"}, {"purpose_ko": "  "}),
        ("purpose_en", {"purpose_en": "a" * 80}, {"purpose_en": "a" * 81}),
        ("purpose_en", {"purpose_en": "a b"}, {"purpose_en": "a\nb"}),
        ("optional_fields", {"optional_fields": list(OPTIONAL_FIELDS)}, {"optional_fields": ["household"]}),
        ("retention_days", {"retention_days": 180}, {"retention_days": 181}),
        ("retention_days", {"retention_days": 1}, {"retention_days": 0}),
        ("ends_at", {"ends_at": NOW + timedelta(seconds=1)}, {"ends_at": NOW}),
        ("ends_at", {"ends_at": NOW + timedelta(days=366)}, {"ends_at": NOW + timedelta(days=367)}),
        ("min_gap_hours", {"min_gap_hours": 0}, {"min_gap_hours": -1}),
        ("min_gap_hours", {"min_gap_hours": 720}, {"min_gap_hours": 721}),
        ("least_assurance", {"least_assurance": "hub_signed"}, {"least_assurance": "hub_bearer"}),
        ("rungs", {"rungs": [{"rung": "day", "tokens": 1}]}, {"rungs": []}),
        ("rungs", {"rungs": [{"rung": "hour", "tokens": 1}]}, {"rungs": [{"rung": "minute", "tokens": 1}]}),
        ("rungs", {"rungs": [{"rung": "hour", "tokens": 1}]}, {"rungs": [{"rung": "hour", "tokens": 0}]}),
        ("rungs", {"rungs": [{"rung": "hour", "tokens": 1}]}, {"rungs": [{"rung": "hour", "tokens": True}]}),
        ("budget_tokens", {"budget_tokens": 120}, {"budget_tokens": 119}),
        ("budget_tokens", {"budget_tokens": 2**53 - 1}, {"budget_tokens": 2**53}),
    ],
)
def test_each_bound_holds_on_both_sides(place, inside, outside):
    assert place not in places(terms(**inside))
    assert place in places(terms(**outside))


@pytest.mark.parametrize("purpose", sorted(PURPOSES))
def test_each_purpose_keeps_its_own_retention(purpose):
    most = PURPOSES[purpose].max_retention_days

    assert "retention_days" not in places(terms(purpose=purpose, retention_days=most))
    assert "retention_days" in places(terms(purpose=purpose, retention_days=most + 1))


@pytest.mark.parametrize("purpose", sorted(PURPOSES))
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_is_asked_for_only_under_a_purpose_of_its_topic(purpose, kind):
    is_allowed = KINDS[kind].topic in PURPOSES[purpose].topics

    assert ("kinds" not in places(terms(purpose=purpose, kinds=[kind]))) is is_allowed


@given(st.lists(st.tuples(st.sampled_from(list(Rung)), st.integers(1, 100)), min_size=1, max_size=4))
def test_rungs_pass_only_from_fine_to_coarse_and_never_paying_more_for_less(offered):
    rungs = [{"rung": rung.value, "tokens": tokens} for rung, tokens in offered]

    order = [list(Rung).index(rung) for rung, _ in offered]
    is_fine = all(
        order[one] < order[one + 1] and offered[one][1] >= offered[one + 1][1] for one in range(len(offered) - 1)
    )
    assert ("rungs" not in places(terms(rungs=rungs))) is is_fine
