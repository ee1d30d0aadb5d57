"""Every wire format an appliance or its hub may speak, one module each. `docs/dialects.md` says how to add one."""

from marketplace.appliances.dialects import (
    airgradient,
    airrohr,
    awair,
    blueair,
    canonical,
    esphome,
    haier,
    homeassistant,
    homeconnect,
    matter,
    miot,
    roborock,
    senml,
    smartthings,
    smartthings_ocf,
    tasmota,
    thinq,
    valetudo,
    zigbee2mqtt,
)
from marketplace.appliances.dialects.readings import Dialect, Interval, Method, Parsed, Raw, Reading
from marketplace.appliances.dialects.rejections import SENTENCES, Rejection

DIALECTS: dict[str, Dialect] = {
    module.DIALECT.name: module.DIALECT
    for module in (
        canonical,
        homeassistant,
        thinq,
        smartthings,
        smartthings_ocf,
        zigbee2mqtt,
        tasmota,
        esphome,
        airrohr,
        airgradient,
        awair,
        valetudo,
        roborock,
        matter,
        homeconnect,
        haier,
        blueair,
        senml,
        miot,
    )
}

__all__ = ["DIALECTS", "SENTENCES", "Dialect", "Interval", "Method", "Parsed", "Raw", "Reading", "Rejection"]
