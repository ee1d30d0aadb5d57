"""Every wire format through its own address, as a hub with a key sends it."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from marketplace.appliances.dialects import DIALECTS
from marketplace.appliances.models import Appliance
from marketplace.insights.models import Insight
from tests import factories

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).parents[3] / "fixtures/appliances"
# Their bodies carry no times, so that they are accepted whenever this runs.
TIMELESS = {"thinq": 9, "smartthings-ocf": 7, "airgradient": 7, "matter": 12, "haier": 6, "miot": 6}


@pytest.fixture
def hub():
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.hub_key(of=factories.household())}")
    return client


@pytest.mark.parametrize(("dialect", "accepted"), TIMELESS.items())
def test_what_is_read_is_stored_and_the_rest_is_refused_by_name(hub, dialect, accepted):
    body = (FIXTURES / f"{dialect.replace('-', '_')}.json").read_bytes()

    answer = hub.generic("POST", f"/api/v1/ingest/{dialect}", body, content_type="application/json")

    results = answer.json()["results"]
    assert sum(result["status"] == "accepted" for result in results) == accepted
    assert all(result["status"] == "accepted" or result["problem"]["detail"] for result in results)
    assert Insight.objects.count() == accepted
    assert Appliance.objects.exists()


def test_a_bare_scalar_comes_as_plain_text(hub):
    answer = hub.generic(
        "POST", "/api/v1/ingest/esphome", b"12.3", content_type="text/plain", HTTP_X_MQTT_TOPIC="hall/sensor/co2/state"
    )

    (result,) = answer.json()["results"]
    assert result["problem"]["code"] == "out_of_range"


def test_a_stream_of_events_comes_as_one(hub):
    event = b'{"deviceEvent":{"capability":"fineDustSensor","attribute":"fineDustLevel","value":9}}'
    stream = b"event: CONTROL_EVENT\ndata: welcome\n\nevent: DEVICE_EVENT\ndata: " + event + b"\n\n"

    answer = hub.generic("POST", "/api/v1/ingest/smartthings", stream, content_type="text/event-stream")

    assert [result["status"] for result in answer.json()["results"]] == ["accepted"]


def test_the_list_of_dialects_names_them_all():
    listed = APIClient().get("/api/v1/dialects").json()["data"]

    assert [one["name"] for one in listed] == sorted(DIALECTS)
    assert {"thinq", "smartthings-ocf", "zigbee2mqtt", "senml", "miot"} <= {one["name"] for one in listed}
    assert {one["name"]: set(one["kinds"]) for one in listed} == {name: one.kinds for name, one in DIALECTS.items()}
