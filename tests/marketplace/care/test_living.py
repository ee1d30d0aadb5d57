"""The demo's home: its week of air, how far its sensor has told it, and that it comes through the real doors."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from consent.parties.models import User
from marketplace.appliances.models import Appliance, Pairing
from marketplace.care import living, week
from marketplace.care.living import REACH, Sensor, SensorGone, due_of
from marketplace.care.week import QUARTER, QUARTERS_A_DAY, Week, WeekUnreadable, made_up_week, recorded_week
from marketplace.insights.models import Insight
from tests import factories

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
MADE_UP = made_up_week()


def day(number):
    return MADE_UP.moments[number * QUARTERS_A_DAY : (number + 1) * QUARTERS_A_DAY]


def test_the_made_up_week_has_672_moments_and_is_the_same_for_the_same_seed():
    assert len(MADE_UP.moments) == 672
    assert made_up_week().moments == MADE_UP.moments
    assert made_up_week(2).moments != MADE_UP.moments


@pytest.mark.parametrize("number", range(7))
def test_every_day_is_cooked_in_slept_through_and_aired(number):
    dust, breath = [one["pm25"] for one in day(number)], [one["co2"] for one in day(number)]

    assert max(dust[68:84]) > 55, "dinner"
    assert max(dust[8:24]) < 35, "night"
    assert max(breath[72:92]) > 1_500, "everybody at home"
    assert min(b - a for a, b in pairwise(breath)) < -200, "an open window"


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("temp", 15, 28), ("humid", 25, 70), ("co2", 420, 3_000), ("voc", 150, 1_500), ("pm25", 0.4, 200)],
)
def test_nothing_in_it_is_more_than_a_home_can_bring(name, low, high):
    assert all(low <= one[name] <= high for one in MADE_UP.moments)
    assert len({one[name] for one in MADE_UP.moments}) > 100


def test_breakfast_stays_at_breakfast_time_however_often_the_week_comes_round():
    monday = datetime(2026, 11, 16, 7, 30, tzinfo=week._A_MONDAY.tzinfo)

    assert MADE_UP.at(monday) is MADE_UP.moments[30]
    assert MADE_UP.at(monday + timedelta(days=7)) is MADE_UP.moments[30]
    assert MADE_UP.at(monday + timedelta(days=1)) is MADE_UP.moments[QUARTERS_A_DAY + 30]


CSV = "timestamp,temp,pm25,room\n2020-04-06T00:15:00+09:00,21.5,40,attic\n2020-04-06T00:00:00+09:00,21,,attic\n"
CLOUD = {
    "data": [
        {"timestamp": "2020-04-05T15:15:00.000Z", "score": 88, "sensors": [{"comp": "dust", "value": 40.0}]},
        {
            "timestamp": "2020-04-05T15:00:00.000Z",
            "sensors": [{"comp": "temp", "value": 21}, {"comp": "x", "value": 1}],
        },
    ]
}


@pytest.mark.parametrize(
    ("name", "text", "second"),
    [("a.csv", CSV, {"temp": 21.5, "pm25": 40}), ("a.json", json.dumps(CLOUD), {"pm25": 40})],
)
def test_a_recorded_week_is_read_in_the_order_of_its_times(tmp_path, name, text, second):
    (tmp_path / name).write_text(text)

    found = recorded_week(tmp_path / name)

    assert found.moments == ({"temp": 21}, second)
    assert found.at(datetime(2026, 11, 16, tzinfo=week._A_MONDAY.tzinfo)) is found.moments[0]


def test_the_recorded_week_of_a_real_home_comes_through_the_doors(doors, mother):
    file = Path(settings.BASE_DIR).parent / "shared" / "payloads" / "awair" / "cloud_fifteen_minute.json"
    if not file.exists():
        pytest.skip(f"no recorded week here: {file.name}")
    recorded, kept = recorded_week(file), let_in(mother)

    living.send("", kept, due_of(kept, at=datetime.now(UTC))[:3], week=recorded)

    assert len(recorded.moments) == 672
    assert all(set(one) == set(week.COMPONENTS) for one in recorded.moments)
    assert Insight.objects.filter(kind="air.pm25").count() == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "a,b\n1,2\n"), ("a.csv", "timestamp,temp\nx,1\n"), ("a.json", "[]"), ("a.json", "{"), ("a.json", "[1]")],
)
def test_a_file_without_a_week_is_said_to_be_none(tmp_path, name, text):
    (tmp_path / name).write_text(text)

    with pytest.raises(WeekUnreadable, match=name):
        recorded_week(tmp_path / name)


def sensor(told: datetime) -> Sensor:
    return Sensor(home="a", secret="", key_id="", told_until=told.isoformat())


def test_a_sensor_goes_on_where_it_stopped_and_never_ahead_of_the_clock():
    due = due_of(sensor(NOW - timedelta(minutes=37)), at=NOW)

    assert due == [datetime(2026, 11, 20, 11, 45, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC)]
    assert due_of(sensor(due[-1]), at=NOW) == []


def test_a_sensor_that_was_off_for_long_begins_with_what_is_still_taken_in():
    due = due_of(sensor(NOW - timedelta(days=40)), at=NOW)

    assert due[0] == week.quarter_of(NOW - REACH)
    assert {later - sooner for sooner, later in pairwise(due)} == {QUARTER}


def test_in_another_home_it_is_let_in_anew(tmp_path, doors, mother):
    sensor(NOW).write(tmp_path / "sensor.json")
    logins = {"hub": {"id": "b"}, "household": {"email": mother.email, "password": "-"}}
    house = living.House("", logins, tmp_path / "sensor.json", MADE_UP, 60, print)

    pause = house._speak()

    told = Sensor.read(tmp_path / "sensor.json")
    assert (told.home, pause) == ("b", 1.0)
    assert told.sent_until == week.quarter_of(datetime.now(UTC) - REACH) + (QUARTERS_A_DAY + 1) * QUARTER


def test_what_it_keeps_is_for_nobody_else_to_read(tmp_path):
    kept = sensor(NOW)

    kept.write(tmp_path / "sensor.json")

    assert (tmp_path / "sensor.json").stat().st_mode & 0o777 == 0o600
    assert Sensor.read(tmp_path / "sensor.json") == kept


@pytest.fixture
def doors(db, monkeypatch):
    """Maru's doors without a network between: what a browser sends comes to the test's client."""

    class Near(living.Browser):
        client = Client()

        def sign_in(self, email, password):
            Near.client.force_login(User.objects.get(email=email))

        def request(self, method, path, body=None, headers=None):
            sent = dict(headers or {})
            kind = sent.pop("Content-Type", "application/json")
            machine = Client() if "webhook-id" in sent else Near.client
            answer = machine.generic(method, path, body or b"", kind, headers=sent, follow=True)
            answer = machine.get(answer["Location"]) if answer.status_code in (302, 303) else answer
            if answer.status_code >= 400:
                raise living.Refused(answer.status_code, path)
            return answer.content

    monkeypatch.setattr(living, "Browser", Near)
    return Near


@pytest.fixture
def mother(db):
    return factories.member(of=factories.household())


def let_in(mother) -> Sensor:
    return living.let_in("", home="a", login={"email": mother.email, "password": "-"}, at=datetime.now(UTC))


def test_the_sensor_comes_in_with_a_code_and_what_it_signs_is_taken_in(doors, mother):
    kept = let_in(mother)
    due = due_of(kept, at=datetime.now(UTC))

    after = living.send("", kept, due[:3], week=MADE_UP)

    (appliance,) = Appliance.objects.all()
    assert (appliance.type, appliance.household) == ("air_sensor", mother.membership.household)
    assert Insight.objects.filter(appliance=appliance).count() >= 15
    assert after.sent_until == due[2]


def test_telling_the_same_twice_is_harmless(doors, mother):
    kept = let_in(mother)
    due = due_of(kept, at=datetime.now(UTC))
    living.send("", kept, due[:2], week=MADE_UP)
    count = Insight.objects.count()

    living.send("", kept, due[:2], week=MADE_UP)

    assert Insight.objects.count() == count


def test_a_sensor_that_the_home_let_go_stays_silent(doors, mother):
    kept = let_in(mother)
    due = due_of(kept, at=datetime.now(UTC))
    doors.client.post(f"/appliances/{Appliance.objects.get().pk}/leave")
    assert Pairing.objects.get().ended_at

    with pytest.raises(SensorGone):
        living.send("", kept, due[:1], week=MADE_UP)


class Adult:
    """Somebody at home whose inbox holds these questions."""

    def __init__(self, *appliances):
        self.asks = [{"id": str(n), "appliance": type_, "expires_at": n} for n, type_ in enumerate(appliances)]
        self.posted = []

    def get(self, path):
        return {"data": self.asks} if "state=" in path else {"preview_sha256": "as shown"}

    def post(self, path, said):
        self.posted.append((path, said))


def test_the_oldest_question_is_answered_and_the_rest_left_to_whoever_watches():
    adult = Adult("air_purifier", "air_sensor", "air_sensor", "robot_vacuum")

    assert living.answer_one(adult, says_yes=True)

    assert adult.posted == [("/api/v1/asks/1/approve", {"preview_sha256": "as shown"})]


@pytest.mark.parametrize("appliances", [[], ["air_sensor"], ["air_sensor", "air_purifier", "air_purifier"]])
def test_neither_the_last_question_nor_one_about_another_appliance_is_taken_away(appliances):
    adult = Adult(*appliances)

    assert not living.answer_one(adult, says_yes=True)
    assert adult.posted == []


def test_a_home_that_keeps_still_sends_nothing(tmp_path):
    house = living.House("", {}, tmp_path / "none.json", Week(({},)), 0, print)
    looks = iter([False, False, True, True, True])

    house.live(is_stopped=lambda: next(looks))

    assert not (tmp_path / "none.json").exists()
