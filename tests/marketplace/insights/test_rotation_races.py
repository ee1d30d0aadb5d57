"""Sealing, opening, shredding and rotating at once: nothing that lives is ever lost or closed."""

import threading
from contextlib import closing
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from marketplace.insights import keyring, rotation, vault
from marketplace.insights.models import DataKey, SealedObject
from marketplace.insights.vault import Content

PATIENCE = 30


@pytest.fixture(autouse=True)
def keys(committed_db, settings, tmp_path):
    settings.KEYS_DIR = tmp_path / "keys"
    return settings.KEYS_DIR


def seal():
    return vault.seal(Content("insight", uuid4(), uuid4(), b"payload"))


def rotate():
    now = timezone.now()
    rotation.begin_epoch(actor="test", at=now)
    rotation.end_older(ends_at=now, at=now)
    for _ in rotation.rewrap_all(batch=10):
        pass
    return rotation.destroy_ended(actor="test", at=timezone.now())


def in_thread(act):
    def run():
        with closing(connection):
            try:
                thread.outcome = act()
            except Exception as failure:
                thread.outcome = failure

    thread = threading.Thread(target=run, daemon=True)
    thread.outcome = None
    thread.start()
    return thread


def test_sealing_and_opening_go_on_while_epochs_come_and_go():
    kept, over = [seal() for _ in range(30)], threading.Event()

    def work():
        made = []
        while not over.is_set():
            made.append(seal().pk)
            for row in SealedObject.objects.select_related("data_key").filter(pk__in=[*made[-5:], kept[0].pk]):
                assert vault.open_sealed(row) == b"payload"
        vault.shred(made[::2])
        return made[1::2]

    threads = [in_thread(work) for _ in range(4)]
    try:
        ended = [rotate() for _ in range(3)]
    finally:
        over.set()
    for thread in threads:
        thread.join(PATIENCE)

    made = [pk for thread in threads for pk in thread.outcome]
    rows = SealedObject.objects.select_related("data_key").in_bulk([*made, *(one.pk for one in kept)])
    assert ended == [["e1"], ["e2"], ["e3"]]
    assert made
    assert len(rows) == len(made) + len(kept)
    assert {vault.open_sealed(row) for row in rows.values()} == {b"payload"}


def test_a_rotation_waits_for_whoever_sealed_with_the_old_key_and_has_not_committed():
    sealed, go_on = threading.Event(), threading.Event()

    def seal_slowly():
        with transaction.atomic():
            row = seal()
            sealed.set()
            assert go_on.wait(PATIENCE)
        return row

    sealing = in_thread(seal_slowly)
    assert sealed.wait(PATIENCE)
    rotating = in_thread(rotate)
    rotating.join(0.5)
    waited, known = rotating.is_alive(), keyring.epochs()
    go_on.set()
    for thread in (sealing, rotating):
        thread.join(PATIENCE)

    assert waited
    assert known == ["e1", "e2"]
    assert rotating.outcome == ["e1"]
    row = SealedObject.objects.select_related("data_key").get(pk=sealing.outcome.pk)
    assert row.data_key.epoch == "e2"
    assert vault.open_sealed(row) == b"payload"


def test_a_row_that_somebody_holds_is_waited_for_and_not_lost():
    held, other = seal(), seal()
    go_on = threading.Event()

    def hold():
        with transaction.atomic():
            list(DataKey.objects.select_for_update().filter(pk=held.pk))
            holding.set()
            assert go_on.wait(PATIENCE)

    holding = threading.Event()
    keeper = in_thread(hold)
    assert holding.wait(PATIENCE)
    rotating = in_thread(rotate)
    rotating.join(0.5)
    waited = rotating.is_alive()
    go_on.set()
    for thread in (keeper, rotating):
        thread.join(PATIENCE)

    assert waited
    assert rotating.outcome == ["e1"]
    assert set(DataKey.objects.values_list("epoch", flat=True)) == {"e2"}
    assert other.pk
