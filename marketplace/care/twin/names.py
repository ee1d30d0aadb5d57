"""What to call an appliance, so that no two in one home look alike.

The name its home gave it, or else its model, its type, or what it can tell.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext

from consent.parties.languages import language
from marketplace.appliances.models import Appliance
from marketplace.insights.kinds import KINDS

Type = Appliance.Type
ICONS = {
    Type.AIR_PURIFIER: "purifier",
    Type.AIR_SENSOR: "sensor",
    Type.ROBOT_VACUUM: "vacuum",
    Type.REFRIGERATOR: "fridge",
    Type.MICROWAVE: "microwave",
    Type.AIR_CONDITIONER: "cooler",
    Type.OTHER: "appliance",
}
#: What a thing must be that tells of such kinds; where its hub did not say, this does.
_TELLING = {
    "fridge.": Type.REFRIGERATOR,
    "food.": Type.REFRIGERATOR,
    "vacuum.": Type.ROBOT_VACUUM,
    "pest.": Type.ROBOT_VACUUM,
    "microwave.": Type.MICROWAVE,
    "air.": Type.AIR_SENSOR,
}
#: What people look for first; the rest in the order of the registry.
_FIRST = (
    *("air.pm25", "air.co2", "fridge.temperature", "climate.temperature", "climate.humidity", "appliance.power"),
    *("appliance.energy", "microwave.cook", "pest.sighting", "food.item", "vacuum.obstacle"),
)
_ORDER = {kind: place for place, kind in enumerate([*_FIRST, *(code for code in KINDS if code not in _FIRST)])}


def in_order(kinds: Iterable[str]) -> list[str]:
    """Return registered kinds in the order in which people look for them."""
    return sorted({kind for kind in kinds if kind in _ORDER}, key=_ORDER.__getitem__)


def label_of(kind: str, zone: str = "") -> str:
    """Return how a person calls one kind of thing, and where in the appliance."""
    label = KINDS[kind].label.say(language())
    return f"{label}, {KINDS[kind].zone_label(zone, language())}" if zone in KINDS[kind].zones else label


def type_of(appliance: Appliance, kinds: Iterable[str]) -> Appliance.Type:
    """Return what it is: as its home or hub said, or else as what it tells says."""
    said = Type(appliance.type)
    if said != Type.OTHER:
        return said
    found = (kind_type for kind in in_order(kinds) for start, kind_type in _TELLING.items() if kind.startswith(start))
    return next(found, Type.OTHER)


def icon_of(appliance: Appliance, kinds: Iterable[str]) -> str:
    """Return the drawing that stands for it."""
    return ICONS[type_of(appliance, kinds)]


def about(appliance: Appliance, kinds: Iterable[str], *, name: str) -> str:
    """Return what it is beside its name: type and model, as far as the name does not say them."""
    words = (str(type_of(appliance, kinds).label), appliance.model)
    return gettext(", ").join(word for word in words if word and word not in name)


def names_of(appliances: Sequence[Appliance], kinds: Mapping[UUID, Iterable[str]]) -> dict[UUID, str]:
    """Return a name for each appliance of a home. Those that would share one are told apart by what they can tell,
    and where that is the same too, by number in the order in which they came.
    """
    ordered = {one.pk: in_order(kinds.get(one.pk, ())) for one in appliances}
    names = {one.pk: one.name or one.model or _plain_name(one, ordered[one.pk]) for one in appliances}
    shared = _shared(names)
    names |= {pk: f"{names[pk]}, {label_of(ordered[pk][0])}" for pk in names if names[pk] in shared and ordered[pk]}
    shared, seen = _shared(names), Counter[str]()
    for one in appliances:
        if (name := names[one.pk]) in shared:
            seen[name] += 1
            names[one.pk] = f"{name} ({seen[name]})"
    return names


def _shared(names: Mapping[UUID, str]) -> set[str]:
    return {name for name, count in Counter(names.values()).items() if count > 1}


def _plain_name(appliance: Appliance, kinds: Sequence[str]) -> str:
    known = type_of(appliance, kinds)
    if known == Type.OTHER and kinds:
        return gettext("%(what)s 센서") % {"what": label_of(kinds[0])}
    return str(known.label)
