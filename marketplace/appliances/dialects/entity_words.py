"""The words that count in the names people give to what measures, in their language and mostly in Latin letters.

An id like `sensor.naengjanggo_ondo` or a topic like `zigbee2mqtt/Kühlschrank` is all that tells a fridge's temperature
from a room's. Of what a person calls a thing nothing but these words is read.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import filterfalse, pairwise
from typing import NamedTuple


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FREEZER = (
    _words("freezer naengdongsil naengdonggo gefrierschrank gefrierfach gefriertruhe congelateur congelador vriezer")
    | _words("congelatore frys frysbox fryser pakastin zamrazarka mrazak mraznicka fagyaszto dondurucu morozilka")
    | _words("lengdong reitouko reitoko 냉동실 냉동고 冷凍庫 冷冻")
)
# The first type one of whose words stands in the name; a guess the household can correct.
TYPES: dict[str, frozenset[str]] = {
    "refrigerator": FREEZER
    | _words("fridge refrigerator naengjanggo naengjangsil gimcinaengjanggo 냉장고 냉장실 김치냉장고")
    | _words("kuhlschrank kuehlschrank refrigerateur frigo frigorifico nevera koelkast frigorifero geladeira heladera")
    | _words("refrigerador kylskap koleskab kjoleskap jaakaappi lodowka lednice lednicka hutoszekreny buzdolabi")
    | _words("kholodilnik bingxiang lengcang lengzang reizouko reizoko 冷蔵庫 冰箱 冷藏"),
    "air_purifier": _words("purifier airpurifier gonggiceongjeonggi luftreiniger"),
    "robot_vacuum": _words("vacuum roborock robovac roomba robosceongsogi saugroboter"),
    "microwave": _words("microwave jeonjareinji mikrowelle"),
    "air_conditioner": _words("aircon airconditioner conditioner climate eeokeon klimaanlage"),
}
# What was set, or what is reckoned from a measurement.
SETPOINT = (
    _words("target setpoint set desired min max minimum maximum limit threshold offset calibration temperaturealarm")
    | _words("scheduled hysteresis rated nominal forecast predicted estimated eco2 co2equivalent tomorrow yesterday")
    | _words("difference delta change trend comforttemperature ecotemperature")
    | _words("mogpyo seoljeong hyimang coego coejeo mubiao sheding 목표 설정 희망 目標 目标 設定 设定")
    | _words("soll sollwert ziel komforttemperatur absenktemperatur differenz consigne consigna cible objetivo")
    | _words("impostata obiettivo doel doeltemperatuur zadana")
)
# What is measured there is not the air of the home.
OUTDOORS = (
    _words("outdoor outdoors outside garden backyard balcony terrace patio porch")
    | _words("openweathermap openmeteo accuweather forecast airly waqi openaq meteo wetter wetterstation")
    | _words("siloe siloegi oebu bakkat nalssi 실외 실외기 외부 바깥 날씨")
    | _words("shiwai huwai waiqi tianqi 室外 屋外 外気 户外 天气")
    | _words("aussen garten balkon terrasse exterieur exterieure dehors jardin exterior terraza")
    | _words("esterno esterna giardino terrazza buiten tuin utomhus utetemperatur utetemp zewnetrzna venkovni")
)
# Said beside one of those, as by the inner part of a weather station.
INDOORS = _words("indoor indoors inside silnae shinei innen interieur interieure interior interno interna binnen")
# What a board measures of itself, and what it may be called after.
BOARD = (
    _words("cpu gpu processor chip disk ssd hdd nvme nas server router raspberry esp esp32 internal device board")
    | _words("motherboard mainboard chipset fritzbox plug socket dimmer relay steckdose cameratemperature")
    | _words("probe weather")
)
# Temperatures and humidities that are not those of a room.
NO_ROOM = (
    _words("battery inverter motor solar pv car vehicle ev tesla nozzle hotend printer drucker bedtemperature")
    | _words("3dprinter oven grill bbq smoker meat microwave coffee espresso kettle washing washer dryer dishwasher")
    | _words("fryer airfryer sousvide cooker hob cooktop stove toaster body skin")
    | _words("water boiler tank tub jacuzzi pool spa sauna aquarium terrarium soil wine radiator chimney flue floor")
    | _words("coil pipe compressor condenser evaporator exhaust discharge inlet outlet flow return supply")
    | _words("dew dewpoint feels apparent perceived absolute heatindex humidex wetbulb windchill")
    | _words("suon onsu onsugi boilreo setaggi geonjogi siggiseceoggi wainselreo iseuljeom cegam obeun jeongsugi")
    | _words("jeonjareinji bapsot eeopeuraieo eohang 보일러 온수 수온 오븐 세탁기 건조기 전자레인지 정수기 어항")
    | _words("shuiwen reshui kaoxiang xiyi honggan yugang yinshui 水温 烤箱 洗衣机")
    | _words("taupunkt gefuhlte vorlauf rucklauf heizkorper fussbodenheizung warmwasser wasser wassertemperatur boden")
    | _words("kessel puffer pufferspeicher abgas ofen backofen wasserkocher waschmaschine trockner geschirrspuler")
    | _words("durchlauferhitzer poolwasser mikrowelle korper kaffeemaschine")
    | _words(
        "eau chaudiere piscine chauffeeau ballon lavelinge sechelinge lavevaisselle temperaturefour dufour ressentie"
    )
    | _words("agua caldera calentador piscina horno lavadora secadora lavavajillas acqua caldaia scaldabagno forno")
    | _words("lavatrice lavastoviglie ketel vloerverwarming aanvoer retour wasmachine vaatwasser")
)
# Rooms all the same, and a thermometer for indoors whose maker calls it weather: each excuses the word in it.
ROOM = (
    _words("boilerroom serverroom serverraum poolroom gardenroom lumiweather aqaraweather")
    | _words("groundfloor firstfloor secondfloor thirdfloor topfloor upperfloor lowerfloor mainfloor 1stfloor 2ndfloor")
    | _words("3rdfloor floor1 floor2 floor3")
)
FILTER = _words("filter pilteo filtre filtro")
FILTER_LEFT = _words("remaining left life lifetime lifespan lebensdauer sumyeong")
FILTER_USED = _words("used usage hours time age")

# How tongues that write words together end the one that says what is measured; the longest first.
_ENDINGS = (
    *("luftfeuchtigkeit", "luftfeuchte", "feuchtigkeit", "temperature", "temperatuur", "temperatura", "temperatur"),
    *("humidity", "feuchte", "seubdo", "wendu", "shidu", "ondo", "temp", "tur", "온도", "습도", "温度", "湿度"),
)
_FRIDGES = tuple(TYPES["refrigerator"])
#: More words than anybody calls a thing; a longer name counts by its end.
_MOST_WORDS = 24
_BETWEEN = re.compile(r"[\W_]+")


def unaccented(name: str) -> str:
    """Return a name in small letters without their accents."""
    if name.isascii():
        return name.lower()
    parts = unicodedata.normalize("NFD", name.casefold())
    return unicodedata.normalize("NFC", "".join(filterfalse(unicodedata.combining, parts)))


class Named(NamedTuple):
    """What the names of one thing come to, read once and known from then on."""

    words: frozenset[str]
    appliance_type: str | None
    zone: str
    is_setpoint: bool
    is_no_room: bool
    is_elsewhere: bool
    is_outdoors: bool

    @property
    def fridge_zone(self) -> str | None:
        """The part of a fridge that is named, or None where no fridge is."""
        return self.zone if self.appliance_type == "refrigerator" else None


@lru_cache(maxsize=4096)
def named(*names: str) -> Named:
    """Read all the names that one thing goes by."""
    words = frozenset[str]().union(*map(words_of, names))
    return Named(
        words=words,
        appliance_type=type_named(words),
        zone=zone_named(words),
        is_setpoint=not words.isdisjoint(SETPOINT),
        is_no_room=is_no_room(words),
        is_elsewhere=is_elsewhere(words),
        is_outdoors=is_outdoors(words),
    )


@lru_cache(maxsize=4096)
def words_of(name: str) -> frozenset[str]:
    """Return the words of a name, without their accents; two that stand side by side count as one word too.

    Of a word that is written together its parts count as well: `kuhlschranktemperatur` is a `kuhlschrank`. Where a
    fridge's name is followed by that of its compartment, the last one counts.
    """
    words = [word for word in _BETWEEN.split(unaccented(name)) if word][-_MOST_WORDS:]
    found = [part for word, after in pairwise([*words, ""]) for part in (*_parts(word), word + after)]
    fridge = next((part for part in reversed(found) if part in TYPES["refrigerator"]), None)
    return frozenset(found) - (FREEZER if fridge not in FREEZER else frozenset())


# Names differ, their words hardly.
@lru_cache(maxsize=4096)
def _parts(word: str) -> tuple[str, ...]:
    ending = next((ending for ending in _ENDINGS if word.endswith(ending)), "")
    stem = word.removesuffix(ending)
    # As in `kylskapstemperatur`.
    tail = stem.removesuffix("s") if ending else stem
    return (word, stem, *(fridge for fridge in _FRIDGES if tail.endswith(fridge)))


@lru_cache(maxsize=1024)
def type_named(words: frozenset[str]) -> str | None:
    """Return the type of appliance that words name, if they name one."""
    return next((name for name, known in TYPES.items() if not words.isdisjoint(known)), None)


def is_no_room(words: frozenset[str]) -> bool:
    """Say whether words of what is measured name something whose warmth and damp are not those of a room."""
    return is_elsewhere(words) or (_names(words, BOARD) and words.isdisjoint(INDOORS))


def is_elsewhere(words: frozenset[str]) -> bool:
    """Say whether words of a thing that measures name a place that is no room; a board may be called what it is."""
    return type_named(words) == "refrigerator" or _names(words, NO_ROOM) or is_outdoors(words)


def is_outdoors(words: frozenset[str]) -> bool:
    """Say whether words name a place whose air is not that of the home."""
    return _names(words, OUTDOORS) and words.isdisjoint(INDOORS)


def _names(words: frozenset[str], things: frozenset[str]) -> bool:
    if words.isdisjoint(things):
        return False
    rooms = words & ROOM
    return any(not any(thing in room for room in rooms) for thing in words & things)


def zone_named(words: frozenset[str]) -> str:
    """Return the part of a fridge that words name; who names none means the cooler."""
    return "freezer" if words & FREEZER else "cooler"
