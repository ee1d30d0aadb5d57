"""The household sees who read what, and when."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.parties.models import Membership
from consent.records.models import Ask
from marketplace.delivery import door, queries
from tests import factories


def read(release, at=None):
    reader = door.Reader(release.organisation, "key:1", "list")
    door.read_record(request=release.request, release_id=release.pk, reader=reader, at=at or timezone.now())


def seen_by(person, query=""):
    client = Client()
    client.force_login(person)
    return client.get(f"/api/v1/accesses{query}")


@pytest.fixture
def mother(db):
    return factories.member()


def test_every_read_is_there_newest_first_with_the_reader_and_the_consent(mother):
    release = factories.release(by=mother)
    read(release)
    read(release)

    rows = seen_by(mother).json()["data"]

    assert [row["consent"] for row in rows] == [str(release.consent_id)] * 2
    assert rows[0]["at"] > rows[1]["at"]
    assert rows[0]["organisation"] == {"id": str(release.organisation_id), "name": release.organisation.name}
    assert (rows[0]["kind"], rows[0]["path"]) == ("air.pm25", "list")


def test_a_read_by_cursor_goes_on_where_it_stopped(mother):
    for _ in range(3):
        read(factories.release(by=mother))

    first = seen_by(mother, "?limit=2").json()
    second = seen_by(mother, f"?limit=2&cursor={first['next_cursor']}").json()

    assert len({row["consent"] for row in first["data"] + second["data"]}) == 3
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("who", "status", "count"),
    [
        ("another adult of the home", 200, 1),
        ("a teen of the home", 200, 1),
        ("a child of the home", 200, 0),
        ("a member of another home", 200, 0),
        ("the buyer's staff", 403, None),
        ("nobody", 401, None),
        ("the buyer's key", 403, None),
    ],
)
def test_only_the_home_sees_its_reads(mother, who, status, count):
    release = factories.release(by=mother)
    read(release)
    home = mother.membership.household
    role = Membership.Role

    if who == "nobody":
        answer = Client().get("/api/v1/accesses")
    elif who == "the buyer's key":
        key = factories.buyer_key(of=release.organisation)
        answer = Client().get("/api/v1/accesses", headers={"authorization": f"Bearer {key}"})
    else:
        person = {
            "another adult of the home": lambda: factories.member(of=home),
            "a teen of the home": lambda: factories.member(of=home, role=role.TEEN),
            "a child of the home": lambda: factories.member(of=home, role=role.CHILD),
            "a member of another home": factories.member,
            "the buyer's staff": lambda: factories.staff(of=release.organisation),
        }[who]()
        answer = seen_by(person)

    assert answer.status_code == status
    if count is not None:
        assert len(answer.json()["data"]) == count


def test_reads_of_a_members_own_appliance_are_shown_to_that_member_only(mother):
    release = factories.release(by=mother)
    with factories.as_owner():
        Ask.objects.filter(pk=release.consent.ask_id).update(private_to=mother.membership)
    read(release)
    father = factories.member(of=mother.membership.household)

    assert queries.accesses_of(mother).count() == 1
    assert queries.accesses_of(father).count() == 0


def test_the_cost_of_the_list_does_not_grow_with_its_length(mother):
    client = Client()
    client.force_login(mother)
    costs = []
    for _ in range(2):
        read(factories.release(by=mother))
        read(factories.release(by=mother))
        with CaptureQueriesContext(connection) as queried:
            client.get("/api/v1/accesses")
        costs.append(len(queried))

    assert costs[0] == costs[1] <= 6
