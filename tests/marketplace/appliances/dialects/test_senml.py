"""SenML packs: base values that hold for what follows, and times that count from now."""

import pytest

from marketplace.appliances.dialects import Rejection
from tests.marketplace.appliances.dialects.outcomes import NOW, read


@pytest.mark.parametrize(
    ("pack", "codes"),
    [
        ([{"n": "temperature", "u": "Cel", "v": 1, "bver": 11}], ["wrong_shape"]),
        ([{"n": "temperature", "u": "Cel", "v": 1, "must_": 1}], ["wrong_shape"]),
        ([{"n": "temperature", "u": "Cel", "v": 1, "t": "soon"}], ["wrong_time"]),
        ([{"n": 5, "v": 1}, "x"], ["wrong_shape", "wrong_shape"]),
        ([{"n": "temperature", "v": 20}], ["missing_unit"]),
        ([{"n": "temperature", "u": "Cel", "v": 5, "bv": 15}], [20]),
        ({"n": "temperature", "u": "Cel", "v": 5}, ["wrong_shape"]),
    ],
)
def test_resolves_a_pack_or_refuses_it(pack, codes):
    found = read("senml", pack)

    assert [one.code if isinstance(one, Rejection) else one.value for one in found] == codes


@pytest.mark.parametrize("times", [{}, {"t": 0}, {"bt": 0, "t": 0}, {"t": 300_000_000}])
def test_a_pack_without_a_time_leaves_it_to_the_server(times):
    (found,) = read("senml", [{"n": "temperature", "u": "Cel", "v": 21, **times}])

    assert (found.observed_at, found.time_quality) == (NOW, "server")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"u": "%", "v": 0.45}, "unit_disputed"),
        ({"u": "%", "v": 1}, "unit_disputed"),
        ({"bu": "%", "v": 1.5}, 1.5),
        ({"u": "%RH", "v": 0.9}, 0.9),
    ],
)
def test_takes_a_percentage_only_where_it_can_be_no_ratio(record, expected):
    (found,) = read("senml", [{"n": "humidity", **record}])

    assert (found.code if isinstance(found, Rejection) else found.value) == expected


@pytest.mark.parametrize("thing", ["oven", "fridge", "balcony", "garten", "urn:dev:os:32473-boiler", "naengjanggo"])
@pytest.mark.parametrize("lwm2m", ["3303", "3304"])
def test_an_object_of_a_thing_that_is_no_room_tells_nothing_of_one(thing, lwm2m):
    (found,) = read("senml", [{"bn": f"{thing}/{lwm2m}/0/", "n": "5700", "u": "%RH", "v": 40}])

    assert found.code == "not_an_insight"


@pytest.mark.parametrize(("thing", "lwm2m"), [("balcony", "3428/0/3"), ("solar", "3328/0/5700")])
def test_an_object_outdoors_tells_neither_of_the_air_nor_of_the_power_of_a_home(thing, lwm2m):
    (found,) = read("senml", [{"n": f"{thing}/{lwm2m}", "u": "W" if thing == "solar" else "ug/m3", "v": 12}])

    assert found.code == "not_an_insight"
