"""Refusals of the parties room. Each class is one fact, with a code that an API may show."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class PartiesError(Exception):
    """Base of every refusal in this room."""

    code = "parties"


class NotPermitted(PartiesError):
    """The person or key has no seat from which this may be done."""

    code = "not_permitted"


class OrganisationSuspended(PartiesError):
    """The organisation may not act until an admin lifts its suspension."""

    code = "organisation_suspended"


class InvitationOver(PartiesError):
    """There is no such invitation, or none any more: it was followed, withdrawn, or its days have passed."""

    code = "invitation_over"


class AlreadyAtHome(PartiesError):
    """The person belongs to a home already; nobody belongs to two."""

    code = "already_at_home"


class HasSeat(PartiesError):
    """The person acts for an organisation; who asks homes does not answer as one of them."""

    code = "has_seat"


class TooManyInvitations(PartiesError):
    """As many invitations are open as one home may have."""

    code = "too_many_invitations"


class InvalidCursor(PartiesError):
    """The cursor was not made by this list."""

    code = "invalid_cursor"


class UnreadableBody(PartiesError):
    """A request that cannot be read as a whole. `code` is stable; the sentence never quotes the body."""

    code = "unreadable_body"
    sentence: str | Promise = _("본문을 읽을 수 없어요.")

    def __str__(self) -> str:
        return str(self.sentence)


class BodyTooLarge(UnreadableBody):
    """The body is larger than one request may carry."""

    code = "body_too_large"
    sentence = _("본문이 너무 커요. 나누어 보내 주세요.")


class NotUtf8(UnreadableBody):
    """The bytes are not UTF-8 text."""

    code = "not_utf8"
    sentence = _("본문이 UTF-8이 아니에요.")


class NotJson(UnreadableBody):
    """The text is not JSON."""

    code = "not_json"
    sentence = _("본문이 JSON이 아니에요. 끝에 남은 쉼표나 잘린 본문이 아닌지 봐 주세요.")


class TooDeep(UnreadableBody):
    """The JSON is nested deeper than anything Maru reads."""

    code = "too_deep"
    sentence = _("서른두 겹보다 깊은 본문은 읽지 않아요.")


class NumberNotFinite(UnreadableBody):
    """The JSON holds NaN, Infinity or a number too large to keep."""

    code = "number_not_finite"
    sentence = _("NaN이나 무한대, 담을 수 없이 큰 수가 있어요. 그런 값은 빼고 보내 주세요.")


class DoubledKey(UnreadableBody):
    """An object holds the same name twice, so its meaning is unclear."""

    code = "doubled_key"
    sentence = _("한 객체에 같은 이름이 두 번 있어요.")
