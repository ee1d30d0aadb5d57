"""What a hub sends is sealed or refused item by item, and nothing that was dropped is stored anywhere."""

import base64
import json
import logging
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import sql
from rest_framework.test import APIClient

from consent.parties import operations as parties
from consent.parties.models import MachineKey
from consent.parties.roles import RUNTIME_ROLE
from marketplace.appliances.dialects import DIALECTS
from marketplace.appliances.models import Appliance
from marketplace.appliances.operations import MAX_NEW_A_DAY
from marketplace.care.story import airrohr_body, edge_events, home_assistant_states, thinq_status
from marketplace.insights import operations, vault
from marketplace.insights.models import Insight, SealedObject
from tests import factories
from tests.marketplace.appliances.hubs import event

pytestmark = pytest.mark.django_db
PAYLOADS = Path(settings.BASE_DIR).parent / "shared" / "payloads"
BATCH = "application/cloudevents-batch+json"


@pytest.fixture
def home():
    return factories.household()


@pytest.fixture
def hub(home):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.hub_key(of=home)}")
    return client


def send(hub, body, *, dialect="homeassistant", content_type="application/json"):
    path = "/api/v1/insights" if dialect == "canonical" else f"/api/v1/ingest/{dialect}"
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return hub.generic("POST", path, raw, content_type=content_type)


def statuses(answer):
    return [result["status"] for result in answer.json()["results"]]


def pm25(value="62", *, minutes_ago=5, entity="sensor.den_pm25", **attributes):
    at = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()
    return {
        "entity_id": entity,
        "state": value,
        "attributes": {"device_class": "pm25", "unit_of_measurement": "µg/m³", **attributes},
        "last_changed": at,
        "last_updated": at,
    }


def opened():
    # What came in; a rule's own conclusions are sealed beside it.
    came = SealedObject.objects.filter(purpose="insight", insight__conclusion=None)
    sealed = came.select_related("data_key")
    return [json.loads(vault.open_sealed(one)) for one in sealed]


def test_one_bad_item_never_spoils_the_batch(hub):
    answer = send(hub, [pm25("62"), pm25("unavailable", entity="sensor.b"), pm25("5000", entity="sensor.c")])

    assert answer.status_code == 200
    assert statuses(answer) == ["accepted", "rejected", "rejected"]
    assert [r["problem"]["code"] for r in answer.json()["results"][1:]] == ["no_data", "out_of_range"]
    assert Insight.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "title"),
    [("ko", "이 종류에서 나올 수 없는 값이에요"), ("en", "This value cannot occur for its kind")],
)
def test_an_items_problem_speaks_one_language(hub, language, title):
    body = json.dumps([pm25("5000")]).encode()
    answer = hub.generic(
        "POST", "/api/v1/ingest/homeassistant", body, content_type="application/json", HTTP_ACCEPT_LANGUAGE=language
    )

    problem = answer.json()["results"][0]["problem"]

    assert problem["title"] == title
    assert problem["detail"].startswith(f"{title}. ")


def test_the_same_batch_twice_stores_it_once_and_says_so(hub):
    batch = [pm25("62"), pm25("41", entity="sensor.b")]

    first, second = send(hub, batch), send(hub, batch)

    assert statuses(second) == ["duplicate", "duplicate"]
    assert [r["insight_id"] for r in first.json()["results"]] == [r["insight_id"] for r in second.json()["results"]]
    assert Insight.objects.count() == 2


def test_the_same_event_with_other_content_is_a_conflict(hub):
    (event, _) = edge_events(datetime.now(UTC))
    send(hub, [event], dialect="canonical", content_type=BATCH)
    event["data"]["value"] = "mouse"

    answer = send(hub, [event], dialect="canonical", content_type=BATCH)

    assert answer.json()["results"][0]["problem"]["code"] == "conflict"
    assert [payload["value"] for payload in opened()] == ["cockroach"]


def test_every_way_in_seals_what_it_brings(hub):
    now = datetime.now(UTC)

    answers = [
        send(hub, home_assistant_states(now)),
        send(hub, thinq_status(), dialect="thinq"),
        send(hub, airrohr_body(), dialect="airrohr"),
        send(hub, edge_events(now), dialect="canonical", content_type=BATCH),
    ]

    assert [statuses(answer).count("accepted") for answer in answers] == [3, 3, 3, 2]
    assert {payload["kind"] for payload in opened()} >= {
        *("air.pm25", "air.co2", "filter.remaining", "pest.sighting", "food.item"),
    }


