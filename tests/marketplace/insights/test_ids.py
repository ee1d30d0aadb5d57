"""Ids made hundreds at a time are what one made alone would be."""

import time
from uuid import UUID

from marketplace.insights.ids import random_ids, timed_ids


def test_ids_of_chance_are_uuids_of_version_4():
    made = random_ids(500)

    assert len(set(made)) == 500
    assert {(str(UUID(one)) == one, UUID(one).version, UUID(one).variant) for one in made} == {
        (True, 4, "specified in RFC 4122")
    }
    assert all(len({one[place] for one in made}) > 1 for place in range(36) if place not in (8, 13, 14, 18, 23))


def test_timed_ids_are_uuids_of_version_7_that_begin_with_this_millisecond():
    before = time.time_ns() // 1_000_000

    made = timed_ids(500)

    assert len(set(made)) == 500
    assert {(str(UUID(one)) == one, UUID(one).version) for one in made} == {(True, 7)}
    assert all(before <= UUID(one).int >> 80 <= time.time_ns() // 1_000_000 for one in made)
