"""While the vault's keys are only away nothing is taken in and nothing begins anew; what was destroyed does."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from config import settings as as_shipped
from consent.parties.secrets import keyed_name, pepper
from consent.records.models import ConsentEnd
from marketplace.brokerage import operations as brokerage
from marketplace.insights import keyring, rotation, twin
from marketplace.insights.errors import KeyAway, RotationUnfinished
from marketplace.insights.models import DataKey, Insight, KeyEpoch, RuleMemory, SealedObject, TwinBook, Waiting
from marketplace.insights.mqtt.refusals import NotNow
from tests import factories
from tests.marketplace.appliances.publishing import carrying
from tests.marketplace.insights.mqtt.taking import SENSOR, publication, take

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture(autouse=True)
def keys(settings, tmp_path) -> Path:
    settings.KEYS_DIR, settings.KEYS_CHECK = tmp_path / "keys", as_shipped.KEYS_CHECK
    return settings.KEYS_DIR


@pytest.fixture
def home():
    """A home of which something is remembered, by its rules and by its twin."""
    home = factories.household()
    speak(home)
    assert RuleMemory.objects.count() == TwinBook.objects.count() == 1
    return home


def speak(home, *, minute=0):
    at = NOW + timedelta(minutes=minute)
    return factories.insight(of=home, at=at, observed_at=at)


def said(home):
    points = twin.recent(appliance_ids=home.appliances.values_list("pk", flat=True), since=NOW - timedelta(days=1))
    return [one.observed_at for one in points]


def file_away(keys: Path) -> Callable[[], object]:
    kept = (keys / "vault-e1.key").rename(keys / "elsewhere")
    return lambda: kept.rename(keys / "vault-e1.key")


def older_file_away(keys: Path) -> Callable[[], object]:
    """What is new could be sealed; what is remembered could not be opened."""
    rotation.begin_epoch(actor="test", at=NOW)
    return file_away(keys)


def folder_away(keys: Path) -> Callable[[], object]:
    kept = keys.rename(keys.with_name("elsewhere"))
    return lambda: kept.rename(keys)


def folder_empty(keys: Path) -> Callable[[], object]:
    """As a process finds it that begins in that moment."""
    kept = keys.rename(keys.with_name("elsewhere"))
    keys.mkdir()
    pepper.cache_clear()

    def back() -> None:
        assert not list(keys.iterdir()), "nothing is begun in the empty folder"
        keys.rmdir()
        kept.rename(keys)

    return back


def file_unreadable(keys: Path) -> Callable[[], object]:
    """A name that leads round in a circle: no user at all can read it, root neither."""
    back = file_away(keys)
    (keys / "vault-e1.key").symlink_to(keys / "vault-e1.key")
    return back


def file_cut_short(keys: Path) -> Callable[[], object]:
    back = file_away(keys)
    (keys / "vault-e1.key").write_bytes(b"half")
    return back


GOES = [file_away, older_file_away, folder_away, folder_empty, file_unreadable, file_cut_short]


@pytest.mark.parametrize("go", GOES)
def test_while_its_key_is_away_a_home_loses_nothing(home, keys, go):
    kept = list(SealedObject.objects.values_list("pk", flat=True))
    come_back = go(keys)
    with pytest.raises(KeyAway):
        speak(home, minute=1)
    come_back()

    speak(home, minute=2)

    assert said(home) == [NOW, NOW + timedelta(minutes=2)]
    assert set(kept) <= set(SealedObject.objects.values_list("pk", flat=True))


def test_a_hub_is_told_to_come_again(home, keys):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.hub_key(of=home)}")
    state = {
        "entity_id": "sensor.den_pm25", "state": "62", "last_updated": NOW.isoformat(),
        "attributes": {"device_class": "pm25", "unit_of_measurement": "µg/m³"},
    }  # fmt: skip
    come_back = folder_empty(keys)
    body = json.dumps([state])

    refused = client.generic("POST", "/api/v1/ingest/homeassistant", body, content_type="application/json")
    come_back()
    taken = client.generic("POST", "/api/v1/ingest/homeassistant", body, content_type="application/json")

    assert (refused.status_code, refused.json()["code"]) == (503, "key_away")
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["Retry-After"] == "30"
    assert [one["status"] for one in taken.json()["results"]] == ["accepted"]


@pytest.mark.parametrize("go", [file_away, folder_empty])
def test_a_bridge_acknowledges_nothing(keys, go, monkeypatch):
    monkeypatch.setattr("marketplace.insights.mqtt.refusals.connection.close", lambda: None)
    pairing = carrying()
    take(publication(pairing.pk, "tasmota/tele/plug/SENSOR", SENSOR, packet=3))
    one = publication(pairing.pk, "tasmota/tele/plug/SENSOR", {"ENERGY": {"Power": 5}}, packet=4)
    come_back = go(keys)

    with pytest.raises(NotNow):
        take(one)
    assert not one.is_done
    come_back()
    take(one)

    assert Insight.objects.count() == 2


@pytest.mark.parametrize("go", [folder_away, folder_empty])
def test_a_process_that_starts_meanwhile_names_nothing_by_another_key(home, keys, go):
    """Whoever read a key made in the empty folder would know no appliance of any home again."""
    before, come_back = keyed_name("appliance", "a"), go(keys)
    pepper.cache_clear()

    with pytest.raises(KeyAway):
        keyed_name("appliance", "a")
    come_back()

    assert keyed_name("appliance", "a") == before


def test_nothing_is_signed_meanwhile_by_a_key_that_nobody_knows(client, keys):
    deal = factories.deal(by=(member := factories.member()))
    client.force_login(member)
    come_back = folder_empty(keys)

    refused = client.post(f"/api/v1/consents/{deal.consent.pk}/withdraw")
    come_back()

    assert (refused.status_code, refused.json()["code"]) == (503, "key_away")
    assert not ConsentEnd.objects.exists()


def test_matching_leaves_on_its_list_what_it_cannot_open(keys):
    factories.open_request()
    factories.insight(of=factories.household())
    come_back = file_away(keys)

    with pytest.raises(KeyAway):
        brokerage.match_insights(at=timezone.now())
    assert Waiting.objects.count() == 1
    come_back()
    brokerage.match_insights(at=timezone.now())

    assert not Waiting.objects.exists()


def test_one_key_that_is_away_holds_up_only_what_it_seals(keys):
    factories.open_request()
    factories.insight(of=factories.household())
    older_file_away(keys)
    factories.insight(of=factories.household())

    with pytest.raises(KeyAway):
        brokerage.match_insights(at=timezone.now())
    brokerage.match_insights(at=timezone.now())

    assert Waiting.objects.count() == 1
    with pytest.raises(KeyAway):
        brokerage.match_insights(at=timezone.now() + timedelta(minutes=11))


@pytest.mark.parametrize("told_by", ["the folder", "the database"])
def test_what_was_destroyed_on_record_begins_anew(home, keys, told_by):
    assert_rotated_away(keys, told_by)

    speak(home, minute=2)

    assert said(home) == [NOW + timedelta(minutes=2)]


def assert_rotated_away(keys, told_by):
    """A backup from before was restored: its rows are wrapped with a key that has ended since."""
    rows = list(DataKey.objects.all())
    rotation.begin_epoch(actor="test", at=NOW)
    rotation.end_older(ends_at=NOW, at=NOW)
    list(rotation.rewrap_all())
    assert rotation.destroy_ended(actor="test", at=NOW) == ["e1"]
    DataKey.objects.bulk_update(rows, ["epoch", "nonce", "wrapped"])
    if told_by == "the folder":
        KeyEpoch.objects.all().delete()
    else:
        (keys / "vault-e1.destroyed").unlink()


def test_beside_the_mark_of_an_older_one_a_key_that_is_away_is_still_away(home, keys):
    assert_rotated_away(keys, "the database")
    rotation.begin_epoch(actor="test", at=NOW)
    (keys / "vault-e1.destroyed").touch()
    for name in ("e2", "e3"):
        (keys / f"vault-{name}.key").rename(keys / f"{name}-elsewhere")

    with pytest.raises(KeyAway):
        factories.insight(of=factories.household())
    assert keyring.epochs() == []


def test_a_key_that_was_put_back_is_not_destroyed_again_by_its_old_mark(home, keys):
    """An older backup was restored, and its key with it; the mark of its end stayed where it was."""
    e1 = (keys / "vault-e1.key").read_bytes()
    assert_rotated_away(keys, "the folder")
    (keys / "vault-e1.key").write_bytes(e1)
    rotation.end_older(ends_at=NOW, at=NOW)

    with pytest.raises(RotationUnfinished):
        rotation.destroy_ended(actor="test", at=NOW)

    assert "e1" in keyring.epochs()


def test_an_end_is_not_put_on_record_because_a_key_is_away(home, keys):
    rotation.begin_epoch(actor="test", at=NOW)
    rotation.end_older(ends_at=NOW, at=NOW)
    come_back = file_away(keys)

    with pytest.raises(RotationUnfinished):
        rotation.destroy_ended(actor="test", at=NOW)
    come_back()

    assert KeyEpoch.objects.get(pk="e1").destroyed_at is None
    assert said(home) == [NOW]


def test_keys_that_are_lost_for_good_are_given_up_by_a_person_alone(home, keys, monkeypatch):
    monkeypatch.setattr(rotation, "sweep_file", lambda **_: True)
    folder_empty(keys)

    with pytest.raises(CommandError, match="give-up"):
        call_command("rotate_keys", stdout=io.StringIO())
    assert keyring.epochs() == []
    call_command("rotate_keys", "--give-up-unreadable", "--epoch-ends", "now", stdout=io.StringIO())
    speak(home, minute=2)

    assert keyring.epochs() == ["e2"]
    assert said(home) == [NOW + timedelta(minutes=2)]


@pytest.mark.parametrize("path", ["/privacy/export", "/privacy/export/tables"])
def test_nobody_is_handed_half_of_what_is_kept_about_them(client, home, keys, path):
    client.force_login(factories.member(of=home))
    file_away(keys)

    assert client.get(path).status_code == 503


def test_a_page_says_that_nothing_is_lost(client, keys):
    ask = factories.ask()
    client.force_login(factories.member(of=ask.household))
    file_away(keys)

    page = client.get("/inbox")

    assert (page.status_code, page["Retry-After"]) == (503, "30")
    assert "잃은 것은 없으니" in page.content.decode()
