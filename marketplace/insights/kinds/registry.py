"""The registry of kinds: what may be noticed, in which unit and range, how sensitive it is and how it is said.

Its ranges are those of the sensors' data sheets. A kind that is not here does not exist.
"""

from marketplace.insights.kinds.concluded import CONCLUDED
from marketplace.insights.kinds.kind import Kind, Sensitivity, SoftFlag, Topic
from marketplace.insights.words import FOODS, OBSTACLES, PESTS, Text

_DUST = (SoftFlag("unusually_high", above=500),)
_DUST_SENTINELS = (-1, 65535)
_FRIDGE_ZONES = {"cooler": Text("냉장실", "Cooler"), "freezer": Text("냉동실", "Freezer")}


def _dust(code: str, ko: str, en: str) -> Kind:
    return Kind(
        code=code,
        label=Text(ko, en),
        topic=Topic.AIR,
        icon="purifier",
        unit="ug/m3",
        high=1000,
        sentinels=_DUST_SENTINELS,
        flags=_DUST,
    )


_ALL = (
    _dust("air.pm1", "극초미세먼지 PM1", "Very fine dust PM1"),
    _dust("air.pm25", "초미세먼지 PM2.5", "Fine dust PM2.5"),
    _dust("air.pm10", "미세먼지 PM10", "Dust PM10"),
    Kind(
        code="air.co2",
        label=Text("이산화탄소", "Carbon dioxide"),
        topic=Topic.AIR,
        icon="purifier",
        unit="[ppm]",
        low=250,
        high=40_000,
        decimals=1,
        bands=(100, 500),
        # 0 ppm cannot be: it means that no sensor is fitted.
        sentinels=(-1, 0, 65535),
        flags=(
            SoftFlag("check_calibration", below=380),
            SoftFlag("unusually_high", above=10_000),
            SoftFlag("sensor_rail", equals=(350, 400, 2000, 5000)),
        ),
    ),
    Kind(
        code="air.voc_index",
        label=Text("휘발성 유기화합물 지수", "VOC index"),
        topic=Topic.AIR,
        icon="purifier",
        unit="{voc_index}",
        high=500,
        decimals=1,
        bands=(50, 100),
        sentinels=(-1,),
        flags=(SoftFlag("blackout", equals=(0,)),),
    ),
    Kind(
        code="air.tvoc_mass",
        label=Text("휘발성 유기화합물", "Volatile organic compounds"),
        topic=Topic.AIR,
        icon="purifier",
        unit="ug/m3",
        high=10_000,
        bands=(100, 500),
        sentinels=(-1, -202),
    ),
    Kind(
        code="air.tvoc_ratio",
        label=Text("휘발성 유기화합물", "Volatile organic compounds"),
        topic=Topic.AIR,
        icon="purifier",
        unit="[ppb]",
        high=60_000,
        bands=(100, 500),
        sentinels=(-1, -202),
    ),
    Kind(
        code="air.hcho",
        label=Text("폼알데하이드", "Formaldehyde"),
        topic=Topic.AIR,
        icon="purifier",
        unit="ug/m3",
        high=10_000,
        sentinels=(-1,),
    ),
    Kind(
        code="air.aqi",
        label=Text("대기질 지수", "Air quality index"),
        topic=Topic.AIR,
        icon="purifier",
        unit="{aqi}",
        high=500,
        decimals=1,
        sentinels=(-1,),
        # Five other things are called AQI; none of them compares with this one.
        schemes=frozenset({"us_epa"}),
    ),
    Kind(
        code="climate.temperature",
        label=Text("실내 온도", "Room temperature"),
        topic=Topic.AIR,
        icon="cooler",
        unit="Cel",
        low=-40,
        high=85,
        bands=(1, 5),
        flags=(SoftFlag("unlikely_indoors", below=-10, above=60),),
    ),
    Kind(
        code="climate.humidity",
        label=Text("습도", "Humidity"),
        topic=Topic.AIR,
        icon="cooler",
        unit="%",
        high=100,
        bands=(10, 20),
        flags=(SoftFlag("placeholder", equals=(0,)),),
    ),
    Kind(
        code="appliance.energy",
        label=Text("쓴 전기", "Energy used"),
        topic=Topic.POWER,
        icon="cooler",
        unit="kW.h",
        high=24,
        decimals=4,
        bands=(1, 5),
        sensitivity=Sensitivity.HABIT,
        span="window",
    ),
    Kind(
        code="appliance.power",
        label=Text("쓰는 전력", "Power draw"),
        topic=Topic.POWER,
        icon="cooler",
        unit="W",
        high=10_000,
        bands=(100, 500),
        sentinels=(-500,),
        sensitivity=Sensitivity.HABIT,
    ),
    Kind(
        code="fridge.temperature",
        label=Text("냉장고 온도", "Fridge temperature"),
        topic=Topic.CARE,
        icon="fridge",
        unit="Cel",
        low=-40,
        high=25,
        bands=(1, 5),
        # −40 is what a compartment that is not fitted reports.
        sentinels=(-40,),
        flags=(
            SoftFlag("outside_usual", below=0, above=8, zone="cooler"),
            SoftFlag("outside_usual", below=-25, above=-10, zone="freezer"),
        ),
        zones=_FRIDGE_ZONES,
    ),
    Kind(
        code="fridge.door_openings",
        label=Text("냉장고 문을 연 횟수", "Fridge door openings"),
        topic=Topic.CARE,
        icon="fridge",
        unit="{opening}",
        high=500,
        decimals=0,
        bands=(5, 20),
        sensitivity=Sensitivity.HABIT,
        zones=_FRIDGE_ZONES,
    ),
    Kind(
        code="fridge.door_open_time",
        label=Text("냉장고 문이 열려 있던 시간", "How long the fridge door stood open"),
        topic=Topic.CARE,
        icon="fridge",
        unit="s",
        high=86_400,
        decimals=1,
        bands=(60, 600),
        sensitivity=Sensitivity.HABIT,
        zones=_FRIDGE_ZONES,
    ),
    Kind(
        code="microwave.cook",
        label=Text("전자레인지를 돌린 시간", "Microwave cooking time"),
        topic=Topic.FOOD,
        icon="microwave",
        unit="s",
        high=86_400,
        decimals=1,
        bands=(60, 600),
        sensitivity=Sensitivity.HABIT,
    ),
    Kind(
        code="vacuum.obstacle",
        label=Text("바닥에서 본 것", "Seen on the floor"),
        topic=Topic.CARE,
        icon="vacuum",
        value_type="word",
        words=OBSTACLES,
        sensitivity=Sensitivity.HABIT,
        # Vacuums say how sure they are, but not which build of which model saw it.
        needs_confidence=True,
    ),
    Kind(
        code="pest.sighting",
        label=Text("본 것", "Seen"),
        topic=Topic.PEST,
        icon="vacuum",
        value_type="word",
        words=PESTS,
        sensitivity=Sensitivity.PEST,
        edge_only=True,
    ),
    Kind(
        code="food.item",
        label=Text("냉장고에 있는 것", "In the fridge"),
        topic=Topic.FOOD,
        icon="fridge",
        value_type="word",
        words=FOODS,
        sensitivity=Sensitivity.FOOD,
        edge_only=True,
        zones=_FRIDGE_ZONES,
    ),
    Kind(
        code="presence.absence",
        label=Text("집이 비어 있던 동안", "While the home was empty"),
        topic=Topic.PRESENCE,
        icon="cooler",
        value_type="flag",
        yes=Text("비어 있었어요", "It was empty"),
        sensitivity=Sensitivity.PRESENCE,
        span="interval",
        edge_only=True,
    ),
    Kind(
        code="presence.cooled_while_away",
        label=Text("빈집에서 켜진 냉방", "Cooling an empty home"),
        topic=Topic.PRESENCE,
        icon="cooler",
        unit="h",
        high=31 * 24,
        bands=(1, 3),
        sensitivity=Sensitivity.PRESENCE,
        span="interval",
        edge_only=True,
    ),
    Kind(
        code="filter.remaining",
        label=Text("필터 남은 수명", "Filter life left"),
        topic=Topic.CARE,
        icon="purifier",
        unit="%",
        high=100,
        decimals=1,
        bands=(10, 50),
        sentinels=(-1,),
    ),
    Kind(
        code="device.fault",
        label=Text("고장 알림", "Fault"),
        topic=Topic.CARE,
        icon="purifier",
        value_type="fault",
    ),
)

KINDS: dict[str, Kind] = {kind.code: kind for kind in (*_ALL, *CONCLUDED)}


def find(code: str) -> Kind | None:
    """Return a registered kind; an unregistered one is None, and None means no."""
    return KINDS.get(code)
