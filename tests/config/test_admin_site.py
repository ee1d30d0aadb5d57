"""The admins' desk opens to staff with a second factor, and leads the others to one."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

DESK = "/admin/"
LIST = "/admin/parties/organisation/"


@pytest.fixture
def admin():
    return factories.admin()


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize("path", [DESK, LIST, "/admin/demand/datarequest/", "/admin/jsi18n/"])
def test_a_password_alone_opens_no_page(admin, path):
    with_password, with_both = signed_in(admin), signed_in(admin, second_factor=True)

    assert with_both.get(path).status_code == 200
    assert with_password.get(path).status_code == 302
    assert with_password.post(path).status_code == 302


def test_staff_without_a_second_factor_are_led_to_make_one(admin):
    answer = signed_in(admin).get(LIST, follow=True)

    assert answer.status_code == 403
    assert f'href="{reverse("mfa_index")}"' in answer.content.decode()


def test_staff_who_have_one_show_it_and_come_to_where_they_wanted(admin):
    secret = generate_totp_secret()
    TOTP.activate(admin, secret)
    browser = signed_in(admin)
    asked = browser.get(LIST, follow=True)
    path = f"{reverse('mfa_reauthenticate')}?next={LIST}"
    assert f'href="{path}"' in asked.content.decode()
    assert browser.get(path).status_code == 200

    answer = browser.post(path, {"code": code_of(secret), "next": LIST}, follow=True)

    assert answer.request["PATH_INFO"] == LIST
    assert answer.status_code == 200


ELSEWHERE = ["https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"]


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_nobody_is_led_to_another_site(admin, elsewhere):
    secret = generate_totp_secret()
    TOTP.activate(admin, secret)
    browser = signed_in(admin)

    asked = browser.get(f"{DESK}login/", {"next": elsewhere})
    answer = browser.post(reverse("mfa_reauthenticate"), {"code": code_of(secret), "next": elsewhere})

    assert f'href="{reverse("mfa_reauthenticate")}?next=/"' in asked.content.decode()
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/\\"))


def test_a_wrong_code_opens_nothing(admin):
    TOTP.activate(admin, generate_totp_secret())
    browser = signed_in(admin)

    browser.post(reverse("mfa_reauthenticate"), {"code": "000000", "next": LIST})

    assert browser.get(LIST).status_code == 302


def test_nobody_signs_in_by_djangos_own_form(admin):
    said = {"username": admin.email, "password": "a long pass phrase", "next": LIST}

    for browser in (Client(), signed_in(admin), signed_in(admin, second_factor=True)):
        assert browser.post("/admin/login/", said).status_code == 405


@pytest.mark.parametrize("second_factor", [True, False])
def test_people_who_are_no_staff_are_sent_away(second_factor):
    browser = signed_in(factories.member(), second_factor=second_factor)

    assert browser.get(LIST, follow=True).status_code == 403


def test_a_stranger_signs_in_first():
    answer = Client().get(LIST, follow=True)

    assert answer.request["PATH_INFO"] == reverse("account_login")


def test_who_is_through_does_not_meet_the_sign_in_again(admin):
    assert signed_in(admin, second_factor=True).get("/admin/login/")["Location"] == DESK


@pytest.mark.parametrize(
    "kind", ["account/emailaddress", "mfa/authenticator", "usersessions/usersession", "auth/group"]
)
def test_nobody_changes_how_others_sign_in_from_here(admin, kind):
    browser = signed_in(admin, second_factor=True)

    assert browser.get(f"{DESK}{kind}/").status_code == 404
    assert browser.post(f"{DESK}{kind}/add/", {"email": "x@maru.example", "verified": "on"}).status_code == 404


def kinds_on_the_desk() -> list[str]:
    return sorted(f"{DESK}{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry)


@pytest.mark.parametrize("path", [DESK, *kinds_on_the_desk(), "/admin/parties/seat/add/", "/admin/parties/area/add/"])
def test_the_desk_speaks_english_to_who_chose_it(admin, path):
    admin.locale = "en"
    admin.name = "Hana"
    admin.save()

    words = signed_in(admin, second_factor=True).get(path).content.decode()

    assert set(re.findall(r"[가-힣]+", words)) <= {"한국어", "마루"}
