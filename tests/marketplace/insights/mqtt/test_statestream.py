"""Home Assistant's statestream: many topics of one entity, of one home, come in one delivery or in several."""

from uuid import uuid4

import pytest

from marketplace.appliances.models import TurnedAway
from marketplace.insights.models import Insight
from marketplace.insights.mqtt.entities import Entities
from marketplace.insights.mqtt.intake import Intake
from tests.marketplace.appliances.publishing import carrying
from tests.marketplace.insights.mqtt.taking import publication, sealed, take
from tests.marketplace.insights.test_ingest import whole_database

pytestmark = pytest.mark.django_db


def stream(pairing, *told, entity="sensor/living_pm25"):
    return [publication(pairing.pk, f"homeassistant/{entity}/{name}", text.encode()) for name, text in told]


UNIT = (("unit_of_measurement", '"µg/m³"'), ("device_class", '"pm25"'))


def test_attributes_of_one_state_are_put_together():
    pairing = carrying()

    take(*stream(pairing, ("state", "41"), *UNIT, ("friendly_name", '"거실"')))

    assert sealed(Insight.objects.get())["value"] == 41


def test_every_state_of_an_entity_counts_though_they_come_at_once():
    pairing = carrying()

    take(*stream(pairing, ("state", "41"), *UNIT, ("state", "42"), *UNIT, ("state", "41"), *UNIT))

    assert sorted(sealed(one)["value"] for one in Insight.objects.all()) == [41, 41, 42]


def test_a_state_is_understood_though_its_attributes_come_with_the_next_delivery():
    pairing, intake = carrying(), Intake(client="bridge")
    take(*stream(pairing, ("state", "40"), *UNIT), intake=intake)

    take(*stream(pairing, ("state", "41")), intake=intake)
    take(*stream(pairing, *UNIT), intake=intake)

    assert Insight.objects.count() == 2
    assert not TurnedAway.objects.exists()


def test_what_a_home_calls_a_thing_tells_its_kind_and_is_kept_nowhere():
    pairing, intake = carrying(), Intake(client="bridge")
    cold = (("unit_of_measurement", '"°C"'), ("device_class", '"temperature"'), ("friendly_name", '"Kühlschrank Oma"'))
    take(*stream(pairing, *cold, entity="sensor/0x00158d"), intake=intake)

    take(*stream(pairing, ("state", "4.5"), entity="sensor/0x00158d"), intake=intake)

    insight = Insight.objects.get()
    assert insight.kind == "fridge.temperature"
    assert "Oma" not in f"{sealed(insight)}{whole_database()}"


def test_nobody_is_told_what_another_homes_entity_is():
    intake = Intake(client="bridge")
    take(*stream(carrying(), ("state", "40"), *UNIT), intake=intake)

    take(*stream(carrying(), ("state", "41")), intake=intake)

    assert Insight.objects.count() == 1


def told_of(entities, pairing_id, *, entity="sensor/pm"):
    entities.turns(pairing_id, [(0, f"{entity}/device_class", b"pm25")])


def is_known(entities, pairing_id, *, entity="sensor/pm"):
    (turn,), _ = entities.turns(pairing_id, [(0, f"{entity}/state", b"41")])
    return "device_class" in turn.attributes


def test_one_home_with_many_entities_makes_nobody_forget_another_homes():
    entities, loud, quiet = Entities(most=10, most_of_one=3), uuid4(), uuid4()
    told_of(entities, quiet)

    for number in range(30):
        told_of(entities, loud, entity=f"sensor/{number}")

    assert is_known(entities, quiet)
    assert [is_known(entities, loud, entity=f"sensor/{number}") for number in (26, 27, 29)] == [False, True, True]


def test_names_without_end_are_not_remembered():
    entities, loud = Entities(), uuid4()

    told_of(entities, loud, entity=f"sensor/{'a' * 5_000}")

    assert not is_known(entities, loud, entity=f"sensor/{'a' * 5_000}")


def test_the_pairings_heard_longest_ago_are_forgotten_first():
    entities, pairings = Entities(most=10), [uuid4() for _ in range(12)]

    for pairing_id in pairings:
        told_of(entities, pairing_id)

    assert [is_known(entities, one) for one in pairings] == [False] * 2 + [True] * 10
