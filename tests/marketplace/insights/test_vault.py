"""What is sealed opens only as what it was sealed for, and not at all once shredded."""

from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from hypothesis import given
from hypothesis import strategies as st

from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.models import DataKey, SealedObject
from marketplace.insights.vault import Content

pytestmark = pytest.mark.django_db


def content(payload=b"sixty-two", **fields):
    values = {"purpose": "insight", "household_id": uuid4(), "subject_id": uuid4(), "payload": payload}
    return Content(**{**values, **fields})


def stored(sealed):
    return SealedObject.objects.select_related("data_key").get(pk=sealed.pk)


def test_opens_to_the_very_bytes_that_were_sealed():
    sealed = vault.seal(content(b"sixty-two"))

    assert vault.open_sealed(stored(sealed)) == b"sixty-two"
    assert b"sixty-two" not in bytes(stored(sealed).ciphertext)


def test_what_was_sealed_before_opens_as_it_did(monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(vault, "_derived", vault._derived_before)
        old = vault.seal(content(b"sixty-one"))
    new = vault.seal(content(b"sixty-two"))

    assert bytes(stored(old).data_key.commitment) == vault._derived_before(vault.data_key_of(stored(old)))[1]
    assert [vault.open_sealed(stored(one)) for one in (old, new)] == [b"sixty-one", b"sixty-two"]


@given(st.binary(min_size=32, max_size=32))
def test_the_cipher_key_is_derived_as_the_library_derives_it(data_key):
    library = ConcatKDFHash(algorithm=hashes.SHA512(), length=64, otherinfo=b"maru/vault/2").derive(data_key)

    assert b"".join(vault._derived(data_key)) == library


def test_two_seals_of_the_same_bytes_have_nothing_in_common():
    home, subject = uuid4(), uuid4()
    first, second = map(stored, vault.seal_many([content(household_id=home, subject_id=subject)] * 2))

    assert bytes(first.ciphertext) != bytes(second.ciphertext)
    assert bytes(first.data_key.wrapped) != bytes(second.data_key.wrapped)


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "release"},
        {"household_id": uuid4()},
        {"subject_id": uuid4()},
        {"nonce": b"0" * 12},
        {"ciphertext": b"0" * 40},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_row_does_not_open(change):
    sealed = vault.seal(content())
    SealedObject.objects.filter(pk=sealed.pk).update(**change)

    with pytest.raises(VaultClosed):
        vault.open_sealed(stored(sealed))


@pytest.mark.parametrize("column", ["wrapped", "nonce", "commitment"])
def test_the_key_of_another_object_does_not_open_this_one(column):
    mine, other = vault.seal_many([content(), content()])
    DataKey.objects.filter(sealed=mine).update(**{column: getattr(stored(other).data_key, column)})

    with pytest.raises(VaultClosed):
        vault.open_sealed(stored(mine))


def test_what_is_shredded_is_gone():
    sealed = vault.seal(content())
    row = stored(sealed)

    assert vault.shred([sealed.pk]) == 1

    assert not SealedObject.objects.exists()
    assert not DataKey.objects.exists()
    assert row.pk


def test_without_its_key_a_ciphertext_says_nothing():
    sealed = vault.seal(content())
    DataKey.objects.all().delete()

    with pytest.raises(VaultClosed):
        vault.open_sealed(SealedObject.objects.get(pk=sealed.pk))


def test_seals_five_hundred_in_three_statements(django_assert_num_queries):
    with django_assert_num_queries(3):
        vault.seal_many([content() for _ in range(500)])