def test_a_fixed_number_of_statements_whatever_the_size(hub):
    things = range(20)
    send(hub, [pm25("50", entity=f"sensor.n{thing}", minutes_ago=60) for thing in things])

    def statements(*, a_thing, minutes_ago):
        named = [(n, f"sensor.n{thing}") for n in range(a_thing) for thing in things]
        said = [pm25(str(n), entity=entity, minutes_ago=minutes_ago - n) for n, entity in named]
        with CaptureQueriesContext(connection) as found:
            send(hub, said)
        return len(found)

    few, many = statements(a_thing=1, minutes_ago=50), statements(a_thing=20, minutes_ago=40)

    assert Insight.objects.filter(kind="air.pm25").count() == 20 * (1 + 1 + 20)
    # Besides: what a rule concludes from more readings is sealed and written down, in as many statements again.
    assert few <= many <= few + 8 <= 48


def test_a_hub_brings_in_so_many_new_appliances_a_day_and_no_more(hub, home):
    answer = send(hub, [pm25(entity=f"sensor.n{n}") for n in range(MAX_NEW_A_DAY + 10)])
    again = send(hub, [pm25("63", minutes_ago=4, entity=f"sensor.n{n}") for n in (0, MAX_NEW_A_DAY + 5)])

    refused = [one["problem"]["code"] for one in answer.json()["results"] if one["status"] == "rejected"]
    assert refused == ["too_many_new_appliances"] * 10
    assert statuses(again) == ["accepted", "rejected"]
    assert Appliance.objects.filter(household=home).count() == Insight.objects.count() - 1 == MAX_NEW_A_DAY

    Appliance.objects.update(joined_at=datetime.now(UTC) - timedelta(days=1))
    assert statuses(send(hub, [pm25(entity=f"sensor.n{MAX_NEW_A_DAY + 5}")])) == ["accepted"]


def test_an_airrohr_may_bring_its_key_by_basic_auth(home):
    text = factories.hub_key(of=home)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Basic " + base64.b64encode(f"hub:{text}".encode()).decode())

    assert send(client, airrohr_body(), dialect="airrohr").status_code == 200


def test_basic_auth_opens_the_way_in_and_nothing_else():
    client, text = APIClient(), factories.buyer_key(of=factories.organisation())
    opened = client.get("/api/v1/budget", headers={"authorization": f"Bearer {text}"})
    basic = base64.b64encode(f"buyer:{text}".encode()).decode()

    refused = client.get("/api/v1/budget", headers={"authorization": f"Basic {basic}"})

    assert opened.status_code == 200
    assert refused.status_code in (401, 403)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "not_json"),
        (b'{"a": NaN}', "application/json", 400, "number_not_finite"),
        (b'{"a": 1, "a": 2}', "application/json", 400, "doubled_key"),
        (b"[" * 5000, "application/json", 400, "too_deep"),
        (b"\xff\xfe", "application/json", 400, "not_utf8"),
        (b"[]", "text/plain", 415, "unsupported_content_type"),
        (b"[" + b" " * (4 * 1024 * 1024) + b"]", "application/json", 413, "body_too_large"),
        (json.dumps([{}] * 501).encode(), "application/json", 413, "too_many_items"),
    ],
)
def test_a_request_that_cannot_be_read_gets_a_problem_and_stores_nothing(hub, body, content_type, status, code):
    answer = send(hub, body, content_type=content_type)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Insight.objects.exists()


def test_only_a_hub_s_living_key_may_send(home):
    key, text = parties.issue_key(label="x", scopes=[MachineKey.Scope.INGEST], household=home)
    person = factories.member(of=home)
    expected = {
        "nothing": 401,
        "wrong": 401,
        "revoked": 401,
        "buyer": 403,
        "person": 403,
    }
    found = {}
    for who in expected:
        client = APIClient()
        if who == "wrong":
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {text[:-1]}x")
        if who == "buyer":
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.buyer_key(of=factories.organisation())}")
        if who == "person":
            client.force_login(person)
        if who == "revoked":
            parties.revoke_key(key=key, actor=person, at=datetime.now(UTC))
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        found[who] = send(client, [pm25()]).status_code

    assert found == expected


@pytest.mark.parametrize("broken", ["a dialect", "the taking in"])
def test_what_nobody_foresaw_is_logged_without_its_words(hub, monkeypatch, caplog, broken):
    canary = uuid4().hex

    def stumble(*_said, **_more):
        raise ValueError(canary)

    if broken == "a dialect":
        monkeypatch.setitem(DIALECTS, "airrohr", replace(DIALECTS["airrohr"], parse=stumble))
    else:
        monkeypatch.setattr(operations, "normalise", stumble)
    hub.raise_request_exception = False

    with caplog.at_level(logging.DEBUG):
        answer = send(hub, airrohr_body(), dialect="airrohr")

    assert answer.status_code == 500
    assert "in stumble\n" in caplog.text
    assert "builtins.ValueError" in caplog.text
    assert canary not in caplog.text + answer.content.decode()


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"type": "insight.air.pm25.v2"}, "missing_field", "type"),
        ({"kind": "camera.frame"}, "unknown_kind", "data.kind"),
        ({"unit": "furlong"}, "unknown_unit", "data.unit"),
        ({"ssid": "home"}, "unregistered_field", "data"),
        ({"value": "data:image/png;base64,AAAA"}, "raw_media", None),
        ({"value": "x" * 257}, "string_too_long", None),
        ({"kind": "pest.sighting", "value": "mouse", "unit": ""}, "model_required", "method"),
    ],
)
def test_what_is_not_registered_is_answered_by_name_and_field(hub, changed, code, field):
    said = event()
    said["type"] = changed.pop("type", f"insight.{changed.get('kind', 'air.pm25')}.v1")
    said["data"] |= changed

    (result,) = send(hub, [said], dialect="canonical", content_type=BATCH).json()["results"]

    problem = result["problem"]
    assert (problem["status"], problem["code"], problem.get("field")) == (422, code, field)
    assert problem["detail"]
    assert not Insight.objects.exists()


