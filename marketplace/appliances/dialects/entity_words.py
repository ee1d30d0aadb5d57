"""The words that count in Home Assistant's entity ids: people name things in their language, in Latin letters.

An id like `sensor.naengjanggo_ondo` is all that tells a fridge's temperature from a room's.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FREEZER = _words("freezer naengdongsil naengdonggo gefrierschrank gefrierfach congelateur congelador vriezer")
# The first type one of whose words stands in the entity id; a guess the household can correct.
TYPES: dict[str, frozenset[str]] = {
    "refrigerator": FREEZER
    | _words("fridge refrigerator naengjanggo naengjangsil gimcinaengjanggo")
    | _words("kuhlschrank refrigerateur frigo frigorifico nevera koelkast"),
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
    | _words("nozzle hotend printer")
    | _words("outdoor outside weather forecast dew dewpoint feels apparent aussen aussentemperatur taupunkt")
    | _words("siloe siloegi oebu suon onsu boilreo setaggi geonjogi siggiseceoggi wainselreo iseuljeom cegamondo")
)
FILTER_LEFT = _words("remaining left life")
FILTER_USED = _words("used usage hours time age")
