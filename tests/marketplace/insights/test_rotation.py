"""Epochs of the vault's key: the living moves on, the old key is destroyed, and nothing else opens with it."""

import io
import os
import stat
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from consent.parties.models import AuditEntry
from consent.records import notices
from marketplace.brokerage import terms
from marketplace.insights import keyring, rotation, vault
from marketplace.insights.errors import RotationUnfinished, VaultClosed
from marketplace.insights.models import DataKey, KeyEpoch, SealedObject
from marketplace.insights.vault import Content
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings, tmp_path) -> Path:
    settings.KEYS_DIR = tmp_path / "keys"
    return settings.KEYS_DIR


def seal(number=1):
    contents = [Content("insight", uuid4(), uuid4(), f"payload {one}".encode()) for one in range(number)]
    return vault.seal_many(contents)


def opened(sealed):
    return vault.open_sealed(SealedObject.objects.select_related("data_key").get(pk=sealed.pk))


def rotate(**options):
    said = io.StringIO()
    # The file is swept outside any transaction; tests/faults does that in a cluster of its own.
    rotation_sweep, rotation.sweep_file = rotation.sweep_file, lambda **_: True
    try:
        call_command("rotate_keys", stdout=said, **options)
    finally:
        rotation.sweep_file = rotation_sweep
    return said.getvalue()


def test_the_first_key_is_made_at_the_first_seal_for_its_owner_alone(keys):
    seal()

    assert [path.name for path in keys.iterdir()] == ["vault-e1.key"]
    assert stat.S_IMODE((keys / "vault-e1.key").stat().st_mode) == 0o400
    assert len((keys / "vault-e1.key").read_bytes()) == 32


def test_a_new_epoch_takes_over_what_lives_and_ends_the_old_one(keys):
    sealed = seal(7)
    before = {key.pk: bytes(key.wrapped) for key in DataKey.objects.all()}

    rotate(epoch_ends="now")

    assert keyring.epochs() == ["e2"]
    assert [opened(one) for one in sealed] == [f"payload {one}".encode() for one in range(7)]
    assert all(bytes(key.wrapped) != before[key.pk] and key.epoch == "e2" for key in DataKey.objects.all())


def test_what_is_sealed_afterwards_is_sealed_with_the_new_key(keys):
    seal()
    rotate(epoch_ends="now")

    (fresh,) = seal()

    assert DataKey.objects.get(sealed=fresh).epoch == "e2"


def test_an_old_copy_of_a_row_opens_nothing_once_its_key_is_destroyed(keys):
    withdrawn, living = seal(2)
    copies = {str(row.pk): row for row in SealedObject.objects.select_related("data_key")}
    vault.shred([withdrawn.pk])
    rotate(epoch_ends="now")

    with pytest.raises(VaultClosed):
        vault.open_sealed(copies[withdrawn.pk])

    assert not (keys / "vault-e1.key").exists()
    assert opened(living) == b"payload 1"


def test_a_restored_table_opens_nothing_of_a_destroyed_epoch_and_makes_no_key_anew(keys):
    (sealed,) = seal()
    backup = DataKey.objects.get()
    rotate(epoch_ends="now")
    DataKey.objects.filter(pk=backup.pk).update(
        epoch=backup.epoch, nonce=backup.nonce, wrapped=backup.wrapped, commitment=backup.commitment
    )

    with pytest.raises(VaultClosed):
        opened(sealed)

    assert keyring.epochs() == ["e2"]


def test_a_row_that_moved_on_since_it_was_loaded_still_opens(keys):
    seal()
    loaded = SealedObject.objects.select_related("data_key").get()
    rotate(epoch_ends="now")

    assert loaded.data_key.epoch == "e1"
    assert vault.open_sealed(loaded) == b"payload 0"
    assert vault.data_key_of(loaded) == vault.data_key_of(SealedObject.objects.select_related("data_key").get())


def test_without_haste_the_old_key_stays_for_backups_until_its_end(keys, settings):
    settings.KEY_OVERLAP_DAYS = 5
    (sealed,) = seal()

    said = rotate()
    kept = keyring.epochs()
    rotation.destroy_ended(actor="test", at=timezone.now() + timedelta(days=5, hours=1))

    assert "kept until their end, for backups: e1" in said
    assert kept == ["e1", "e2"]
    assert keyring.epochs() == ["e2"]
    assert opened(sealed) == b"payload 0"


def test_the_end_can_be_brought_forward_and_never_put_off(keys):
    seal()
    rotate()
    far = timezone.now() + timedelta(days=400)
    rotation.end_older(ends_at=far, at=timezone.now())

    assert KeyEpoch.objects.get(pk="e1").ends_at < far

    rotate(epoch_ends="now")

    assert keyring.epochs() == ["e3"]


