"""How the API reads bodies, and words in addresses."""

from collections.abc import Collection, Mapping
from typing import IO, Any

from django.utils.translation import gettext
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser

from consent.parties import strict_json
from consent.parties.errors import BodyTooLarge, UnreadableBody

MAX_BODY_BYTES = 64 * 1024


class StrictJSONParser(BaseParser):
    """`application/json`, read strictly and only up to 64 KiB."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            return strict_json.loads(body) if body.strip() else {}
        except UnreadableBody as exc:
            raise ParseError(str(exc), code=exc.code) from exc


def one_of(word: str, words: Collection[str], *, name: str) -> str:
    """Return the query parameter `name` if it is one of the words it may be.

    Raises:
        ValidationError: it is another one.
    """
    if word not in words:
        raise ValidationError({name: [gettext("%(words)s 가운데 하나예요.") % {"words": ", ".join(words)}]})
    return word
