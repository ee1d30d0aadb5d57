"""How the API reads bodies."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from consent.parties import strict_json
from consent.parties.errors import UnreadableBody

MAX_BODY_BYTES = 64 * 1024


class BodyTooLarge(APIException):
    """The body is larger than this endpoint reads."""

    status_code = 413
    default_code = "too_large"
    default_detail = "본문이 너무 커요. 나누어 보내 주세요."


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
