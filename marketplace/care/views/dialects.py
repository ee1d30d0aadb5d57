"""What may be let in: every wire format Maru reads, and what it understands of each."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consent.parties.languages import language
from marketplace.appliances.dialects import DIALECTS
from marketplace.care.twin.names import in_order
from marketplace.insights.kinds import KINDS

#: As they are written on the box. What is not here goes by its own name.
PRODUCTS = {
    "airgradient": "AirGradient",
    "airrohr": "airRohr, Sensor.Community",
    "awair": "Awair",
    "blueair": "Blueair",
    "canonical": "CloudEvents",
    "esphome": "ESPHome",
    "haier": "Haier hOn",
    "homeassistant": "Home Assistant",
    "homeconnect": "Home Connect (Bosch, Siemens)",
    "matter": "Matter",
    "miot": "Xiaomi MIoT",
    "roborock": "Roborock",
    "senml": "SenML",
    "smartthings": "Samsung SmartThings",
    "smartthings-ocf": "Samsung SmartThings (OCF)",
    "tasmota": "Tasmota",
    "thinq": "LG ThinQ",
    "valetudo": "Valetudo",
    "zigbee2mqtt": "Zigbee2MQTT",
}


@require_safe
def show_dialects(request: HttpRequest) -> HttpResponse:
    """GET /dialects: which hubs and appliances Maru understands, where each sends to, and what is understood of it."""
    listed = [
        {
            "name": name,
            "product": _product(name),
            "kinds": [KINDS[kind].label.say(language()) for kind in in_order(DIALECTS[name].kinds)],
        }
        for name in sorted(DIALECTS, key=lambda name: _product(name).casefold())
    ]
    return render(request, "care/dialects.html", {"dialects": listed})


def _product(name: str) -> str:
    return PRODUCTS.get(name, name)
