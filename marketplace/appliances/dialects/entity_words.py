"""The words that count in the names people give to what measures, in their language and mostly in Latin letters.

An id like `sensor.naengjanggo_ondo` or a topic like `zigbee2mqtt/Kühlschrank` is all that tells a fridge's temperature
from a room's. Of what a person calls a thing nothing but these words is read.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FREEZER = (
    _words("freezer naengdongsil naengdonggo gefrierschrank gefrierfach congelateur congelador vriezer congelatore")
    | _words("frys frysbox fryser pakastin zamrazarka mrazak mraznicka fagyaszto dondurucu morozilka lengdong")
    | _words("냉동실 냉동고")
)
# The first type one of whose words stands in the name; a guess the household can correct.
TYPES: dict[str, frozenset[str]] = {
    "refrigerator": FREEZER
    | _words("fridge refrigerator naengjanggo naengjangsil gimcinaengjanggo 냉장고 냉장실 김치냉장고")
    | _words("kuhlschrank refrigerateur frigo frigorifico nevera koelkast frigorifero geladeira heladera refrigerador")
    | _words("kylskap koleskab kjoleskap jaakaappi lodowka lednice lednicka hutoszekreny buzdolabi kholodilnik")
    | _words("bingxiang lengcang lengzang"),
    "air_purifier": _words("purifier airpurifier gonggiceongjeonggi luftreiniger"),
    "robot_vacuum": _words("vacuum roborock robovac roomba robosceongsogi saugroboter"),
    "microwave": _words("microwave jeonjareinji mikrowelle"),
    "air_conditioner": _words("aircon airconditioner conditioner climate eeokeon klimaanlage"),
}
# What was set, or what is reckoned from a measurement.
SETPOINT = (
    _words("target setpoint set desired min max minimum maximum limit threshold offset calibration temperaturealarm")
    | _words("mogpyo mogpyoondo seoljeong seoljeongondo hyimang hyimangondo mubiao sheding")
    | _words("soll sollwert solltemperatur ziel zieltemperatur consigne consigna impostata")
)
# What is measured there is not the air of the home.
OUTDOORS = _words(
    "outdoor outdoors outside weather openweathermap accuweather forecast siloe siloegi 실외 실외기 외부 바깥"
) | _words("aussen aussentemperatur exterieur exterieure exterior esterno esterna buiten utomhus shiwai huwai")
# Temperatures and humidities that are not those of a room.
NO_ROOM = (
    OUTDOORS
    | _words("cpu gpu processor chip disk ssd hdd nvme nas server router raspberry esp esp32 internal device board")
    | _words("battery inverter motor solar pv car vehicle nozzle hotend printer")
    | _words("oven grill bbq smoker meat probe microwave coffee espresso kettle washing washer dryer dishwasher")
    | _words("water boiler tank tub jacuzzi pool spa sauna aquarium soil wine radiator chimney flue floorheating")
    | _words("coil pipe compressor condenser evaporator exhaust discharge inlet outlet flow return supply")
    | _words("dew dewpoint feels apparent absolute")
    | _words("보일러 온수 수온 oebu suon onsu boilreo setaggi geonjogi siggiseceoggi wainselreo iseuljeom cegamondo")
    | _words("taupunkt vorlauf vorlauftemperatur rucklauf rucklauftemperatur heizkorper")
    | _words("warmwasser warmwassertemperatur wassertemperatur kessel kesseltemperatur backofen")
    | _words("eau chaudiere piscine agua caldera piscina horno")
    | _words("acqua caldaia forno ketel shuiwen")
)
# Rooms all the same, and a thermometer for indoors whose maker calls it weather.
ROOM = _words("boilerroom serverroom poolroom lumiweather aqaraweather")
FILTER_LEFT = _words("remaining left life")
FILTER_USED = _words("used usage hours time age")

_BETWEEN = re.compile(r"[\W_]+")


def unaccented(name: str) -> str:
    """Return a name in small letters without their accents."""
    parts = unicodedata.normalize("NFD", name.casefold())
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


@lru_cache(maxsize=1024)
def words_of(name: str) -> frozenset[str]:
    """Return the words of a name, without their accents; two that stand side by side count as one word too."""
    words = [word for word in _BETWEEN.split(unaccented(name)) if word]
    return frozenset(words) | {first + second for first, second in pairwise(words)}


@lru_cache(maxsize=1024)
def type_named(words: frozenset[str]) -> str | None:
    """Return the type of appliance that words name, if they name one."""
    return next((name for name, known in TYPES.items() if known & words), None)


def is_no_room(words: frozenset[str]) -> bool:
    """Say whether words name something whose warmth and damp are not those of a room."""
    return type_named(words) == "refrigerator" or bool(words & NO_ROOM and not words & ROOM)


def fridge_zone(words: frozenset[str]) -> str | None:
    """Return the part of a fridge that words name, or None if they name no fridge."""
    return zone_named(words) if type_named(words) == "refrigerator" else None


def zone_named(words: frozenset[str]) -> str:
    """Return the part of a fridge that words name; who names none means the cooler."""
    return "freezer" if words & FREEZER else "cooler"
