"""Formats besides JSON that long lists come in, one line a row."""

from typing import Any

from rest_framework.renderers import BaseRenderer


class _Lines(BaseRenderer):
    """Takes part in content negotiation only: the views answer a stream of their own."""

    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        raise NotImplementedError


class NDJSON(_Lines):
    media_type = "application/x-ndjson"
    format = "ndjson"


class CSV(_Lines):
    media_type = "text/csv"
    format = "csv"
