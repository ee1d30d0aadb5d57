"""Whoever strays into somebody else's rooms keeps their own frame around the page that says so."""

import re

import pytest

from config.chrome import ADMIN, AUDIT, BUYER, HOUSEHOLD, PROVIDER, SEATS
from consent.parties.models import Organisation, Seat
from tests import factories
from tests.browsers import signed_in


def people():
    kind, role = Organisation.Kind, Seat.Role
    return {
        HOUSEHOLD: factories.member(of=factories.household()),
        BUYER: factories.staff(of=factories.organisation(kind=kind.BUYER)),
        PROVIDER: factories.staff(of=factories.organisation(kind=kind.PROVIDER)),
        AUDIT: factories.staff(of=factories.organisation(kind=kind.PLATFORM), role=role.AUDITOR),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("strayed", SEATS, ids=lambda seat: seat.key)
def test_the_frame_is_that_of_the_person_wherever_they_stray(strayed):
    for seat, person in people().items():
        page = signed_in(person).get(f"{strayed.prefixes[0]}/nothing-here")

        assert page.status_code == 404
        assert page.context["seat"] is seat


@pytest.mark.django_db
def test_who_supervises_keeps_the_admins_frame_in_its_rooms():
    admin = factories.admin()

    assert signed_in(admin).get("/review/nothing-here").context["seat"] is ADMIN


@pytest.mark.django_db
def test_the_front_door_leads_everybody_to_their_own_place():
    for seat, person in [*people().items(), (ADMIN, factories.admin())]:
        browser = signed_in(person, second_factor=True)
        door = re.search(r'class="button" href="([^"]+)"', browser.get("/").text)

        page = browser.get(door[1], follow=True)

        assert (page.status_code, page.redirect_chain[0][0]) == (200, seat.tabs[0].href)


@pytest.mark.django_db
def test_the_front_door_leads_a_stranger_to_the_sign_in_and_from_there_to_any_place(client):
    assert 'href="/accounts/login/"' in client.get("/").text


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "sees"), [("adult", True), ("teen", True), ("child", False)])
def test_who_is_under_fourteen_sees_no_way_to_the_tokens(role, sees):
    browser = signed_in(factories.member(of=factories.household(), role=role))
    page = browser.get("/appliances").text

    assert [path for path in ("/wallet", "/shop") if f'href="{path}' in page] == (["/wallet", "/shop"] if sees else [])
    ways = set(re.findall(r'<a [^>]*href="(/[^"#?]*)', page)) - {"/accounts/logout/"}
    assert {way for way in ways if browser.get(way).status_code not in (200, 302)} == set()


@pytest.mark.django_db
def test_the_records_of_a_data_request_lie_in_the_room_of_records():
    made = factories.draft_request()
    browser = signed_in(factories.staff(of=made.organisation))

    lit = {
        path: [tab.href for tab in browser.get(path).context["tabs"] if tab.is_current]
        for path in (f"/buyer/data-requests/{made.pk}", f"/buyer/data-requests/{made.pk}/manage")
    }

    assert list(lit.values()) == [["/buyer/records"], ["/buyer/data-requests"]]
