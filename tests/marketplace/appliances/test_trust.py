"""Streams that say too much: counted, held, looked at by a person, let go or kept."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from consent.parties.errors import NotPermitted
from consent.parties.models import AuditEntry
from consent.records.models import Ask
from marketplace.appliances import caps, operations, queries
from marketplace.appliances.dialects import Method, Raw, Reading
from marketplace.appliances.errors import FlagDecided
from marketplace.appliances.models import Appliance, DayCount, StreamFlag
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.errors import StreamHeld
from marketplace.insights import notifications, waiting
from marketplace.insights import operations as insights
from marketplace.insights.kinds import KINDS
from marketplace.insights.models import Insight, Waiting
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=1)


@pytest.fixture
def mother():
    return factories.member()


@pytest.fixture
def home(mother):
    return mother.membership.household


@pytest.fixture
def few(monkeypatch):
    """Three a day, so that a fourth is one too many."""
    monkeypatch.setitem(caps.CAPS, "air.pm25", 3)


def farm(home, count, *, kind="air.pm25", at=None):
    at = at or timezone.now()
    readings = [
        Reading(
            index=number, kind=kind, value=Decimal(60 + number), unit="ug/m3", event_id=uuid4().hex,
            source="urn:device:a", method=Method(type="sensor", name="t", version="1"),
            raw=Raw("60", "ug/m3"), appliance_type="air_purifier", observed_at=at - timedelta(minutes=5),
        )
        for number in range(count)
    ]  # fmt: skip
    return insights.record_insights(household=home, items=readings, dialect="canonical", at=at)


def test_every_kind_has_a_cap_that_an_honest_home_never_meets():
    assert caps.CAPS.keys() <= KINDS.keys()
    for kind in KINDS.values():
        assert caps.daily_cap(kind.code) >= 24
        if kind.value_type == "number" and kind.topic == "air":
            assert caps.daily_cap(kind.code) >= 24 * 60 * 60 / 5


def test_up_to_the_cap_nothing_happens(home, few):
    farm(home, 3)

    assert DayCount.objects.get().insights == 3
    assert not StreamFlag.objects.exists()


def test_above_it_the_stream_is_held_and_asks_nobody(home, few):
    factories.open_request()
    farm(home, 2)
    farm(home, 2)

    brokerage.match_insights(at=timezone.now() + LATER)

    flag = StreamFlag.objects.get()
    assert (flag.kind, flag.reason, flag.verdict) == ("air.pm25", "too_many", "")
    assert Waiting.objects.filter(ask_after=waiting.HELD).count() == 4
    assert not Ask.objects.exists()


def test_everything_is_still_accepted_so_that_nobody_learns_the_cap(home, few):
    assert {result.status for result in farm(home, 9)} == {"accepted"}


def test_what_was_asked_before_earns_nothing_while_it_is_held(mother, home, few):
    ask = factories.ask(of=home)
    shown = factories.shown(ask, by=mother).preview.sha256
    farm(home, 3)

    with pytest.raises(StreamHeld):
        factories.approve(ask, by=mother, preview_sha256=shown)
    assert brokerage.cancel_void_asks(at=timezone.now()) == 1


def test_other_kinds_appliances_and_homes_go_on(home, few):
    farm(home, 4)
    factories.open_request(kinds=["air.pm10"], above=1)

    farm(home, 1, kind="air.pm10")
    brokerage.match_insights(at=timezone.now() + LATER)

    assert Ask.objects.count() == 1


def test_duplicates_are_not_counted(home, few):
    for _ in range(5):
        factories.insight(of=home, event_id="same") if not Insight.objects.exists() else farm(home, 0)
    insight = Insight.objects.get()

    assert DayCount.objects.get(appliance=insight.appliance).insights == 1


def test_a_new_day_starts_from_nothing(home, few):
    farm(home, 3, at=timezone.now() - timedelta(days=1))
    farm(home, 3)

    assert not StreamFlag.objects.exists()


def test_cleared_what_was_held_is_asked_about_after_all_and_its_day_starts_anew(home, few, monkeypatch):
    factories.open_request()
    farm(home, 4)
    held, woken = set(Insight.objects.values_list("pk", flat=True)), []
    monkeypatch.setattr(notifications, "wake_matching_on_commit", lambda: woken.append(1))

    brokerage.look_at_stream(
        flag_id=StreamFlag.objects.get().pk, actor=factories.admin(), verdict="cleared", at=timezone.now()
    )
    assert woken == [1]
    brokerage.match_insights(at=timezone.now() + LATER)
    farm(home, 3)

    assert Ask.objects.get().offer.insight_id in held
    assert not Waiting.objects.filter(pk__in=held).exists()
    assert not StreamFlag.objects.standing().exists()
    assert AuditEntry.objects.filter(action="stream.cleared").count() == 1


def test_cleared_and_above_the_cap_again_it_is_held_again(home, few):
    farm(home, 4)
    brokerage.look_at_stream(
        flag_id=StreamFlag.objects.get().pk, actor=factories.admin(), verdict="cleared", at=timezone.now()
    )

    farm(home, 3)
    assert not StreamFlag.objects.waiting().exists()
    farm(home, 1)

    assert StreamFlag.objects.waiting().count() == 1


def test_kept_it_stays_held_tomorrow_too(home, few):
    farm(home, 4)
    brokerage.look_at_stream(
        flag_id=StreamFlag.objects.get().pk, actor=factories.admin(), verdict="kept", at=timezone.now()
    )
    factories.open_request()

    farm(home, 1, at=timezone.now() + timedelta(days=1))
    brokerage.match_insights(at=timezone.now() + timedelta(days=1, seconds=1))

    assert not Ask.objects.exists()
    assert not StreamFlag.objects.waiting().exists()


def test_somebody_may_think_better_of_keeping_and_not_of_clearing(home, few):
    farm(home, 4)
    flag, admin = StreamFlag.objects.get(), factories.admin()

    for verdict in ("kept", "cleared"):
        brokerage.look_at_stream(flag_id=flag.pk, actor=admin, verdict=verdict, at=timezone.now())
    for verdict in ("kept", "cleared"):
        with pytest.raises(FlagDecided):
            brokerage.look_at_stream(flag_id=flag.pk, actor=admin, verdict=verdict, at=timezone.now())


def test_an_absence_that_is_let_go_still_waits_out_its_day(home):
    noticed = factories.absence(of=home, until=timezone.now())
    Waiting.objects.update(ask_after=waiting.HELD)

    waiting.clear_stream(appliance_id=noticed.appliance_id, kind="presence.absence")

    assert noticed.waiting.ask_after >= timezone.now() + timedelta(hours=23)


def test_others_raise_flags_by_the_same_way(home):
    stream = (factories.insight(of=home).appliance_id, "air.pm25")
    for _ in range(2):
        operations.raise_flags(streams=[stream], reason=StreamFlag.Reason.FROZEN, at=timezone.now())

    assert StreamFlag.objects.get().reason == "frozen"


def test_what_taking_in_asks_by_hand_is_what_stands(home):
    """One statement says it in SQL of its own; both must leave out what was cleared, and nothing else."""
    appliance, other = (factories.insight(of=home, source=source).appliance_id for source in ("urn:1", "urn:2"))
    decided = {"decided_at": timezone.now(), "decided_by": factories.admin()}
    for number, verdict in enumerate(("", *StreamFlag.Verdict.values)):
        said = {"verdict": verdict, **decided} if verdict else {}
        raised = {"reason": "frozen", "raised_at": timezone.now()}
        StreamFlag.objects.create(appliance_id=appliance, kind=f"air.{number}", **raised, **said)
    StreamFlag.objects.create(appliance_id=other, kind="air.pm25", reason="frozen", raised_at=timezone.now())

    for asked in ([appliance], [other], [appliance, other], []):
        standing = StreamFlag.objects.standing().filter(appliance__in=asked).values_list("appliance", "kind")
        assert queries.standing_flags(appliance_ids=asked) == set(standing)
    assert queries.standing_flags(appliance_ids=[appliance]) == {(appliance, "air.0"), (appliance, "air.2")}


def test_only_an_admin_decides(mother, home, few):
    farm(home, 4)

    for person in (mother, factories.auditor(), factories.staff()):
        with pytest.raises(NotPermitted):
            brokerage.look_at_stream(
                flag_id=StreamFlag.objects.get().pk, actor=person, verdict="cleared", at=timezone.now()
            )


def test_the_queue_shows_what_and_never_whose_and_decides_each(mother, home, few):
    farm(home, 4)
    flag, browser = StreamFlag.objects.get(), signed_in(factories.admin(), second_factor=True)

    def decide(action):
        chosen = {"action": action, "_selected_action": [flag.pk]}
        sent = browser.post("/admin/appliances/streamflag/", chosen, follow=True)
        flag.refresh_from_db()
        return sent

    page = browser.get("/admin/appliances/streamflag/")
    decide("keep")
    kept, sent = flag.verdict, decide("clear")

    assert page.status_code == 200
    assert "air.pm25" in page.text
    assert home.name not in page.text
    assert (
        str(Appliance.objects.get().household_id)
        not in browser.get(f"/admin/appliances/streamflag/{flag.pk}/change/").text
    )
    assert "한 가지를 정했어요." in sent.text
    assert (kept, flag.verdict) == ("kept", "cleared")


# --- how sure it is -----------------------------------------------------------------------------------------------


def test_the_ask_says_plainly_how_it_came_and_nothing_of_that_leaves(mother, home):
    ask = factories.ask(of=home)
    browser = signed_in(mother)

    detail = browser.get(f"/api/v1/asks/{ask.pk}").json()

    assert detail["assurance"] == "hub_bearer"
    assert "assurance" not in detail["preview"]
    assert "assurance" not in detail["preview"]["data"]
    assert "허브가 제 열쇠로 대신 전했어요" in browser.get(f"/inbox/{ask.pk}").text
