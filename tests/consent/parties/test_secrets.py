"""Secrets are made once, whoever comes first, and read by their owner alone."""

import secrets
import stat

import pytest
from django.conf import settings

from consent.parties.secrets import keyed_name, keyed_names, read_or_make
from tests.threads import all_at_once


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.KEYS_DIR = tmp_path / "keys"


def test_a_secret_is_made_once_and_read_again():
    first = read_or_make("a.key", lambda: b"one")

    assert read_or_make("a.key", lambda: b"two") == first == b"one"


def test_of_twenty_who_come_first_all_get_the_same():
    answers = all_at_once(lambda _: read_or_make("a.key", lambda: secrets.token_bytes(32)))

    assert len(set(answers)) == 1
    assert len(list(settings.KEYS_DIR.iterdir())) == 1


def test_nobody_else_may_read_it():
    read_or_make("a.key", lambda: b"one")

    assert stat.S_IMODE((settings.KEYS_DIR / "a.key").stat().st_mode) == 0o400
    assert stat.S_IMODE(settings.KEYS_DIR.stat().st_mode) == 0o700


def test_the_same_thing_has_another_name_for_every_purpose():
    names = {keyed_name("household", "a|school"), keyed_name("household", "a|city"), keyed_name("subject", "a|school")}

    assert len(names) == 3
    assert keyed_name("household", "a|school") in names


def test_many_things_at_once_get_the_names_they_get_alone():
    texts = ["", "a", "우리 집", "x" * 200]

    assert keyed_names("event", texts) == [keyed_name("event", text) for text in texts]
