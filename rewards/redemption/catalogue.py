"""The first things in the shop: every kind of reward at least once, each made for appliances that homes have."""

from typing import NamedTuple

from consent.parties.models import Organisation
from rewards.redemption import operations
from rewards.redemption.models import Reward

Kind = Reward.Kind


class Item(NamedTuple):
    """What one reward of the catalogue is called, costs and fits, before anybody offers it."""

    kind: str
    tokens: int
    fits: tuple[str, ...]
    stock: int | None
    name_ko: str
    name_en: str
    words_ko: str
    words_en: str


PURIFIER, VACUUM, FRIDGE, COOLER, OVEN = (
    "air_purifier",
    "robot_vacuum",
    "refrigerator",
    "air_conditioner",
    "microwave",
)
#: What a service firm does at the door.
SERVICES = (
    Item(
        Kind.SERVICE, 450, (FRIDGE,), None,
        "냉장고 방문 점검", "Refrigerator check at home",
        "기사님 한 분이 오셔서 온도와 문, 배수를 살펴 드려요.", "One engineer checks temperature, doors and drain.",
    ),
    Item(
        Kind.SERVICE, 900, (COOLER,), 6,
        "에어컨 분해 세척", "Air conditioner deep clean",
        "기사님 두 분이 두 시간쯤 걸려요.", "Two engineers, about two hours.",
    ),
    Item(
        Kind.SERVICE, 300, (PURIFIER, VACUUM), None,
        "공기청정기·로봇청소기 방문 점검", "Purifier or robot vacuum check at home",
        "소음, 센서, 바퀴를 살피고 안쪽까지 닦아 드려요.", "Noise, sensors and wheels, cleaned inside.",
    ),
    Item(
        Kind.SERVICE, 100, (PURIFIER,), None,
        "공기청정기 안쪽 청소", "Air purifier cleaned inside",
        "기사님 한 분이 오셔서 센서와 안쪽을 닦아 드려요.", "One engineer cleans the sensor and the inside.",
    ),
    Item(
        Kind.SERVICE, 320, (FRIDGE,), 2,
        "냉장고 문 고무 교체", "New refrigerator door seal",
        "찬 기운이 새는 문 고무를 새것으로 바꿔 드려요.", "A fresh seal where the cold leaks out.",
    ),
)  # fmt: skip
#: What a manufacturer sends.
PARTS = (
    Item(
        Kind.FILTER, 600, (PURIFIER,), 40,
        "헤파 필터", "HEPA filter",
        "공기청정기에 맞는 새 필터 하나예요.", "One new filter for your air purifier.",
    ),
    Item(
        Kind.FILTER, 80, (PURIFIER,), 80,
        "공기청정기 앞 거름망", "Air purifier pre-filter",
        "큰 먼지를 먼저 거르는 망이에요. 물로 씻을 수 있어요.", "Catches coarse dust first; washable.",
    ),
    Item(
        Kind.FILTER, 150, (COOLER,), 40,
        "에어컨 먼지 거름망", "Air conditioner dust screen",
        "물로 씻어 오래 쓰는 거름망이에요.", "A washable screen that lasts.",
    ),
    Item(
        Kind.ACCESSORY, 180, (VACUUM,), 100,
        "로봇청소기 먼지주머니 5장", "Robot vacuum dust bags, five",
        "비움통에 꼭 맞는 종이 주머니예요.", "Paper bags that fit the dock.",
    ),
    Item(
        Kind.ACCESSORY, 140, (VACUUM,), 60,
        "로봇청소기 옆솔 한 쌍", "Robot vacuum side brushes, a pair",
        "닳은 옆솔을 손으로 바꿔 끼울 수 있어요.", "Swap the worn ones by hand.",
    ),
    Item(
        Kind.ACCESSORY, 90, (OVEN,), 60,
        "전자레인지 유리 접시", "Microwave glass plate",
        "지름 27cm, 대부분의 모델에 맞아요.", "27 cm across; fits most models.",
    ),
    Item(
        Kind.APPLIANCE, 2_000, (PURIFIER,), 20,
        "새 공기청정기 5만 원 덜기", "50,000 won off a new air purifier",
        "새 공기청정기를 살 때 값에서 빼 드려요.", "Taken off the price when you buy.",
    ),
    Item(
        Kind.APPLIANCE, 3_200, (VACUUM, FRIDGE, COOLER), 10,
        "새 가전 8만 원 덜기", "80,000 won off a new appliance",
        "로봇청소기, 냉장고, 에어컨 가운데 하나를 살 때 빼 드려요.", "Off a robot vacuum, fridge or air conditioner.",
    ),
)  # fmt: skip


def seed_catalogue(provider: Organisation, manufacturer: Organisation) -> list[Reward]:
    """Put the first rewards into the shop, once: services by `provider`, parts and new appliances by `manufacturer`.

    Returns:
        All of them, those that were there before included.
    """
    wanted = [(provider, item) for item in SERVICES] + [(manufacturer, item) for item in PARTS]
    return [_offered(organisation, item) for organisation, item in wanted]


def _offered(organisation: Organisation, item: Item) -> Reward:
    there = Reward.objects.filter(provider=organisation, name_ko=item.name_ko).first()
    return there or operations.offer_reward(provider=organisation, **item._asdict())
