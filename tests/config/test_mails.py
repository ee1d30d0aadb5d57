"""The mails about somebody's place at Maru: in the reader's language, in Maru's voice, with what to do in them."""

import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.template.loader import render_to_string

from tests import factories

pytestmark = pytest.mark.django_db

SECRET = "long-enough-8-and-odd"
NEWCOMER = {"email": "new@example.com", "password1": SECRET, "password2": SECRET}
NOTICES = [
    "account/email/password_changed", "account/email/password_reset", "account/email/password_set",
    "account/email/email_changed", "account/email/email_confirm", "account/email/email_deleted",
    "mfa/email/totp_activated", "mfa/email/totp_deactivated", "mfa/email/recovery_codes_generated",
    "mfa/email/webauthn_added", "mfa/email/webauthn_removed",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _nobody_wrote_lately():
    """One address gets few mails a minute, and the tests share one."""
    cache.clear()


def only_mail(mailbox):
    [mail] = mailbox
    assert mail.from_email == settings.DEFAULT_FROM_EMAIL
    return mail


def is_in(language: str, text: str) -> bool:
    return bool(re.search("[가-힣]", text)) == (language == "ko")


@pytest.fixture(params=["ko", "en"])
def language(request, client):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = request.param
    return request.param


def test_who_starts_gets_a_code(client, mailoutbox, language):
    client.post("/accounts/signup/", NEWCOMER)

    mail = only_mail(mailoutbox)
    assert re.search(r"^[A-Z0-9-]{6,9}$", mail.body, re.MULTILINE)
    assert is_in(language, mail.subject)
    assert is_in(language, mail.body)


def test_who_starts_twice_is_told_by_mail_alone(client, mailoutbox, language):
    factories.user(email="new@example.com")

    client.post("/accounts/signup/", NEWCOMER)

    mail = only_mail(mailoutbox)
    assert "/accounts/password/reset/" in mail.body
    assert is_in(language, mail.subject)
    assert is_in(language, mail.body)


@pytest.mark.parametrize(("known", "way"), [(True, "/accounts/password/reset/key/"), (False, "/accounts/signup/")])
def test_who_forgot_the_password_gets_a_way_on(client, mailoutbox, language, known, way):
    factories.user(email="new@example.com" if known else "other@example.com")

    client.post("/accounts/password/reset/", {"email": "new@example.com"})

    mail = only_mail(mailoutbox)
    assert way in mail.body
    assert is_in(language, mail.subject)
    assert is_in(language, mail.body)


def test_the_owner_hears_of_a_changed_lock(client, mailoutbox):
    person = factories.user()
    person.set_password(SECRET)
    person.save()
    client.login(email=person.email, password=SECRET)

    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": SECRET, "password1": f"{SECRET}-2", "password2": f"{SECRET}-2"},
    )

    assert answer.status_code == 302, answer.context["form"].errors
    assert "비밀번호가 바뀌었어요" in only_mail(mailoutbox).subject


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_says_what_changed_and_where_from(name):
    words = {"ip": "192.0.2.7", "user_agent": "Firefox", "timestamp": "2026-11-22"}

    subject, body = (render_to_string(f"{name}_{part}.txt", words).strip() for part in ("subject", "message"))

    assert subject in body
    assert all(word in body for word in words.values())
