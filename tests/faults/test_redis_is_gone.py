"""Redis may vanish: what was sent is stored, and the clock asks without it."""

import json
import os
import subprocess
import sys
import time

from django.conf import settings
from django.db import connections

from consent.records.models import Ask
from tests import factories
from tests.marketplace.insights.test_ingest import pm25

SEND_AND_TICK = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from rest_framework.test import APIClient
from marketplace.care import clock
client = APIClient()
client.credentials(HTTP_AUTHORIZATION="Bearer " + sys.argv[1])
answer = client.generic("POST", "/api/v1/ingest/homeassistant", sys.argv[2], content_type="application/json")
print(answer.json()["results"][0]["status"])
clock.tick()
"""


def test_without_redis_insights_are_stored_and_asked_about_within_seconds(committed_db, tmp_path):
    home = factories.household()
    factories.member(of=home)
    factories.open_request()
    key = factories.hub_key(of=home)
    nowhere = f"unix://{tmp_path}/nobody-listens.sock"

    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SEND_AND_TICK, key, json.dumps([pm25()])],
        env={**os.environ, "DATABASE_URL": url_of(committed_db), "REDIS_URL": nowhere, "MARU_DEMO": "1",
             "MARU_KEYS": str(settings.KEYS_DIR)},
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.stdout.split() == ["accepted"], done.stderr[-2000:]
    assert Ask.objects.filter(household=home).count() == 1
    assert time.monotonic() - begun < 30


def url_of(database):
    where = connections["default"].settings_dict
    words = {"host": where["HOST"], "port": where["PORT"], "user": where["USER"], "password": where["PASSWORD"]}
    return "postgresql:///" + database + "?" + "&".join(f"{key}={value}" for key, value in words.items() if value)
