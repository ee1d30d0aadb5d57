"""The purposes a buyer may name, each with the bounds that every data request for it keeps."""

from dataclasses import dataclass

from consent.parties.languages import in_language


@dataclass(frozen=True)
class Purpose:
    """One purpose.

    Attributes:
        dpv: the term of the Data Privacy Vocabulary 2.3 that a receipt names.
        topics: what may be asked for under this purpose (see `insights.kinds`).
        max_retention_days: the longest a buyer may keep a record under this purpose.
    """

    code: str
    dpv: str
    ko: str
    en: str
    topics: frozenset[str]
    max_retention_days: int

    @property
    def label(self) -> str:
        return in_language(ko=self.ko, en=self.en)


_AIR, _FOOD, _PEST, _POWER, _PRESENCE, _CARE = "air", "food", "pest", "power", "presence", "care"

PURPOSES: dict[str, Purpose] = {
    purpose.code: purpose
    for purpose in (
        Purpose(
            "public_air",
            "dpv:ImprovePublicServices",
            "공공 서비스 개선, 환기와 공기 관리",
            "Improving public services: ventilation and air",
            frozenset({_AIR}),
            30,
        ),
        Purpose(
            "public_health",
            "dpv:ProvideOfficialStatistics",
            "동네 보건 통계",
            "Health statistics of a district",
            frozenset({_AIR, _PEST}),
            90,
        ),
        Purpose(
            "pest_control",
            "dpv:RequestedServiceProvision",
            "방제 점검",
            "Planning pest inspections",
            frozenset({_PEST}),
            14,
        ),
        Purpose(
            "food_supply",
            "dpv:CommercialResearch",
            "먹거리 수요 살피기",
            "Understanding demand for food",
            frozenset({_FOOD}),
            30,
        ),
        Purpose(
            "energy_saving",
            "dpv:PublicBenefit",
            "전력 낭비 줄이기",
            "Saving energy",
            frozenset({_POWER, _PRESENCE}),
            90,
        ),
        Purpose(
            "research",
            "dpv:AcademicResearch",
            "학술 연구",
            "Academic research",
            frozenset({_AIR, _FOOD, _PEST, _POWER, _CARE}),
            180,
        ),
    )
}
