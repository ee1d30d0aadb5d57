"""A delivery, taken in and looked at."""

import json

import pytest
from django.utils import timezone

from marketplace.insights import operations, vault
from marketplace.insights.models import Insight
from marketplace.insights.mqtt.intake import Intake
from marketplace.insights.mqtt.publications import Publication

SENSOR = {"ENERGY": {"Power": 812}}


def take(*publications: Publication, intake: Intake | None = None, at: object = None) -> list[Publication]:
    (intake or Intake(client="bridge")).take_in(publications, at=at or timezone.now())
    assert all(one.is_done for one in publications)
    return list(publications)


def publication(
    pairing_id: object, topic: str, payload: object, *, packet: int = 0, again: bool = False
) -> Publication:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Publication(f"in/{pairing_id}/{topic}", body, packet, again)


def watch_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many items are stored at once."""
    sizes: list[int] = []
    real = operations.record_insights

    def record(*, items, **given):
        sizes.append(len(items))
        return real(items=items, **given)

    monkeypatch.setattr(operations, "record_insights", record)
    return sizes


def sealed(insight: Insight) -> dict[str, object]:
    return json.loads(vault.open_sealed(insight.sealed))