def test_an_unknown_dialect_is_not_found(hub):
    assert send(hub, {}, dialect="morse").status_code == 404


def test_what_the_hub_calls_things_is_stored_nowhere(hub):
    secret = f"nursery{uuid.uuid4().hex}"
    # Far away, so that no second of any time reads the same.
    place = {"latitude": 64.51234, "longitude": 164.04321}
    send(hub, [pm25(entity=f"sensor.{secret}", friendly_name=secret, ssid=secret, mac=secret, **place)])

    assert Insight.objects.count() == 1
    kept = whole_database() + json.dumps(opened())
    # Not even rounded: the only place anybody hears of is the district that a home named.
    assert not [word for word in (secret, "64.51", "164.04") if word in kept]


def test_two_homes_with_the_same_names_stay_two_homes(hub):
    other, state = factories.household(), pm25()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.hub_key(of=other)}")

    send(hub, [state])
    send(client, [state])

    assert Appliance.objects.count() == 2
    assert Appliance.objects.values("identity").distinct().count() == 2


def test_what_two_formats_call_alike_stays_two_things(hub):
    for dialect, body in (("airgradient", b'{"pm02":12}'), ("awair", b'{"pm25":12}')):
        path = f"/api/v1/ingest/{dialect}"
        answer = hub.generic("POST", path, body, content_type="application/json", HTTP_X_DEVICE="a1")
        assert statuses(answer) == ["accepted"]

    assert Appliance.objects.count() == 2


def test_one_id_is_one_event_of_each_kind(hub):
    dust = event()
    coarser = event(kind="air.pm10") | {"id": dust["id"]}

    answer = send(hub, [dust, coarser, dust], dialect="canonical", content_type=BATCH)

    assert statuses(answer) == ["accepted", "accepted", "duplicate"]


FOLDERS = ("homeassistant-core", "homeassistant-docs", "sensor-community", "malformed-wild")
DROPPED = ("latitude", "longitude", "ssid", "macAddress", "viewInside", "image", "friendly_name", "entity_id")


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("dialect", ["homeassistant", "airrohr", "canonical"])
def test_every_recorded_payload_ends_accepted_duplicate_or_rejected_with_a_reason(hub, folder, dialect):
    if not (PAYLOADS / folder).is_dir():
        pytest.skip(f"no recorded payloads here: {folder}")
    for file in sorted((PAYLOADS / folder).iterdir()):
        lines = file.read_bytes().splitlines() if file.suffix == ".jsonl" else [file.read_bytes()]
        for body in lines:
            content_type = BATCH if dialect == "canonical" else "application/json"
            answer = send(hub, body, dialect=dialect, content_type=content_type)
            assert answer.status_code in (200, 400, 413), file.name
            for result in answer.json().get("results", []):
                assert result["status"] in ("accepted", "duplicate") or result["problem"]["detail"], file.name
    stored = whole_database() + json.dumps(opened())
    assert not [word for word in DROPPED if f'"{word}"' in stored]


def whole_database():
    """Every row of every table as text, but for the ciphertexts."""
    with connection.cursor() as cursor:
        tables = [table for table in connection.introspection.table_names(cursor) if table != "insights_sealedobject"]
        rows = []
        # As the owner: the runtime role does not even read every table of the books.
        cursor.execute("SET LOCAL ROLE NONE")
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row[0] for row in cursor.fetchall()]
        cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(RUNTIME_ROLE)))
    return "\n".join(rows)


def test_an_event_that_another_request_brings_at_once_is_found_on_the_second_try(home, monkeypatch):
    """The race itself, made certain: the look for known events comes back empty once."""
    state = [pm25()]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.hub_key(of=home)}")
    send(client, state)
    known, looks = operations._known_events, []

    def blind_once(candidates):
        looks.append(1)
        return {} if len(looks) == 1 else known(candidates)

    monkeypatch.setattr(operations, "_known_events", blind_once)

    assert statuses(send(client, state)) == ["duplicate"]
    assert len(looks) == 2
