"""The OpenAPI 3.1 schema, kept true: every operation declares the problems that any request may meet."""

import re
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from config.api_errors import CONTENT_TYPE

#: What any request may meet, and what only one that writes may meet.
ANYWHERE = {
    400: "The request cannot be read, or a value in it needs another one.",
    401: "No key or session, or one that does not open.",
    403: "This seat may not do that.",
    404: "There is no such thing, or it is somebody else's; the two look alike.",
    405: "This address does not take this method.",
    406: "None of the formats asked for is offered here.",
    409: "Not possible in the present state; what was read before has changed.",
    410: "It was there once and may no longer be read.",
    422: "Understood, but outside the bounds.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "A key cannot be read just now, and nothing was lost; `Retry-After` says when to come back.",
}
WRITING = {
    402: "Not enough tokens.",
    413: "The body is larger than this address reads.",
    415: "This content type is not read here.",
}
PROBLEM = {
    "type": "object",
    "description": "An RFC 9457 problem. `code` is stable; `title` and `detail` are for people.",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer to the place in the body."},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}
HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
    503: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
}
METHODS = {"get", "post", "put", "patch", "delete"}
_ADDRESS = re.compile(r"^[A-Z/]+ (?P<path>/\S*?)(\{.*?\})?:\s*")


class MaruSchema(AutoSchema):
    """How a view describes itself: its docstring reads `GET /api/v1/…: what it does`."""

    def get_operation_id(self) -> str:
        """Return the method and the address as one word, which is unique by construction."""
        parts = [re.sub(r"\{.*\}", "by_id", part) for part in self.path.removeprefix(self.path_prefix).split("/")]
        return re.sub(r"\W+", "_", "_".join([self.method.lower(), *filter(None, parts)]))

    def get_summary(self) -> str | None:
        """Return the first sentence of what the view does."""
        words = super().get_summary() or _ADDRESS.sub("", super().get_description())
        return words.strip().partition("\n")[0].rstrip(".") or None

    # drf-spectacular's signature, which is not the one its base class has.
    def get_description(self) -> str:  # type: ignore[override]
        """Return the docstring without its address, which the schema says already."""
        return _ADDRESS.sub("", super().get_description())


class MachineKeyScheme(OpenApiAuthenticationExtension):
    """A machine key as a bearer token; hubs that know nothing else may send it as a Basic password."""

    target_class = "consent.parties.authentication.MachineKeyAuthentication"
    name = ["machineKey", "hubBasic"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "`maru_<prefix>_<secret>`"},
            {"type": "http", "scheme": "basic", "description": "Any name, the key as the password; on ingest only."},
        ]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        basic = getattr(auto_schema.view, "allows_basic_keys", False)
        return [{"machineKey": []}, {"hubBasic": []}] if basic else [{"machineKey": []}]


class BrowserSessionScheme(OpenApiAuthenticationExtension):
    """A signed-in person's browser; every write also carries `X-CSRFToken`."""

    target_class = "consent.parties.authentication.BrowserSession"
    name = "browserSession"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": self.__doc__}


def declare_common_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Declare the problem answers that any operation may give (a postprocessing hook of drf-spectacular)."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {f"Problem{status}": _answer(status, why) for status, why in (ANYWHERE | WRITING).items()}
    for operations in result.get("paths", {}).values():
        for method in METHODS & operations.keys():
            expected = ANYWHERE if method == "get" else ANYWHERE | WRITING
            for status in expected:
                operations[method]["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return result


def _answer(status: int, why: str) -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": why, "content": content} | ({"headers": HEADERS[status]} if status in HEADERS else {})


class SignedRequestScheme(OpenApiAuthenticationExtension):
    """A request that a paired key signed, in the headers of Standard Webhooks."""

    target_class = "marketplace.appliances.authentication.SignedRequest"
    name = "signedRequest"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "maru-key",
            "description": "The key's id, beside `webhook-id`, `webhook-timestamp` and `webhook-signature: v1a,…`: "
            "Ed25519 over `id.timestamp.body`, the body as sent. Five minutes to both sides, each id once.",
        }
