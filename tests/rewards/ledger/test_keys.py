"""A key is one fact, for ever."""

import uuid

import pytest

from rewards.ledger import operations as ledger
from rewards.ledger.errors import IdempotencyMismatch, InsufficientTokens
from rewards.ledger.models import FEES, ISSUANCE, Attempt
from rewards.ledger.queries import balance_of
from tests.rewards.ledger import books


@pytest.mark.django_db
def test_the_same_post_again_answers_the_first_outcome():
    home, key = books.account(), books.key()
    first = books.post(key=key, credit=home, amount=5)

    again = books.post(key=key, credit=home, amount=5)

    assert (again.op_id, again.transfer_id, again.replayed) == (first.op_id, first.transfer_id, True)
    assert balance_of(home).posted == 5


@pytest.mark.django_db
def test_an_old_retry_is_answered_although_the_account_closed_meanwhile():
    home, key = books.account(), books.key()
    books.post(key=key, credit=home, amount=5)
    books.post(debit=home, credit=FEES, amount=5)
    ledger.close_account(address=home, actor="test")

    again = books.post(key=key, credit=home, amount=5)

    assert again.replayed


@pytest.mark.django_db
def test_the_same_hold_and_capture_again_answer_what_they_first_did():
    escrow, home = books.account("escrow", tokens=10), books.account()
    placed, key, op_id = books.hold(debit=escrow, amount=8), books.key(), uuid.uuid4()
    first = books.capture((home, 3), (FEES, 2), hold=placed.key, key=key, op_id=op_id)

    again = books.capture((home, 3), (FEES, 2), hold=placed.key, key=key, op_id=op_id)
    held_again = books.hold(key=placed.key, debit=escrow, amount=8)

    assert (again.op_id, again.debit_version, again.replayed) == (op_id, first.debit_version, True)
    assert (held_again.expires_at, held_again.amount, held_again.replayed) == (placed.expires_at, 8, True)
    assert balance_of(home).posted == 3


@pytest.mark.django_db
@pytest.mark.parametrize("other", [{"amount": 6}, {"credit": FEES}, {"actor": "else"}, {"event_ref": "2"}])
def test_a_used_key_with_another_body_is_refused(other):
    home, key = books.account(), books.key()
    books.post(key=key, credit=home, amount=5)

    with pytest.raises(IdempotencyMismatch):
        books.post(**{"key": key, "credit": home, "amount": 5, **other})


@pytest.mark.django_db
def test_inside_a_deal_a_refused_key_stays_free():
    home, key = books.account(), books.key()
    with pytest.raises(InsufficientTokens):
        books.post(key=key, debit=home, credit=FEES)
    books.post(debit=ISSUANCE, credit=home)

    assert not books.post(key=key, debit=home, credit=FEES).replayed


def test_where_the_call_is_the_whole_transaction_the_refusal_is_kept_for_ever(committed_db):
    home, key = books.account(), books.key()
    with pytest.raises(InsufficientTokens):
        books.post(key=key, debit=home, credit=FEES)
    books.post(debit=ISSUANCE, credit=home)

    with pytest.raises(InsufficientTokens):
        books.post(key=key, debit=home, credit=FEES)
    with pytest.raises(IdempotencyMismatch):
        books.post(key=key, debit=home, credit=FEES, amount=2)

    kept = Attempt.objects.get(key=key)
    assert (kept.outcome, kept.refused_body["amount"], kept.transfer_id) == ("insufficient_tokens", 1, None)
    assert balance_of(home).posted == 1


def test_a_key_is_one_fact_in_whichever_batch_it_comes(committed_db):
    items = [
        ledger.PostItem(key=books.key(), debit=ISSUANCE, credit=books.account(), amount=3, **books.FACT)
        for _ in range(4)
    ]
    first = ledger.apply(items[:3])

    again = [*ledger.apply(items[2:], skip_refused=True), *ledger.apply([items[0], items[1]], skip_refused=True)]

    assert [getattr(answer, "replayed", answer) for answer in again] == [True, False, True, True]
    assert [answer.transfer_id for answer in (again[2], again[3], again[0])] == [one.transfer_id for one in first]
