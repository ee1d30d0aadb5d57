from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.delivery import door, operations
from marketplace.delivery.models import Erasure
from marketplace.demand.models import DataRequest
from tests import factories


@pytest.fixture
def data_request(db) -> DataRequest:
    return factories.request_to_read()


@pytest.fixture
def duty(data_request) -> Erasure:
    """A record that was read and then withdrawn: the buyer must erase it."""
    release = factories.release(request=data_request)
    reader = door.Reader(data_request.organisation, "key:1", "list")
    door.read_record(request=data_request, release_id=release.pk, reader=reader, at=timezone.now())
    operations.close_releases(consents=[release.consent], because="withdrawn", at=timezone.now())
    return Erasure.objects.get(release=release)


@pytest.fixture
def api(data_request) -> Callable[..., Any]:
    """Call the API as the buyer's key."""
    key = factories.buyer_key(of=data_request.organisation)

    def call(path: str, *, method: str = "get", key: str = key, **options: Any) -> Any:
        headers = {"authorization": f"Bearer {key}", **options.pop("headers", {})}
        return getattr(Client(), method)(f"/api/v1{path}", headers=headers, **options)

    return call
