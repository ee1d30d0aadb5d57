"""What a SmartThings hub or a SmartApp pushes, one event at a time."""

import pytest

from tests.marketplace.appliances.dialects.outcomes import FREEZER, outcomes, read

EVENT = "736e3903-001c-4d40-b408-ff40d162a06b"


def event(**more):
    told = {"deviceId": "st-2", "componentId": "main", "eventId": EVENT, **more}
    return {"eventTime": 1795170000000, "eventType": "DEVICE_EVENT", "deviceEvent": told}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (event(capability="carbonDioxideMeasurement", attribute="carbonDioxide", value=912), ("air.co2", 912)),
        (event(capability="fineDustSensor", attribute="fineDustLevel", value=41, unit="ug/m3"), ("air.pm25", 41)),
        (
            event(capability="contactSensor", attribute="contact", value="open", componentId="freezer"),
            ("fridge.door_openings", 1, FREEZER),
        ),
        (event(capability="contactSensor", attribute="contact", value="open"), "not_an_insight"),
        (event(capability="temperatureMeasurement", attribute="temperature", value=22), "missing_unit"),
        (event(capability="temperatureMeasurement", attribute="temperature", value=None, unit="C"), "no_data"),
        (event(capability="presenceSensor", attribute="presence", value="not present"), "not_an_insight"),
        (event(capability=["x"], attribute="contact", value="open"), "wrong_shape"),
        ({"eventType": "DEVICE_HEALTH_EVENT", "deviceHealthEvent": {"status": "ONLINE"}}, "not_an_insight"),
    ],
)
def test_reads_smartthings_events(told, expected):
    assert outcomes("smartthings", told) == [expected]
    assert outcomes("smartthings", {"lifecycle": "EVENT", "eventData": {"events": [told]}}) == [expected]


@pytest.mark.parametrize(("named", "is_known_by_it"), [(EVENT, True), ("", False), ("Minji's room", False), (5, False)])
def test_an_event_is_known_by_its_id_and_by_nothing_else_that_stands_there(named, is_known_by_it):
    (ours,), (other,) = (
        read("smartthings", event(capability="contactSensor", attribute="contact", value="open", **more))
        for more in (
            {"componentId": "freezer", "eventId": named},
            {"componentId": "cooler", "eventId": named},
        )
    )

    assert (ours.event_key == other.event_key) is is_known_by_it
