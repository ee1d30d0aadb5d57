"""Refusals of a whole request from an appliance or its hub."""

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
    """The body is compressed."""

    code = "unsupported_content_encoding"
    sentence = _("압축된 본문은 읽지 않아요. 있는 그대로 보내 주세요.")
