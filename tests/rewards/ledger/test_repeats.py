"""Keys that came again: noted once a day for who sent them, never on the way of a good post, never without end."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from rewards.ledger import operations as ledger
from rewards.ledger import repeats
from rewards.ledger.errors import AlreadyReversed, IdempotencyMismatch, InsufficientTokens, LedgerError
from rewards.ledger.models import FEES, ISSUANCE, Leaf, Repeat
from tests import factories
from tests.browsers import signed_in
from tests.rewards.ledger import books
from tests.rewards.ledger.test_exceptions import API, auditor, counted, listed
from tests.rewards.ledger.tree import sealed
from tests.threads import all_at_once

#: How many keys of one sender are noted on a day, of each kind.
MOST = 100


def noted() -> list[tuple[str, str, str]]:
    """Return what was noted, each once: where midnight falls into a test, it is noted on both days."""
    return list(dict.fromkeys(Repeat.objects.order_by("id").values_list("kind", "attempt_id", "actor")))


def most_of_a_day(**which: str) -> int:
    return max(Counter(Repeat.objects.filter(**which).values_list("day", flat=True)).values())


def items(count: int, home: str, *, amount: int = 1) -> list[ledger.PostItem]:
    fields = {"debit": ISSUANCE, "credit": home, "amount": amount, **books.FACT}
    return [ledger.PostItem(key=f"again:{number}", **fields) for number in range(count)]


# --- what is noted -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_good_post_is_one_statement_and_notes_nothing(django_capture_on_commit_callbacks):
    home = books.account()

    with CaptureQueriesContext(connection) as asked, django_capture_on_commit_callbacks() as after:
        books.post(credit=home)

    assert (len(asked), after) == (1, [])


@pytest.mark.django_db
def test_who_sends_a_key_again_is_noted_once_a_day(django_capture_on_commit_callbacks):
    home, key = books.account(), books.key()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            books.post(key=key, credit=home)

    assert noted() == [("replayed", key, "test")]
    assert most_of_a_day() == 1


@pytest.mark.django_db
def test_of_a_batch_each_key_that_came_again_is_noted_as_what_it_was(django_capture_on_commit_callbacks):
    home = books.account()
    ledger.apply(items(2, home))

    with django_capture_on_commit_callbacks(execute=True):
        ledger.apply([*items(1, home), items(2, home, amount=9)[1]], skip_refused=True)

    assert noted() == [("replayed", "again:0", "test"), ("conflict", "again:1", "test")]


@pytest.mark.django_db
def test_a_key_that_another_room_looked_up_is_not_of_the_books(django_capture_on_commit_callbacks):
    books.post(key="mine", credit=books.account())

    with django_capture_on_commit_callbacks(execute=True):
        repeats.note_refused(IdempotencyMismatch("mine"))

    assert noted() == []


def test_a_refusal_heard_again_and_another_body_are_noted_where_the_call_is_all(committed_db):
    home, key = books.account(), books.key()
    for refusal, fields in ((InsufficientTokens, {}), (InsufficientTokens, {}), (IdempotencyMismatch, {"amount": 9})):
        with pytest.raises(refusal):
            books.post(key=key, debit=home, credit=FEES, **fields)

    assert noted() == [("replayed", key, "test"), ("conflict", key, "test")]


def test_another_body_is_noted_although_the_whole_deal_fell_with_it(committed_db):
    home, key = books.account(), books.key()
    books.post(key=key, credit=home)

    @ledger.retry_on_conflict
    @transaction.atomic(durable=True)
    def deal() -> None:
        books.post(key="deal", credit=home)
        try:
            books.post(key=key, credit=home, amount=9, actor="user:else")
        except IdempotencyMismatch as exc:
            raise LedgerError("said in other words") from exc

    with pytest.raises(LedgerError):
        deal()

    assert noted() == [("conflict", key, "user:else")]


def test_a_reversal_for_another_reason_is_noted(committed_db):
    paid = books.post(credit=books.account())
    ledger.reverse_operation(op_id=paid.op_id, actor="user:1", approved_by="user:2", reason="두 번 적음")
    with pytest.raises(AlreadyReversed):
        ledger.reverse_operation(op_id=paid.op_id, actor="user:1", approved_by="user:2", reason="그냥")

    assert noted() == [("conflict", f"reverse:{paid.transfer_id}", "user:1")]


@pytest.mark.django_db
def test_a_replay_in_a_deal_that_falls_is_not_noted(django_capture_on_commit_callbacks):
    home, key = books.account(), books.key()
    books.post(key=key, credit=home)

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        assert books.post(key=key, credit=home).replayed
        transaction.set_rollback(True)

    assert noted() == []


def test_an_answer_stands_where_no_note_can_be_written(committed_db, monkeypatch, caplog):
    home, key = books.account(), books.key()
    first = books.post(key=key, credit=home)
    monkeypatch.setattr(repeats, "WRITE", "SELECT 1 / 0, %s, %s, %s")

    again = books.post(key=key, credit=home)

    assert again.transfer_id == first.transfer_id
    assert "division by zero" in caplog.text


# --- bounded -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_flood_of_one_sender_leaves_a_hundred_rows_of_a_kind(django_capture_on_commit_callbacks):
    home = books.account()
    batch = items(MOST + 50, home)
    ledger.apply(batch)

    with django_capture_on_commit_callbacks(execute=True):
        for item in batch[:30]:
            ledger.apply([item])
        for _ in range(3):
            ledger.apply(batch)
        for item in batch:
            ledger.apply([item])
    assert most_of_a_day() == MOST

    with django_capture_on_commit_callbacks(execute=True):
        ledger.apply(items(1, home, amount=9), skip_refused=True)
        ledger.apply([ledger.PostItem(**{**vars(batch[0]), "actor": "else"})], skip_refused=True)
    assert [one for one in noted() if one[0] != "replayed"] == [
        ("conflict", "again:0", "test"),
        ("conflict", "again:0", "else"),
    ]


@pytest.mark.django_db
def test_a_key_that_the_books_do_not_know_is_not_noted():
    with connection.cursor() as cursor:
        cursor.execute(repeats.WRITE, ["replayed", ["never"], ["test"]])

    assert noted() == []


def test_many_who_send_one_key_at_once_leave_one_row(committed_db):
    home, key = books.account(), books.key()
    books.post(key=key, credit=home)
    sealed()
    leaves = Leaf.objects.count()

    answers = all_at_once(lambda _: books.post(key=key, credit=home))
    sealed()

    assert all(answer.replayed for answer in answers)
    assert noted() == [("replayed", key, "test")]
    assert most_of_a_day() == 1
    assert Leaf.objects.count() == leaves, "a note is no part of what is sealed"


# --- how it is told ------------------------------------------------------------------------------------------------


@pytest.fixture
def repeated(db, django_capture_on_commit_callbacks) -> str:
    """A key that came once more with the same body, and once with another."""
    home = books.account()
    books.post(key="again", credit=home)
    with django_capture_on_commit_callbacks(execute=True):
        books.post(key="again", credit=home)
        with pytest.raises(IdempotencyMismatch):
            books.post(key="again", credit=home, amount=9, actor="user:else")
    return "again"


def test_both_lists_say_who_when_and_what_the_key_first_made(repeated):
    made = Repeat.objects.select_related("attempt")[0].attempt

    (replayed,), (conflicting,) = listed("replayed"), listed("conflicting")

    assert (replayed["key"], replayed["actor"], replayed["code"]) == (repeated, "test", "applied")
    assert (conflicting["key"], conflicting["actor"]) == (repeated, "user:else")
    assert replayed["other_op_id"] == conflicting["other_op_id"] == str(made.op_id)
    assert replayed["amount"] is conflicting["amount"] is None
    assert (counted()["replayed"], counted()["conflicting"]) == (1, 1)


def whole(pieces: Iterator[bytes]) -> str:
    return b"".join(pieces).decode("utf-8-sig")


def test_both_lists_are_files_and_pages(repeated):
    desk, reader = signed_in(factories.auditor(), second_factor=True), auditor()

    page = desk.get("/audit/exceptions?list=conflicting").content.decode()
    rows = csv.reader(io.StringIO(whole(reader.get(f"{API}/export/exceptions/replayed").streaming_content)))
    lines = whole(reader.get(f"{API}/export/exceptions/conflicting", {"format": "jsonl"}).streaming_content)

    assert "내용이 다른 키" in page
    assert "user:else" in page
    assert '</a> <span class="mono">applied' in page
    header, row, _ = rows
    assert dict(zip(header, row, strict=True))["key"] == repeated
    assert "user:else" in lines.splitlines()[0]


@pytest.mark.django_db
def test_a_list_is_walked_newest_first(django_capture_on_commit_callbacks):
    home, reader = books.account(), auditor()
    ledger.apply(items(3, home))
    with django_capture_on_commit_callbacks(execute=True):
        ledger.apply(items(3, home))

    first = reader.get(f"{API}/exceptions/replayed", {"limit": 2}).json()
    second = reader.get(f"{API}/exceptions/replayed", {"limit": 2, "cursor": first["next_cursor"]}).json()

    newest = list(Repeat.objects.order_by("-id").values_list("attempt_id", flat=True))
    assert [row["key"] for row in first["data"] + second["data"]] == newest
    assert second["next_cursor"] is None
