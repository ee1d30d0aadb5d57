"""The words that count in the names people give to what measures, in their language and mostly in Latin letters.

An id like `sensor.naengjanggo_ondo` or a topic like `zigbee2mqtt/Kühlschrank` is all that tells a fridge's temperature
from a room's. Nothing of a name but these words is ever read.
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
SETPOINT = _words("target setpoint set desired min max mogpyo mogpyoondo seoljeong seoljeongondo hyimang hyimangondo")
# Temperatures and humidities that are not those of a room.
NO_ROOM = (
    _words("cpu gpu processor chip disk ssd hdd nas server router battery device board inverter motor")
    | _words("water boiler kettle tank pool spa aquarium soil wine oven grill meat probe microwave")
    | _words(
        "washer dryer dishwasher coil pipe compressor condenser evaporator exhaust inlet outlet flow return supply"
    )
    | _words("nozzle hotend printer absolute")
    | _words("outdoor outside weather forecast dew dewpoint feels apparent aussen aussentemperatur taupunkt")
    | _words("siloe siloegi oebu suon onsu boilreo setaggi geonjogi siggiseceoggi wainselreo iseuljeom cegamondo")
)
FILTER_LEFT = _words("remaining left life")
FILTER_USED = _words("used usage hours time age")

_BETWEEN = re.compile(r"[\W_]+")


@lru_cache(maxsize=1024)
def words_of(name: str) -> frozenset[str]:
    """Return the words of a name, without their accents; two that stand side by side count as one word too."""
    parts = unicodedata.normalize("NFD", name.casefold())
    plain = unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))
    words = [word for word in _BETWEEN.split(plain) if word]
    return frozenset(words) | {first + second for first, second in pairwise(words)}


@lru_cache(maxsize=1024)
def type_named(words: frozenset[str]) -> str | None:
    """Return the type of appliance that words name, if they name one."""
    return next((name for name, known in TYPES.items() if known & words), None)


def zone_named(words: frozenset[str]) -> str:
    """Return the part of a fridge that words name; who names none means the cooler."""
    return "freezer" if words & FREEZER else "cooler"
