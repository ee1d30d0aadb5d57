"""The words that count in the names people give to what measures, in their language and mostly in Latin letters.

An id like `sensor.naengjanggo_ondo` or a topic like `zigbee2mqtt/Kühlschrank` is all that tells a fridge's temperature
from a room's. Of what a person calls a thing nothing but these words is read.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import chain, filterfalse, pairwise
from typing import NamedTuple


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _longest_first(words: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(words, key=len, reverse=True))


FREEZER = (
    _words(
        "freezer naengdongsil naengdonggo naengdong 냉동실 냉동고 lengdong reitouko reitoko binggui 冷凍庫 冷冻 冰柜"
    )
    | _words("gefrierschrank gefrierfach gefriertruhe kuhltruhe kuehltruhe tiefkuhlschrank tiefkuhltruhe tiefkuhler")
    | _words("congelateur congelo congelador congeladora congelatore vriezer diepvries zamrazarka mrazak mraznicka")
    | _words("frys frysen frysbox fryser fryseren frysskap fryseskap pakastin pakastimen fagyaszto dondurucu morozilka")
)
# The first type one of whose words stands in the name; a guess the household can correct.
TYPES: dict[str, frozenset[str]] = {
    "refrigerator": FREEZER
    | _words("fridge refrigerator naengjanggo naengjangsil naengjang gimcinaengjanggo 냉장고 냉장실 김치냉장고")
    | _words("bingxiang lengcang lengzang lenggui reizouko reizoko 冷蔵庫 冰箱 冷藏 kuhlschrank kuehlschrank koelkast")
    | _words("refrigerateur frigo frigorifico frigorifero frigider nevera geladeira heladera refrigerador buzdolabi")
    | _words("kylskap kylen kyl koleskab kjoleskap jaakaappi jaakaapin lodowka lednice lednicka chladnicka huto")
    | _words("hutoszekreny kholodilnik"),
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
    | _words("mogpyo seoljeong hyimang coego coejeo 목표 설정 희망 mubiao sheding zuigao zuidi 目標 目标 設定 设定")
    | _words("soll sollwert ziel komforttemperatur absenktemperatur differenz maximale minimale maxima minima")
    | _words("consigne cible consigna objetivo deseada alvo impostata obiettivo doel doeltemperatuur")
    | _words("borvarde settpunkt onsket tavoite asetus asetusarvo zadana docelowa cilova pozadovana nastavena")
    | _words("kivant beallitott tselevaya ustavka hedef")
)
# What is measured there is not the air of the home.
OUTDOORS = (
    _words("outdoor outdoors outside garden backyard balcony terrace patio porch forecast meteo")
    | _words("openweathermap openmeteo accuweather airly waqi openaq")
    | _words("siloe siloegi oebu oegi yaoe madang bakkat nalssi 실외 실외기 외부 외기 야외 마당 바깥 날씨")
    | _words("shiwai huwai waiqi tianqi tingyuan 室外 屋外 外気 户外 天气 庭")
    | _words("aussen draussen garten balkon terrasse wetter wetterstation buiten tuin terras")
    | _words("exterieur exterieure dehors jardin balcon exterior terraza calle jardim varanda rua")
    | _words("esterno esterna giardino balcone terrazza terrazzo")
    | _words(
        "utomhus utetemperatur utetemp utendors udendors ude tradgard balkong hage ulko ulkona parveke terassi piha"
    )
    | _words("zewnetrzna zewnetrzny zewnatrz ogrod taras venkovni venku zahrada terasa kulso kinti kert erkely terasz")
    | _words("ulitsa ulichnaya naruzhnaya dvor dissicaklik disari bahce")
)
# Said beside one of those, as by the inner part of a weather station.
INDOORS = _words("indoor indoors inside silnae shinei innen interieur interieure interior interno interna binnen")
# What a board measures of itself, and what it may be called after.
BOARD = (
    _words("cpu gpu processor chip disk ssd hdd nvme nas server router raspberry esp esp32 internal device board")
    | _words("motherboard mainboard chipset fritzbox plug socket dimmer relay steckdose cameratemperature")
    | _words("probe weather count")
)
# Temperatures and humidities that are not those of a room: of machines, of kitchens, of water, of heating, of laundry.
NO_ROOM = (
    _words(
        "battery inverter motor solar pv car vehicle ev tesla nozzle hotend printer 3dprinter drucker bedtemperature"
    )
    | _words("dew dewpoint feels apparent perceived absolute heatindex humidex wetbulb windchill body skin")
    | _words("iseuljeom cegam taupunkt gefuhlte ressentie")
    | _words("oven grill bbq smoker meat microwave coffee espresso kettle fryer airfryer sousvide cooker hob cooktop")
    | _words("stove toaster obeun jeonjareinji bapsot eeopeuraieo 오븐 전자레인지 kaoxiang weibolu 烤箱 微波炉")
    | _words("ofen backofen mikrowelle wasserkocher kaffeemaschine temperaturefour dufour microondes horno microondas")
    | _words("forno ugn ovn uuni piekarnik trouba suto dukhovka firin magnetron")
    | _words("water boiler tank tub jacuzzi pool spa sauna aquarium terrarium soil wine")
    | _words("suon onsu onsugi mulondo boilreo jeongsugi eohang sujo suyeongjang 보일러 온수 수온 정수기 어항 수조")
    | _words("shuiwen reshui yinshui yucao geitang yugang shuizu yongchi 水温 给水 浴槽")
    | _words("wasser warmwasser wassertemperatur poolwasser durchlauferhitzer zisterne brunnen schwimmbad aquario")
    | _words("eau chauffeeau ballon piscine agua calentador piscina acuario acqua scaldabagno acquario zwembad")
    | _words("vatten varmvatten varmtvann vann vand vesi lamminvesi kayttovesi akvarium akvaario woda wody bojler voda")
    | _words("vody viz melegviz medence basen bazen akwarium havuz akvaryum basseyn boyler")
    | _words("radiator chimney flue floor towel coil pipe compressor condenser evaporator exhaust extract discharge")
    | _words("inlet outlet flow return supply floorheating badag diban")
    | _words(
        "kessel puffer pufferspeicher abgas vorlauf rucklauf heizkorper fussbodenheizung boden kollektor verdampfer"
    )
    | _words("verdichter kompressor zuluft abluft fortluft heissgas korper")
    | _words("chaudiere radiateur caldera radiador suelo caldaia termosifone pavimento ketel vloer vloerverwarming")
    | _words("aanvoer retour framledning golv gulv lattia menovesi podlaha podloga padlo kazan kotel kociol bufor")
    | _words("washing washer dryer dishwasher setaggi geonjogi siggiseceoggi wainselreo 세탁기 건조기 식기세척기")
    | _words("xiyi honggan xiwan 洗衣机 waschmaschine trockner geschirrspuler geschirrspueler spulmaschine")
    | _words("lavelinge sechelinge lavevaisselle lavadora secadora lavavajillas lavatrice asciugatrice lavastoviglie")
    | _words("wasmachine droger vaatwasser tvattmaskin torktumlare diskmaskin vaskemaskin torketrommel oppvaskmaskin")
    | _words("opvaskemaskine pesukone kuivausrumpu astianpesukone pralka suszarka zmywarka pracka susicka mycka")
    | _words("mosogep szarito mosogatogep stiralka posudomoyka camasir bulasik")
)
# Rooms all the same, and a thermometer for indoors whose maker calls it weather: each excuses the word in it.
ROOM = (
    _words("boilerroom serverroom serverraum poolroom gardenroom lumiweather aqaraweather")
    | _words("groundfloor firstfloor secondfloor thirdfloor topfloor upperfloor lowerfloor mainfloor 1stfloor 2ndfloor")
    | _words("fourthfloor 3rdfloor 4thfloor floor1 floor2 floor3 bodysensor")
)
FILTER = _words("filter pilteo filtre filtro")
FILTER_LEFT = _words("remaining left life lifetime lifespan lebensdauer sumyeong")
FILTER_USED = _words("used usage hours time age")

# How tongues that write words together end the one that says what is measured; the longest first.
_ENDINGS = _longest_first(
    _words("temperature temperatur temperatura temperatuur temp teplota lampotila homerseklet sicaklik ondo wendu tur")
    | _words("luftfeuchtigkeit luftfeuchte feuchtigkeit feuchte humidity vochtigheid fuktighet fugtighed kosteus")
    | _words("sensor fuhler seubdo shidu 온도 습도 温度 湿度")
)
_FRIDGES = _longest_first(TYPES["refrigerator"])
#: All that count.
_KNOWN = (
    frozenset({"vocindex"})
    .union(*TYPES.values(), SETPOINT, OUTDOORS, INDOORS, BOARD, NO_ROOM, ROOM)
    .union(FILTER, FILTER_LEFT, FILTER_USED)
)
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
    """What the names of one thing come to, read once and known from then on; of its words those that count."""

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
    words = _KNOWN.intersection(chain.from_iterable(map(words_of, names)))
    return _named(words)


# Most names come to nothing, and the rest to few things.
@lru_cache(maxsize=1024)
def _named(words: frozenset[str]) -> Named:
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
    found: list[str] = []
    for word, after in pairwise([*words, ""]):
        found += _parts(word)
        found.append(word + after)
    known = frozenset(found)
    if known.isdisjoint(FREEZER):
        return known
    last = next(part for part in reversed(found) if part in TYPES["refrigerator"])
    return known if last in FREEZER else known - FREEZER


# Names differ, their words hardly.
@lru_cache(maxsize=4096)
def _parts(word: str) -> list[str]:
    parts = [word]
    if word.endswith(_ENDINGS):
        parts.append(word.removesuffix(next(ending for ending in _ENDINGS if word.endswith(ending))))
        # As in `kylskapstemperatur`.
        word = parts[-1].removesuffix("s")
    return parts + [fridge for fridge in _FRIDGES if word.endswith(fridge)] if word.endswith(_FRIDGES) else parts


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
