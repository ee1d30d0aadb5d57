"""A buyer learns what it must erase, and says that it did."""

from uuid import uuid4

import pytest
from django.utils import timezone

from consent.parties.models import AuditEntry, Organisation
from marketplace.delivery.models import Erasure
from tests import factories


def test_what_was_read_and_withdrawn_is_listed_with_its_deadline(api, duty):
    [row] = api("/withdrawals").json()["data"]

    assert row["id"] == str(duty.pk)
    assert row["release"] == str(duty.release_id)
    assert (row["because"], row["attested_at"]) == ("withdrawn", None)


def test_an_attested_one_leaves_the_list_and_keeps_its_first_word(api, duty):
    first = api(f"/withdrawals/{duty.pk}/ack", method="post").json()

    second = api(f"/withdrawals/{duty.pk}/ack", method="post")

    assert second.status_code == 200
    assert second.json()["attested_at"] == first["attested_at"]
    assert api("/withdrawals").json()["data"] == []
    assert [one["id"] for one in api("/withdrawals?state=attested").json()["data"]] == [str(duty.pk)]
    assert AuditEntry.objects.filter(action="erasure.attest").count() == 1


@pytest.mark.parametrize("whose", ["nobody", "another buyer"])
def test_a_duty_that_is_not_yours_is_not_there(api, duty, whose):
    other = factories.buyer_key(of=factories.organisation())
    target = duty.pk if whose == "another buyer" else uuid4()

    assert api(f"/withdrawals/{target}/ack", method="post", key=other).status_code == 404
    assert api("/withdrawals", key=other).json()["data"] == []


def test_a_suspended_buyer_still_has_its_duties(api, duty):
    Organisation.objects.filter(pk=duty.release.organisation_id).update(suspended_at=timezone.now())

    assert api(f"/withdrawals/{duty.pk}/ack", method="post").status_code == 200


def test_the_list_is_walked_by_a_cursor(api, data_request, duty):
    release = factories.release(request=data_request)
    Erasure.objects.create(release=release, due_at=duty.due_at)

    first = api("/withdrawals?limit=1").json()
    second = api(f"/withdrawals?limit=1&cursor={first['next_cursor']}").json()

    assert {first["data"][0]["id"], second["data"][0]["id"]} == {str(one.pk) for one in Erasure.objects.all()}
    assert second["next_cursor"] is None


def test_an_unknown_state_is_said_to_be_wrong(api):
    assert api("/withdrawals?state=lost").status_code == 400
