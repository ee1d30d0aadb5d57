"""The closed list of reasons why one item of a batch did not become an insight, each said in two languages."""

from dataclasses import dataclass

# What to do, in Korean and in English. No sentence ever carries a value, a name or a key of the payload.
SENTENCES: dict[str, tuple[str, str]] = {
    "wrong_shape": (
        "이 형식이 읽는 모양이 아니에요. 형식 안내를 보고 모양을 맞춰 주세요.",
        "This is not the shape this dialect reads. Compare it with the dialect's description and send it again.",
    ),
    "missing_field": (
        "꼭 필요한 항목이 빠졌거나 종류가 달라요. 적힌 항목을 채워 주세요.",
        "A required field is missing or has the wrong type. Fill in the named field.",
    ),
    "unregistered_field": (
        "등록되지 않은 항목이 있어요. 정해진 항목만 보내 주세요.",
        "There is a field that is not registered. Send only the fields the format names.",
    ),
    "event_too_large": (
        "한 건은 8 KiB까지예요. 알아챈 값만 보내 주세요.",
        "One event may hold 8 KiB. Send only the derived value.",
    ),
    "string_too_long": (
        "256자를 넘는 글은 받지 않아요. 짧은 값만 보내 주세요.",
        "Strings longer than 256 characters are refused. Send short values only.",
    ),
    "raw_media": (
        "사진, 소리, 지도, 링크는 받지 않아요. 알아챈 값만 보내 주세요.",
        "Pictures, sound, maps and links are never accepted. Send only the derived value.",
    ),
    "wrong_source": (
        "source는 urn:device:<가전 번호>여야 해요.",
        "The source must read urn:device:<appliance id>.",
    ),
    "type_mismatch": (
        "type과 kind가 서로 달라요. insight.<kind>.v1로 맞춰 주세요.",
        "The type and the kind disagree. The type must read insight.<kind>.v1.",
    ),
    "not_an_insight": (
        "여기서 다루는 값이 아니라서 아무것도 남기지 않았어요. 보내지 않으셔도 돼요.",
        "Nothing registered can be read from this item, so nothing was kept. There is no need to send it.",
    ),
    "no_data": (
        "센서가 값을 주지 않았어요. 값이 생기면 다시 보내 주세요.",
        "The sensor reported no value. Send it again once there is one.",
    ),
    "not_a_number": (
        "수가 아니에요. 12.5처럼 쉼표와 지수 없이 보내 주세요.",
        "This is not a plain number. Send it like 12.5, without commas or exponents.",
    ),
    "wrong_value": (
        "이 종류에 맞는 값이 아니에요. 수, 참거짓, 등록된 낱말 가운데 맞는 것으로 보내 주세요.",
        "The value does not fit its kind. Send the number, boolean or registered word the kind asks for.",
    ),
    "unknown_kind": (
        "등록되지 않은 종류예요. 형식 목록에서 종류를 골라 주세요.",
        "This kind is not registered. Choose one from the list of dialects.",
    ),
    "unknown_unit": (
        "이 종류에 쓰지 않는 단위예요. 등록된 단위로 보내 주세요.",
        "This unit is not registered for this kind. Send a registered unit.",
    ),
    "missing_unit": (
        "단위가 없어요. 짐작하지 않으니 단위를 함께 보내 주세요.",
        "The unit is missing and is never guessed. Send the unit with the value.",
    ),
    "unit_disputed": (
        "이 항목은 기기마다 뜻이나 단위가 달라서 받지 않아요. 단위가 분명한 센서의 값을 보내 주세요.",
        "What this field means, or its unit, differs between appliances. Send a value whose unit is beyond doubt.",
    ),
    "warming_up": (
        "센서가 이제 막 켜졌어요. 몇 분 뒤에 다시 보내 주세요.",
        "The sensor has only just started. Send its values again in a few minutes.",
    ),
    "unknown_word": (
        "등록되지 않은 낱말이에요. 이 종류의 낱말 목록에서 골라 주세요.",
        "This word is not registered. Choose one from the words of this kind.",
    ),
    "unknown_zone": (
        "등록되지 않은 칸이에요. 이 종류의 칸 이름으로 보내 주세요.",
        "This zone is not registered. Send one of the zones of this kind.",
    ),
    "unknown_scheme": (
        "어떤 대기질 지수인지 알 수 없어요. 지수 대신 PM2.5 농도를 보내 주세요.",
        "It is unclear which air quality index this is. Send the PM2.5 concentration instead.",
    ),
    "person_refused": (
        "사람을 본 일은 받지 않아요. 집에서 지워 주세요.",
        "Sightings of people are never accepted. Drop them at home.",
    ),
    "out_of_range": (
        "이 종류에서 나올 수 없는 값이에요. 센서와 단위를 살펴봐 주세요.",
        "This value cannot occur for its kind. Check the sensor and the unit.",
    ),
    "wrong_time": (
        "시각을 읽을 수 없어요. 2026-11-20T18:40:00+09:00처럼 보내 주세요.",
        "The time cannot be read. Send it like 2026-11-20T18:40:00+09:00.",
    ),
    "time_in_future": (
        "앞날의 시각이에요. 기기의 시계를 맞춰 주세요.",
        "The time lies in the future. Set the clock of the appliance.",
    ),
    "conflict": (
        "같은 번호로 다른 내용이 이미 와 있어요. 새 일이면 새 번호로 보내 주세요.",
        "Another content came under the same id before. Send a new event under a new id.",
    ),
    "too_old": (
        "이레가 지난 값은 받지 않아요. 새 값을 보내 주세요.",
        "Values older than seven days are not accepted. Send a recent one.",
    ),
    "missing_interval": (
        "언제부터 언제까지인지 필요해요. 시작과 끝을 함께 보내 주세요.",
        "This kind needs the span it covers. Send its start and end.",
    ),
    "wrong_interval": (
        "시작과 끝이 맞지 않거나 31일을 넘어요. 끝난 구간으로 보내 주세요.",
        "The span is reversed, still open or longer than 31 days. Send one that has ended.",
    ),
    "model_required": (
        "이 종류는 알아챈 모델의 이름, 판, SHA-256이 필요해요. method에 적어 주세요.",
        "This kind needs the model that noticed it: id, version and SHA-256. Put them into method.",
    ),
    "confidence_required": (
        "이 종류는 0에서 1 사이의 확신이 필요해요. confidence에 적어 주세요.",
        "This kind needs a confidence between 0 and 1. Put it into confidence.",
    ),
    "too_many_new_appliances": (
        "하루에 새로 들일 수 있는 가전은 삼백 대까지예요. 이 가전은 내일 다시 보내 주세요.",
        "A home takes in three hundred new appliances a day. Send what this one noticed again tomorrow.",
    ),
    "doubled_value": (
        "같은 값이 한 번에 두 번 왔어요. 하나만 보내 주세요.",
        "The same value came twice in one body. Send it once.",
    ),
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """One item that was refused; `field` is a path in our own words, never a key the sender chose."""

    index: int
    code: str
    field: str | None = None

    def __post_init__(self) -> None:
        if self.code not in SENTENCES:
            raise ValueError("A rejection needs a code from the closed list.")

    @property
    def detail(self) -> str:
        """The English sentence, with the field it is about."""
        return self.say("en")

    def say(self, language: str) -> str:
        """Say in Korean (`ko`) or English what the sender should do."""
        said = self._said(language)
        if self.field is None:
            return said
        return f"{said} (항목: {self.field})" if language.startswith("ko") else f"{said} (Field: {self.field})"

    def title(self, language: str) -> str:
        """Say in Korean (`ko`) or English what is wrong: the first sentence, whatever item it is about."""
        return self._said(language).split(". ")[0].removesuffix(".")

    def _said(self, language: str) -> str:
        return SENTENCES[self.code][0 if language.startswith("ko") else 1]


class ItemRefused(Exception):
    """Raised inside a dialect to leave one item; the dialect turns it into a Rejection."""

    def __init__(self, code: str, field: str | None = None) -> None:
        super().__init__(code)
        self.code, self.field = code, field

    def at(self, index: int) -> Rejection:
        return Rejection(index, self.code, self.field)
