"""How much one appliance may notice of one kind in a day before a person looks at it.

What a home could honestly bring, several times over: a sensor every five seconds, a fridge in a busy kitchen. Above
that somebody is making events for tokens, or something is broken; both are looked at.
"""

#: What a sensor measures all day long.
MEASURED = 20_000
#: What happens to a home some times a day.
HAPPENS = 300
CAPS = {
    "appliance.energy": 2_000,
    "device.fault": 100,
    "filter.remaining": 2_000,
    "food.item": 200,
    "fridge.door_open_time": 2_000,
    "fridge.door_openings": 1_000,
    "microwave.cook": 100,
    "pest.sighting": 50,
    "presence.absence": 24,
    "presence.cooled_while_away": 24,
    "vacuum.obstacle": HAPPENS,
}
_MEASURED_TOPICS = ("air.", "climate.", "appliance.", "fridge.temperature")


def daily_cap(kind: str) -> int:
    """Return how many insights of a kind one appliance may bring in a day."""
    if kind in CAPS:
        return CAPS[kind]
    return MEASURED if kind.startswith(_MEASURED_TOPICS) else HAPPENS