def test_a_run_that_was_cut_short_goes_on_without_another_epoch(keys):
    sealed = seal(6)
    rotation.begin_epoch(actor="test", at=timezone.now())
    rotation.end_older(ends_at=timezone.now(), at=timezone.now())
    next(rotation.rewrap_all(batch=2))

    said = rotate(epoch_ends="now", batch=2)

    assert "cut short" in said
    assert "4 of 4 keys wrapped anew" in said
    assert keyring.epochs() == ["e2"]
    assert [opened(one) for one in sealed] == [f"payload {one}".encode() for one in range(6)]


@pytest.mark.parametrize("noted", [True, False])
def test_a_run_that_was_cut_short_before_the_end_only_destroys(keys, noted):
    seal()
    rotation.begin_epoch(actor="test", at=timezone.now())
    if noted:
        rotation.end_older(ends_at=timezone.now(), at=timezone.now())
    for _ in rotation.rewrap_all():
        pass
    (keys / "vault-e1.key").rename(keys / "vault-e1.key.gone") if noted else None

    rotate(epoch_ends="now")

    assert "e1" not in keyring.epochs()
    assert KeyEpoch.objects.get(pk="e1").destroyed_at is not None


def test_the_name_of_a_destroyed_epoch_is_never_given_again(keys):
    seal()
    rotate(epoch_ends="now")
    keyring.destroy("e2")

    seal()

    assert keyring.epochs() == ["e3"]


def test_a_key_that_cannot_be_wrapped_anew_keeps_its_epoch_alive_until_somebody_gives_it_up(keys):
    broken, living = seal(2)
    DataKey.objects.filter(sealed=broken).update(wrapped=b"0" * 48)

    with pytest.raises(CommandError, match="give-up"):
        rotate(epoch_ends="now")
    kept = keyring.epochs()
    said = rotate(epoch_ends="now", give_up_unreadable=True)

    assert kept == ["e1", "e2"]
    assert "1 keys cannot be opened" in said
    assert keyring.epochs() == ["e2"]
    assert opened(living) == b"payload 1"


def test_every_beginning_and_end_is_in_the_audit_trail(keys):
    seal()
    rotate(epoch_ends="now")

    told = AuditEntry.objects.filter(action__startswith="vault.").values_list("action", "subject")
    assert list(told.order_by("id")) == [("vault.epoch.begin", "epoch:e2"), ("vault.epoch.destroy", "epoch:e1")]


def test_an_epoch_that_cannot_be_noted_is_not_begun(keys, monkeypatch):
    def fails(**_):
        raise OperationalError

    monkeypatch.setattr(rotation.parties, "note", fails)

    with pytest.raises(OperationalError):
        rotation.begin_epoch(actor="test", at=timezone.now())

    assert not KeyEpoch.objects.exists()


def test_the_clock_begins_an_epoch_on_its_day_and_destroys_the_old_one_on_its_own(keys, settings):
    settings.KEY_EPOCH_DAYS, settings.KEY_OVERLAP_DAYS = 30, 5
    (sealed,), now = seal(), timezone.now()
    steps = []
    for days in (29, 31, 35, 37):
        rotation.rotate_when_due(at=now + timedelta(days=days), actor="test")
        steps.append(keyring.epochs())

    assert steps == [["e1"], ["e1", "e2"], ["e1", "e2"], ["e2"]]
    assert opened(sealed) == b"payload 0"


def test_the_clock_tells_of_what_it_cannot_destroy(keys, settings):
    settings.KEY_OVERLAP_DAYS = 0
    (sealed,) = seal()
    DataKey.objects.filter(sealed=sealed).update(wrapped=b"0" * 48)
    os.utime(keys / "vault-e1.key", (0, 0))

    with pytest.raises(RotationUnfinished):
        rotation.rotate_when_due(at=timezone.now(), actor="test")


def test_a_key_file_that_was_replaced_is_noticed_at_once(keys):
    (sealed,) = seal()
    assert opened(sealed) == b"payload 0"
    key = keyring.key_of("e1")
    keyring.destroy("e1")

    with pytest.raises(VaultClosed):
        opened(sealed)

    (keys / "vault-e1.key").write_bytes(key)
    assert opened(sealed) == b"payload 0"


def test_rewrapping_takes_a_fixed_number_of_statements_a_batch(keys, django_assert_max_num_queries):
    seal(40)
    rotation.begin_epoch(actor="test", at=timezone.now())

    with django_assert_max_num_queries(16):
        assert [progress.moved for progress in rotation.rewrap_all(batch=20)] == [20, 40]


@pytest.mark.parametrize("locale", notices.LOCALES)
def test_the_notice_promises_what_the_clock_does(settings, locale):
    settings.KEY_EPOCH_DAYS, settings.KEY_OVERLAP_DAYS = 7, 2

    text = terms.notice_of(factories.ask().offer, locale=locale, preview=None, at=timezone.now()).text

    assert {"ko": "늦어도 9일 뒤에는 열 수 없어요", "en": "after 9 days at the latest"}[locale] in text
