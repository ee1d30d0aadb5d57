"""Maru's books are read by Maru's own auditors; the auditor of a buyer would learn from them who was asked."""

import pytest

from consent.parties.models import MachineKey, Organisation, Seat
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

BOOKS = "/api/v1/ledger/trial-balance"
ELSEWHERE = [Organisation.Kind.BUYER, Organisation.Kind.PROVIDER, Organisation.Kind.MANUFACTURER]


def test_the_platforms_auditor_reads_the_books():
    browser = signed_in(factories.auditor(), second_factor=True)

    assert browser.get(BOOKS).status_code == 200
    assert browser.get("/audit").status_code == 200


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_the_auditor_of_another_organisation_does_not(kind):
    person = factories.staff(of=factories.organisation(kind=kind), role=Seat.Role.AUDITOR)
    browser = signed_in(person, second_factor=True)

    assert browser.get(BOOKS).status_code == 403
    assert browser.get("/audit").status_code == 404


@pytest.mark.parametrize(("kind", "status"), [(Organisation.Kind.PLATFORM, 200), (Organisation.Kind.BUYER, 403)])
def test_neither_does_a_key_of_another_organisation(client, kind, status):
    owner = factories.platform() if kind == Organisation.Kind.PLATFORM else factories.organisation(kind=kind)
    key = factories.buyer_key(of=owner, scopes=(MachineKey.Scope.AUDIT,))

    assert client.get(BOOKS, headers={"Authorization": f"Bearer {key}"}).status_code == status
