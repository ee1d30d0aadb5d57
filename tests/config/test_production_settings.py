"""What an installation gets that says nothing of a demo: it has a key of its own, and headers and cookies for TLS."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from whitenoise.middleware import WhiteNoiseMiddleware

from tests.config.supervising import ROOT, run_supervisor

TELL = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}))
"""
INSTALLATION = {
    "MARU_SECRET_KEY": "k" * 60,
    "MARU_BASE_URL": "https://maru.example",
    "MARU_ALLOWED_HOSTS": "maru.example",
}


def start(*names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Read settings in a process of its own that knows nothing of this test run."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MARU_")}
    return subprocess.run(
        [sys.executable, "-c", TELL, *names], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**ours, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
    )  # fmt: skip


def told(*names: str, **environment: str) -> dict[str, Any]:
    process = start(*names, **environment)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.mark.parametrize("environment", [{}, {"MARU_DEMO": "0"}, {"MARU_DEBUG": "no", "MARU_DEMO": "no"}])
def test_refuses_to_start_without_a_key_of_its_own(environment):
    process = start("SECRET_KEY", **environment)

    assert process.returncode != 0
    assert "MARU_SECRET_KEY must be set" in process.stderr


@pytest.mark.parametrize("environment", [{"MARU_DEMO": "1"}, {"MARU_DEBUG": "1"}])
def test_a_trial_needs_none(environment):
    assert told("SECRET_KEY", **environment)["SECRET_KEY"].startswith("demo-only-")


def test_cookies_and_headers_are_those_of_tls():
    wanted = {
        "DEBUG": False,
        "SECRET_KEY": INSTALLATION["MARU_SECRET_KEY"],
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
        # Browsers keep a __Host- cookie only with Secure, for the whole site, and without a domain.
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_DOMAIN": None,
        "SESSION_COOKIE_PATH": "/",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_DOMAIN": None,
        "CSRF_COOKIE_PATH": "/",
        "LANGUAGE_COOKIE_SECURE": True,
        "CSRF_TRUSTED_ORIGINS": ["https://maru.example"],
        "ALLOWED_HOSTS": ["maru.example"],
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": False,
    }

    assert told(*wanted, **INSTALLATION) == wanted


@pytest.mark.parametrize(("proxies", "believed"), [("0", None), ("2", ["HTTP_X_FORWARDED_PROTO", "https"])])
def test_a_proxys_word_on_tls_is_believed_only_where_one_stands(proxies, believed):
    answer = told("SECURE_PROXY_SSL_HEADER", "ALLAUTH_TRUSTED_PROXY_COUNT", **INSTALLATION, MARU_PROXIES=proxies)

    assert answer == {"SECURE_PROXY_SSL_HEADER": believed, "ALLAUTH_TRUSTED_PROXY_COUNT": int(proxies)}


def test_the_deployment_check_passes():
    process = subprocess.run(
        ["/bin/sh", ".ci/deployment", sys.executable], cwd=ROOT, capture_output=True, text=True, timeout=120
    )

    assert process.returncode == 0, process.stderr


SERVERS_ELSEWHERE = {"DATABASE_URL": "postgresql://elsewhere/maru", "REDIS_URL": "redis://elsewhere"}
IS_TRIAL = ("--", sys.executable, "-c", "import os; print(os.environ.get('MARU_DEMO'))")


def test_a_command_beside_the_services_is_a_trial(tmp_path, monkeypatch):
    for name in ("MARU_DEMO", "MARU_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)

    assert run_supervisor(tmp_path, *IS_TRIAL, **SERVERS_ELSEWHERE).stdout == "1\n"
    assert run_supervisor(tmp_path, *IS_TRIAL, **SERVERS_ELSEWHERE, MARU_DEMO="0").stdout == "0\n"


def test_a_command_with_an_installations_key_is_none(tmp_path, monkeypatch):
    monkeypatch.delenv("MARU_DEMO", raising=False)

    process = run_supervisor(tmp_path, *IS_TRIAL, **SERVERS_ELSEWHERE, MARU_SECRET_KEY="k" * 60)

    assert process.stdout == "None\n"


def test_the_cache_keeps_every_count_of_wrong_passwords():
    cache = told("CACHES", **INSTALLATION)["CACHES"]["default"]

    assert cache["OPTIONS"]["MAX_ENTRIES"] >= 50_000


def test_a_worker_serves_the_files_from_their_sources_without_a_warning(settings):
    settings.WHITENOISE_AUTOREFRESH = False  # as it is outside of tests, which take a warning for an error

    assert "/static/maru.css" in WhiteNoiseMiddleware(lambda request: None).files
