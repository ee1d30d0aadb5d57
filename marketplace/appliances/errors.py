"""Refusals of the appliances room: of a whole request, of a key, of a code."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.parties.errors import UnreadableBody


class TooManyItems(UnreadableBody):
    """One batch holds more items than it may."""

    code = "too_many_items"
    sentence = _("한 번에 오백 건까지 보낼 수 있어요. 나머지는 다음에 보내 주세요.")


class UnsupportedContentType(UnreadableBody):
    """The body comes in a form that is not read here."""

    code = "unsupported_content_type"
    sentence = _("여기서 읽는 Content-Type이 아니에요. 형식 안내에 있는 것으로, UTF-8로 보내 주세요.")


class UnsupportedContentEncoding(UnreadableBody):
    """The body is packed in a way that is not unpacked here."""

    code = "unsupported_content_encoding"
    sentence = _("gzip이나 zstd 하나로만 압축해서, 또는 있는 그대로 보내 주세요.")
    accept_encoding = "gzip, zstd"


class CannotUnpack(UnreadableBody):
    """The packed body is cut off or damaged."""

    code = "cannot_unpack"
    sentence = _("압축을 풀 수 없어요. 잘리지 않았는지, 적힌 방식으로 압축했는지 봐 주세요.")


class AppliancesError(Exception):
    """Base of every other refusal in this room. It never says whose a key or a code is."""

    code = "appliances"
    sentence: str | Promise = _("지금은 할 수 없는 일이에요.")

    def __str__(self) -> str:
        return str(self.sentence)


class SignatureRefused(AppliancesError):
    """The headers, the key or the signature of a signed request are not in order. All of these look alike."""

    code = "signature_refused"
    sentence = _("이 서명으로는 열리지 않아요. 열쇠 번호와 서명한 글을 다시 봐 주세요.")
    auth_header = "Bearer"


class KeyEnded(AppliancesError):
    """A carried key ended while its request was on its way; refused as one that had ended before."""

    code = "authentication_failed"
    sentence = _("이 열쇠로는 열리지 않아요.")
    auth_header = "Bearer"


class ApplianceLeft(AppliancesError):
    """An appliance left its home while a request that speaks of it was on its way."""

    code = "appliance_left"
    sentence = _("그사이에 집을 떠난 가전이 있어요. 한 번 더 보내 주세요.")


class ClockTooFarOff(AppliancesError):
    """A signed request says it was sent at another time than now."""

    code = "timestamp_outside_window"
    sentence = _("보낸 시각이 지금과 다섯 분 넘게 달라요. 시계를 맞추고 새로 서명해 주세요.")
    auth_header = "Bearer"


class MessageRepeated(AppliancesError):
    """This key has sent a request under this id before, and it was taken in."""

    code = "message_repeated"
    sentence = _("같은 번호의 묶음을 이미 받았어요. 다른 일이면 새 번호로 보내 주세요.")


class KeyUnusable(AppliancesError):
    """What should be a public key is none that anybody could safely sign with."""

    code = "key_unusable"
    sentence = _("Ed25519 공개 열쇠가 아니에요. whpk_ 뒤에 32바이트를 base64로 적어 주세요.")


class KeyAlreadyPaired(AppliancesError):
    """The public key belongs to a home already, this one or another."""

    code = "key_already_paired"
    sentence = _("이미 쓰이는 열쇠예요. 지금 있는 집에서 먼저 내보내거나, 새 열쇠를 만들어 주세요.")


class RotationUnderway(AppliancesError):
    """Two keys are valid already; the older one has to end first."""

    code = "rotation_underway"
    sentence = _("열쇠 두 개가 이미 함께 쓰이고 있어요. 앞의 열쇠가 끝난 다음에 바꿔 주세요.")


class PairingCodeUnknown(AppliancesError):
    """No home is waiting for this code: never made, used, withdrawn or past its ten minutes. All look alike."""

    code = "pairing_code_unknown"
    sentence = _("이 코드로는 들어올 수 없어요. 새 코드를 받아 주세요.")


class TooManyCodes(AppliancesError):
    """Somebody asks for codes, or guesses at them, too often."""

    code = "too_many_codes"
    sentence = _("너무 자주 하셨어요. 십 분쯤 뒤에 다시 해 주세요.")
    wait = 600


class NoBroker(AppliancesError):
    """Maru has no broker that hubs could reach; over HTTP everything can be sent."""

    code = "no_broker"
    sentence = _("이 마루에는 MQTT 브로커가 없어요. HTTP로 보내 주세요.")


class UnknownTopic(AppliancesError):
    """It was published under a topic that names no pairing, or no dialect."""

    code = "unknown_topic"
    sentence = _("여기서 읽는 주제가 아니에요. in/<번호>/<형식>/ 아래에 보내 주세요.")


class NotOneAppliance(AppliancesError):
    """These two cannot be one appliance."""

    code = "not_one_appliance"
    sentence = _("이 둘은 하나로 묶을 수 없어요.")


class NotTheirsToOwn(AppliancesError):
    """This appliance cannot become that member's own."""

    code = "not_theirs_to_own"
    sentence = _("이 가전은 그 식구의 것으로 할 수 없어요.")


class PresenceIsEverybodys(NotTheirsToOwn):
    """It tells whether the home is empty, which is about everybody who lives there."""

    code = "presence_is_everybodys"
    sentence = _("집이 비었는지 알 수 있는 가전은 한 사람의 것으로 하지 않아요. 모두의 일이니까요.")


class FlagDecided(AppliancesError):
    """Somebody has looked at this flag already."""

    code = "flag_decided"
    sentence = _("이미 살펴보고 정한 일이에요.")
