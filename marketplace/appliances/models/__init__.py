"""The tables of this room, by subject."""

from marketplace.appliances.models.appliances import Appliance
from marketplace.appliances.models.broker import Arrival, BridgeBeat, BrokerLogin, TurnedAway
from marketplace.appliances.models.pairings import (
    Assurance,
    MissedCode,
    PairedKey,
    Pairing,
    PairingCode,
    SeenMessage,
)
from marketplace.appliances.models.trust import DayCount, StreamFlag

__all__ = [
    "Appliance",
    "Arrival",
    "Assurance",
    "BridgeBeat",
    "BrokerLogin",
    "DayCount",
    "MissedCode",
    "PairedKey",
    "Pairing",
    "PairingCode",
    "SeenMessage",
    "StreamFlag",
    "TurnedAway",
]
