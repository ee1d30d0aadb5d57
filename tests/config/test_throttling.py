"""The API counts who asks how often, and never an answer to a question; without Redis it counts nobody."""

from uuid import uuid4

import pytest
import redis
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisGone

from config import throttling
from config.caches import KeptRedisCache
from config.throttling import PerCaller
from consent.parties.models import MachineKey
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db
ASKS, DIALECTS = "/api/v1/asks", "/api/v1/dialects"


@pytest.fixture(autouse=True)
def three_a_minute(settings, monkeypatch):
    """Three requests, in a minute that does not end while a test looks at it."""
    settings.API_PER_MINUTE = {"key": 3, "person": 3, "address": 3, "wrong": 3}
    monkeypatch.setattr(throttling.time, "time", lambda: 1_800_000_010.5)
    monkeypatch.setattr(PerCaller, "_left_alone_until", 0.0)
    caches["counts"].clear()


def statuses(client, path=ASKS, times=4, **sent):
    return [client.get(path, **sent).status_code for _ in range(times)]


def test_the_fourth_request_of_a_person_waits_for_the_next_minute():
    browser = signed_in(factories.member())

    assert statuses(browser) == [200, 200, 200, 429]
    refused = browser.get(ASKS)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "51"
    assert refused.json()["code"] == "too_many_requests"


def test_a_key_is_counted_by_itself_wherever_it_comes_from():
    school = factories.organisation()
    keys = [factories.buyer_key(of=school) for _ in range(2)]
    first, second = (Client(headers={"authorization": f"Bearer {key}"}) for key in keys)

    assert statuses(first, "/api/v1/data-requests") == [200, 200, 200, 429]
    assert statuses(second, "/api/v1/data-requests", times=1, REMOTE_ADDR="203.0.113.9") == [200]


def test_who_shows_nothing_is_counted_by_address():
    assert statuses(Client(), DIALECTS) == [200, 200, 200, 429]
    assert statuses(Client(), DIALECTS, times=1, REMOTE_ADDR="203.0.113.9") == [200]


def tries(key, times=1, address="203.0.113.5"):
    return statuses(
        Client(headers={"authorization": f"Bearer {key}"}), "/api/v1/data-requests", times, REMOTE_ADDR=address
    )


def test_wrong_keys_are_counted_by_the_address_they_come_from():
    right = factories.buyer_key(of=factories.organisation())

    assert tries("maru_00000000_guess", times=5) == [401, 401, 401, 429, 429]

    # Not even a right guess tells that it is right; the key is good everywhere else.
    assert tries(right) == [429]
    assert tries(right, address="203.0.113.9") == [200]


def test_many_wrong_keys_shut_nobody_out_whose_key_was_right_there_before():
    right = factories.buyer_key(of=factories.organisation())
    assert tries(right) == [200]
    assert tries("maru_00000000_guess", times=4)[-1] == 429

    assert tries(right) == [200]


def test_a_key_in_use_stays_known_however_it_is_spelled(monkeypatch):
    right = factories.buyer_key(of=factories.organisation())
    known = f"known:{throttling._sealed(f'203.0.113.5 {right[-40:]}')}"
    assert tries(right) == [200]
    first = caches["counts"].get(known)

    monkeypatch.setattr(throttling.time, "time", lambda: 1_800_000_010.5 + 2 * 3600)
    assert tries(right.replace("maru_", "other_")) == [200]

    assert caches["counts"].get(known) == first + 2


def test_a_guess_is_not_known_because_a_public_page_answered_it():
    guess = Client(headers={"authorization": "Bearer maru_00000000_guess"})
    assert statuses(guess, DIALECTS, times=1) == [200]

    assert statuses(guess, "/api/v1/data-requests", times=5)[-1] == 429


def test_a_key_that_ended_is_known_nowhere_any_more():
    right = factories.buyer_key(of=factories.organisation())
    assert tries(right) == [200]
    MachineKey.objects.update(revoked_at=timezone.now())

    assert tries(right, times=4) == [401, 401, 401, 429]


def test_signatures_that_do_not_fit_are_counted_too():
    signed = Client(headers={"maru-key": "0" * 36, "webhook-id": "a", "webhook-timestamp": "1"})

    codes = [signed.post("/api/v1/insights", [], content_type="application/json").status_code for _ in range(4)]

    assert codes == [401, 401, 401, 429]


def test_the_next_minute_begins_anew(monkeypatch):
    assert statuses(Client(), DIALECTS) == [200, 200, 200, 429]

    monkeypatch.setattr(throttling.time, "time", lambda: 1_800_000_070.5)

    assert statuses(Client(), DIALECTS, times=1) == [200]


@pytest.mark.parametrize("verb", ["approve", "deny", "defer"])
def test_an_answer_is_never_counted_and_never_refused(verb):
    mother = factories.member()
    ask = factories.ask(of=mother.membership.household)
    browser = signed_in(mother)
    assert statuses(browser)[-1] == 429

    answers = [browser.post(f"{ASKS}/{ask.pk}/{verb}", {}, content_type="application/json") for _ in range(5)]

    assert 429 not in [answer.status_code for answer in answers]


def test_a_yes_can_always_be_taken_back():
    mother = factories.member()
    consent = factories.deal(by=mother).consent
    browser = signed_in(mother)
    assert statuses(browser)[-1] == 429

    assert browser.post(f"/api/v1/consents/{consent.pk}/withdraw").status_code == 200


def test_without_redis_nobody_is_stopped_and_it_is_not_asked_each_time(monkeypatch):
    tries = []

    def gone(*_words, **_more):
        tries.append(1)
        raise RedisGone

    monkeypatch.setattr(caches["counts"], "add", gone)

    assert statuses(Client(), DIALECTS, times=6) == [200] * 6
    assert len(tries) == 1


def test_a_redis_that_nobody_answers_at_lets_everybody_pass(settings):
    settings.CACHES = {
        **settings.CACHES,
        "counts": {
            "BACKEND": "config.caches.KeptRedisCache",
            "LOCATION": "unix:///nowhere/at/all.sock",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        },
    }

    assert statuses(Client(), DIALECTS, times=5) == [200] * 5


def test_redis_counts_for_all_and_its_client_is_made_once(settings, monkeypatch):
    made = []

    class Counted(redis.Redis):
        def __init__(self, **options):
            made.append(1)
            super().__init__(**options)

    monkeypatch.setattr(redis, "Redis", Counted)
    here, there = (KeptRedisCache(settings.REDIS_URL, {"KEY_PREFIX": f"test-{uuid4()}"}) for _ in range(2))
    there.key_prefix = here.key_prefix

    assert here.add("asked", 0, timeout=60)
    assert [one.incr("asked") for one in (here, there, here)] == [1, 2, 3]
    assert len(made) == 2


def test_no_address_and_no_person_stands_in_the_counts():
    mother = factories.member()
    signed_in(mother).get(ASKS)
    Client().get(DIALECTS, REMOTE_ADDR="203.0.113.9")

    names = " ".join(caches["counts"]._cache)
    assert names
    assert str(mother.pk) not in names
    assert "203.0.113.9" not in names
