"""Where the schema is read, and the page to try it on."""

import functools
from typing import Any

from csp.decorators import csp_update
from django.utils import translation
from django.utils.decorators import method_decorator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response


@functools.lru_cache(maxsize=1)
def whole_schema() -> dict[str, Any]:
    """Return the schema of everything, made once per process, in English whoever asks first."""
    generator = spectacular_settings.DEFAULT_GENERATOR_CLASS()
    with translation.override("en"):
        return generator.get_schema(request=None, public=True)


class Schema(SpectacularJSONAPIView):
    """GET /api/v1/schema: this document."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(whole_schema(), headers={"Cache-Control": "public, max-age=300"})


@method_decorator(csp_update({"style-src": ["'unsafe-inline'"], "img-src": ["data:"]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """GET /api/docs: the schema as a page to try it on. Swagger styles itself inline: the one exception to our CSP."""

    authentication_classes = []
    permission_classes = [AllowAny]
    url_name = "schema"
    url_self = "/api/docs?script"
