"""The registered words a value may be, each as a person reads it in Korean and in English."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One thing said in both languages; there is no text in only one."""

    ko: str
    en: str

    def say(self, language: str) -> str:
        return self.en if language.startswith("en") else self.ko


PESTS = {
    "cockroach": Text("바퀴벌레로 보임", "Probably a cockroach"),
    "ant": Text("개미로 보임", "Probably an ant"),
    "mouse": Text("쥐로 보임", "Probably a mouse"),
    "fly": Text("파리로 보임", "Probably a fly"),
    "mosquito": Text("모기로 보임", "Probably a mosquito"),
    "moth": Text("나방으로 보임", "Probably a moth"),
    "silverfish": Text("좀벌레로 보임", "Probably a silverfish"),
    "bed_bug": Text("빈대로 보임", "Probably a bed bug"),
    "spider": Text("거미로 보임", "Probably a spider"),
    "centipede": Text("지네나 그리마로 보임", "Probably a centipede"),
    "other_insect": Text("다른 벌레로 보임", "Probably another insect"),
}

FOODS = {
    "milk": Text("우유", "Milk"),
    "egg": Text("달걀", "Eggs"),
    "kimchi": Text("김치", "Kimchi"),
    "tofu": Text("두부", "Tofu"),
    "yogurt": Text("요구르트", "Yogurt"),
    "cheese": Text("치즈", "Cheese"),
    "butter": Text("버터", "Butter"),
    "meat": Text("고기", "Meat"),
    "fish": Text("생선", "Fish"),
    "leafy_vegetable": Text("잎채소", "Leafy vegetables"),
    "vegetable": Text("채소", "Vegetables"),
    "fruit": Text("과일", "Fruit"),
    "juice": Text("주스", "Juice"),
    "water": Text("물", "Water"),
    "soft_drink": Text("탄산음료", "Soft drink"),
    "side_dish": Text("반찬", "Side dish"),
    "sauce": Text("소스", "Sauce"),
    "leftovers": Text("남은 음식", "Leftovers"),
    "frozen_food": Text("냉동식품", "Frozen food"),
    "other_food": Text("다른 식품", "Other food"),
}

OBSTACLES = {
    "cable": Text("전선", "Cable"),
    "shoes": Text("신발", "Shoes"),
    "sock": Text("양말", "Sock"),
    "fabric": Text("천", "Fabric"),
    "pet_waste": Text("반려동물 배설물", "Pet waste"),
    "stain": Text("얼룩", "Stain"),
    "pet": Text("반려동물", "Pet"),
    "furniture": Text("가구", "Furniture"),
    "threshold": Text("문턱", "Threshold"),
    "other_obstacle": Text("다른 걸림돌", "Other obstacle"),
}
