"""Browsers in which somebody is signed in, without walking through the login pages."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.test import Client, RequestFactory

from consent.parties.models import User


def signed_in(user: User, *, second_factor: bool = False, **options: Any) -> Client:
    """Return a browser with this person's session; `second_factor` as if a code or passkey had been shown."""
    browser = Client(**options)
    browser.force_login(user)
    session = browser.session
    request = RequestFactory().get("/")
    request.session = session
    record_authentication(request, user, "mfa" if second_factor else "password")
    session.save()
    return browser
