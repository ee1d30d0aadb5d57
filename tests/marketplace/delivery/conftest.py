from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from marketplace.demand.models import DataRequest
from tests import factories


@pytest.fixture
def data_request(db) -> DataRequest:
    return factories.request_to_read()


@pytest.fixture
def api(data_request) -> Callable[..., Any]:
    """Call the API as the buyer's key."""
    key = factories.buyer_key(of=data_request.organisation)

    def call(path: str, *, method: str = "get", key: str = key, **options: Any) -> Any:
        headers = {"authorization": f"Bearer {key}", **options.pop("headers", {})}
        return getattr(Client(), method)(f"/api/v1{path}", headers=headers, **options)

    return call
