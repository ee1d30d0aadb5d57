"""Ids made hundreds at a time are what one made alone would be."""

import time
from uuid import UUID

from django.test import Client

from consent.records.models import Receipt
from marketplace.delivery.models import OutboxMessage
from marketplace.insights.ids import timed_ids
from marketplace.insights.models import Insight
from tests import factories


def test_timed_ids_are_uuids_of_version_7_that_begin_with_this_millisecond():
    before = time.time_ns() // 1_000_000

    made = timed_ids(500)

    assert len(set(made)) == 500
    assert {(str(UUID(one)) == one, UUID(one).version) for one in made} == {(True, 7)}
    assert all(before <= UUID(one).int >> 80 <= time.time_ns() // 1_000_000 for one in made)


def test_no_buyer_sees_the_id_of_an_insight_or_the_millisecond_in_it(db):
    request = factories.open_request()
    factories.deal(request=request)
    buyer = Client(headers={"authorization": f"Bearer {factories.buyer_key(of=request.organisation)}"})
    insight = Insight.objects.get()

    listed = buyer.get(f"/api/v1/data-requests/{request.pk}/records")
    written = buyer.get(f"/api/v1/data-requests/{request.pk}/records?format=ndjson")
    seen = [
        listed.content,
        b"".join(written.streaming_content),
        *map(bytes, Receipt.objects.values_list("body", flat=True)),
    ]
    seen += [repr(message).encode() for message in OutboxMessage.objects.values()]

    assert listed.json()["data"]
    assert insight.pk.version == 7
    assert not any(
        word in one for one in seen for word in (str(insight.pk)[:13].encode(), insight.pk.hex[:12].encode())
    )
