"""A buyer says where it wants to be told."""

import pytest

from marketplace.delivery.models import OutboxMessage
from tests import factories

URL = "https://school.example/hook"


def add(api, url=URL, **options):
    return api("/webhook-endpoints", method="post", data={"url": url}, content_type="application/json", **options)


def test_the_secret_is_shown_once(api):
    made = add(api)

    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    [listed] = api("/webhook-endpoints").json()["data"]
    assert listed == {key: value for key, value in made.json().items() if key != "secret"}


def test_an_address_inside_is_refused(api):
    assert add(api, "https://169.254.169.254/").status_code == 422


@pytest.mark.parametrize("body", [{}, {"url": ""}, {"url": 5}, {"url": ["x"]}, {"url": "x" * 301}, [], "x"])
def test_a_body_that_says_no_address_is_malformed(api, body):
    answer = api("/webhook-endpoints", method="post", data=body, content_type="application/json")

    assert answer.status_code in (400, 422)


def test_five_addresses_are_enough(api):
    assert [add(api, f"{URL}/{number}").status_code for number in range(6)] == [201] * 5 + [409]


def test_a_removed_address_hears_nothing_more(api, data_request):
    endpoint_id = add(api).json()["id"]
    factories.release(request=data_request)

    assert api(f"/webhook-endpoints/{endpoint_id}", method="delete").status_code == 204
    assert api(f"/webhook-endpoints/{endpoint_id}", method="delete").status_code == 204
    assert api("/webhook-endpoints").json()["data"] == []
    assert OutboxMessage.objects.get().state == "parked"


def test_another_buyers_address_is_not_there(api):
    endpoint_id = add(api).json()["id"]
    other = factories.buyer_key(of=factories.organisation())

    assert api(f"/webhook-endpoints/{endpoint_id}", method="delete", key=other).status_code == 404
    assert api("/webhook-endpoints", key=other).json()["data"] == []
