"""Several hubs, or one hub that lost its answer, at the same instant."""

import json
from datetime import UTC, datetime

from rest_framework.test import APIClient

from marketplace.care.story import home_assistant_states
from marketplace.insights.models import Insight, SealedObject
from tests import factories
from tests.threads import all_at_once


def test_eight_senders_of_one_batch_store_it_once(committed_db):
    text, batch = factories.hub_key(of=factories.household()), home_assistant_states(datetime.now(UTC))

    def act(_):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        answer = client.generic(
            "POST", "/api/v1/ingest/homeassistant", json.dumps(batch), content_type="application/json"
        )
        return [result["status"] for result in answer.json()["results"]]

    answers = all_at_once(act, hands=8)

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sum(answer.count("accepted") for answer in answers) == 3
    assert SealedObject.objects.filter(purpose="insight").count() == Insight.objects.count() == 3
