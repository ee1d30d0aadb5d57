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
