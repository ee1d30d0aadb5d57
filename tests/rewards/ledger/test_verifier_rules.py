"""Every rule of the books that the verifier plays again is broken once, and named with its leaf; no database needed."""

import json
from collections.abc import Callable
from hashlib import sha256

import pytest

from rewards.ledger.verify_bundle import (
    ACCOUNT,
    ATTEMPT,
    CLOSURE,
    COMMON_AT,
    CREDIT_AT,
    DEBIT_AT,
    EVIDENCE,
    LIABILITIES,
    NONE,
    Books,
    Broken,
    Common,
    Key,
    Own,
    hashed_as,
    opened,
    shared,
    summed,
)
from tests.rewards.ledger.made_books import ACTOR, ISSUANCE, Journal, packed

ESCROW, HOME, FEES, OTHER = 2, 3, 4, 5
FAR = 2**60
AGREED = {"approver": b"user:8", "reason": b"wrong"}


def op(number: int) -> bytes:
    return sha256(b"%d" % number).digest()[:16]


class Made(Journal):
    """Books in order: a hundred tokens for an escrow, thirty of them held, twenty of these paid out for a consent."""

    def __init__(self) -> None:
        super().__init__()
        self.open("platform:issuance", "issuance", has_balance=False)
        self.open("escrow:1", "escrow")
        self.open("household:1", "household")
        self.open("platform:fees", "fees", has_balance=False)
        self.first = self.keyed(b"post", op(1), ISSUANCE, ESCROW, 100)
        self.hold = self.keyed(b"hold", op(2), ESCROW, NONE, 30, held=30, expires=FAR)
        self.keyed(b"capture", op(3), ESCROW, HOME, 20, hold=self.hold, held=-30, event=b"consent")
        self.evidence(op(3))

    def keyed(self, kind: bytes, operation: bytes, debit: int, credit: int, amount: int, **more) -> int:
        row = self.move(kind, operation, 1, debit, credit, amount, **more)
        self.attempt(kind, operation)
        return row

    def one(self, kind: bytes = b"post", debit: int = ESCROW, credit: int = HOME, amount: int = 1, **more) -> None:
        """Write one more row, of an operation of its own, and nothing after it."""
        self.move(kind, more.pop("operation", op(99)), more.pop("leg", 1), debit, credit, amount, **more)

    def hold_of(self, amount: int, *, expires: int = FAR) -> int:
        return self.keyed(b"hold", op(4), ESCROW, NONE, amount, held=amount, expires=expires)

    def evidence(self, operation: bytes, digest: bytes = bytes(32)) -> None:
        self.leaves.append(packed(EVIDENCE, b"\5", operation, 1, texts=[digest]))

    def close(self, account: int) -> None:
        self.leaves.append(packed(CLOSURE, b"\3", account, 1, 1, texts=[b"user:7"]))

    def closed(self) -> None:
        """Open one more account, number five, and close it."""
        self.open("household:2", "household")
        self.close(OTHER)

    def owes(self, owed: int, *, further: int = 0, issued: int = -100) -> None:
        own = json.dumps({"platform:issuance": issued, "platform:fees": 0}).encode()
        self.leaves.append(
            packed(LIABILITIES, b"\6", len(self.leaves) + further, 4, owed, 1, 1, texts=[bytes(32), own])
        )


def played(made: Made) -> dict[str, list[int]]:
    books = Books()
    books.play(made.leaves)
    return books.close(made.leaves)


def test_books_in_order_are_played_to_where_they_stand():
    made = Made()
    made.owes(100)
    gift = made.keyed(b"post", op(4), HOME, ESCROW, 5, effective=1)
    made.keyed(b"reverse", op(5), ESCROW, HOME, 5, reverses=gift, **AGREED)
    made.closed()
    lapsed = made.keyed(b"hold", op(6), ESCROW, NONE, 3, held=3, expires=made.row + 2)
    made.keyed(b"expire", op(7), ESCROW, NONE, 3, hold=lapsed, held=-3)
    freed = made.keyed(b"hold", op(8), ESCROW, NONE, 3, held=3, expires=FAR)
    made.keyed(b"release", op(9), ESCROW, NONE, 3, hold=freed, held=-3)

    assert played(made) == {made.names[number]: stood for number, stood in made.standing.items()}
    assert made.standing == {1: [-100, 0, 0], 2: [80, 0, 9], 3: [20, 0, 3], 4: [0, 0, 0], 5: [0, 0, 0]}


def _later_leg(made: Made, kind: bytes = b"capture", **said: int) -> None:
    hold = made.hold_of(9)
    made.move(b"capture", op(5), 1, ESCROW, HOME, 3, hold=hold, held=-9)
    made.move(kind, op(5), 2, ESCROW, HOME if kind == b"capture" else NONE, 3, hold=hold, **said)


def _resolved(made: Made, kind: bytes = b"capture", debit: int = ESCROW, amount: int = 9, expires: int = FAR) -> None:
    hold = made.hold_of(30, expires=expires)
    made.one(kind, debit, HOME if kind == b"capture" else NONE, amount, hold=hold, held=-30)


def _reversed(made: Made, *, before: bool = False, **said: object) -> None:
    told = {"reverses": made.first} | AGREED | said
    if before:
        made.keyed(b"reverse", op(4), ESCROW, ISSUANCE, 10, **told)
    made.one(b"reverse", ESCROW, ISSUANCE, 10, **told)


def _second_hold(made: Made) -> None:
    hold = made.hold_of(1)
    made.one(b"hold", credit=NONE, held=1, expires=FAR, row=hold)


def _number_of_a_resolved_hold(made: Made) -> None:
    made.one(b"hold", credit=NONE, held=1, expires=FAR, row=made.hold)


def _number_of_another_s_hold(made: Made) -> None:
    hold = made.hold_of(1)
    made.one(b"hold", debit=HOME, credit=NONE, held=1, expires=FAR, row=hold)


def _leg_of_another_hold(made: Made) -> None:
    made.move(b"capture", op(5), 1, ESCROW, HOME, 3, hold=made.hold_of(9), held=-9)
    made.move(b"capture", op(5), 2, ESCROW, HOME, 3, hold=made.hold)


def _opened(made: Made, number: int, *texts: bytes | None, floor: int = 0) -> None:
    made.leaves.append(packed(ACCOUNT, b"\2", number, 1, floor, 1, 1, texts=texts))


def _closed_under_a_hold(made: Made) -> None:
    """Only an account that may fall below zero has something held and nothing in it."""
    _opened(made, OTHER, b"platform:guarantee", b"guarantee", floor=-10)
    made.standing[OTHER] = [0, 0, 0]
    made.one(b"hold", debit=OTHER, credit=NONE, held=1, expires=FAR)
    made.close(OTHER)


def _number_before_another_hold(made: Made) -> None:
    made.hold_of(1)
    made.one(b"hold", credit=NONE, held=1, expires=FAR, row=made.hold + 1)


def _again(made: Made, leaf: int, more: bytes = b"") -> None:
    made.leaves.append(made.leaves[leaf] + more)


def _after_closing(made: Made) -> None:
    made.closed()
    made.one(credit=OTHER)


def _closed_twice(made: Made) -> None:
    made.closed()
    made.close(OTHER)


BENT: list[tuple[Callable[[Made], None], str]] = [
    (lambda made: made.one(credit=FEES, credit_version=1), "has a version where no balance is kept"),
    (lambda made: made.one(debit=ISSUANCE, debit_version=1), "has a version or a hold where no balance is kept"),
    (lambda made: made.one(credit_version=9), "version 2 is missing or doubled"),
    (lambda made: made.one(credit_after=9), "the balance after it is not"),
    (lambda made: made.one(debit_version=9), "version 4 is missing or doubled"),
    (lambda made: made.one(debit_after=9), "the balance after it is not"),
    (lambda made: made.one(debit_held=9), "the balance after it is not"),
    (lambda made: made.one(recorded=1, effective=1), "time runs backwards"),
    (lambda made: made.one(credit=FEES, credit_version=NONE, recorded=1, effective=1), "time runs backwards"),
    (lambda made: made.one(amount=81), "stands below its floor"),
    (lambda made: made.one(b"hold", credit=NONE, amount=81, held=81, expires=FAR), "stands below its floor"),
    (lambda made: made.one(amount=0), "an amount out of range"),
    (lambda made: made.one(amount=2**53), "an amount out of range"),
    (lambda made: made.one(effective=FAR), "is dated ahead"),
    (lambda made: made.one(b"hold", credit=NONE, held=1, expires=FAR, effective=1), "back without being a post"),
    (lambda made: made.one(credit=ESCROW), "gives to the account it takes from"),
    (lambda made: made.one(b"hold", credit=HOME, held=1, expires=FAR), "gives to somebody and takes from nobody"),
    (lambda made: made.one(b"gift"), "of a form, kind or account that was not told"),
    (lambda made: made.one(leg=2), "is not the next row of its operation"),
    (lambda made: made.one(operation=op(1)), "is not the next row of its operation"),
    (_second_hold, "is a hold a second time"),
    (_number_of_a_resolved_hold, "is a hold a second time"),
    (_number_before_another_hold, "or out of its turn"),
    (_number_of_another_s_hold, "is a hold a second time"),
    (_leg_of_another_hold, "resolves a hold a second time"),
    (lambda made: made.one(b"hold", debit=FEES, credit=NONE, expires=FAR), "a hold where no balance is kept"),
    (lambda made: _opened(made, OTHER, None, b"household"), "opens an account"),
    (lambda made: _opened(made, OTHER, b"household:2", None), "opens an account"),
    (_closed_under_a_hold, "closes an account that is closed or not empty"),
    (
        lambda made: made.leaves.append(
            packed(ATTEMPT, b"\4", 1, 1, 1, 7, texts=(None, b"k", b"short", b"post", b"refused", b"user:7", None))
        ),
        "uses a key a second time",
    ),
    (
        lambda made: made.leaves.append(packed(EVIDENCE, b"\5", op(1), 1, texts=[None])),
        "is evidence of no operation",
    ),
    (
        lambda made: made.leaves.append(
            packed(LIABILITIES, b"\6", len(made.leaves), 4, 100, 1, 1, texts=[bytes(32), None])
        ),
        "is not what was issued",
    ),
    (lambda made: made.one(b"capture"), "resolves no hold"),
    (lambda made: made.one(hold=made.hold), "or a hold that is not there$"),
    (lambda made: made.one(b"capture", hold=made.hold), "resolves a hold that is not there any more"),
    (lambda made: _later_leg(made, hold_leg=3), "resolves a hold a second time"),
    (lambda made: _later_leg(made, hold_leg=0), "resolves a hold a second time"),
    (lambda made: _later_leg(made, hold_leg=-7), "resolves a hold a second time"),
    (lambda made: _later_leg(made, b"release"), "resolves a hold a second time"),
    (lambda made: _resolved(made, amount=31), "pays more than was held"),
    (lambda made: _resolved(made, debit=HOME), "resolves a hold that is not there any more"),
    (lambda made: _resolved(made, expires=1), "pays from a hold whose time had passed"),
    (lambda made: _resolved(made, b"expire"), "lets a hold expire before"),
    (lambda made: made.one(reverses=made.first), "is a reversal of nothing"),
    (lambda made: _reversed(made, reverses=NONE), "is a reversal of nothing"),
    (lambda made: _reversed(made, approver=None), "not agreed to by a second person"),
    (lambda made: _reversed(made, approver=ACTOR), "not agreed to by a second person"),
    (lambda made: _reversed(made, reason=b""), "not agreed to by a second person"),
    (lambda made: _reversed(made, before=True), "reverses what was reversed before"),
    (lambda made: _again(made, 1), "opens an account that is open"),
    (lambda made: made.close(HOME), "closes an account that is closed or not empty"),
    (_closed_twice, "closes an account that is closed or not empty"),
    (_after_closing, "moves an account that was closed"),
    (lambda made: _again(made, 5), "uses a key a second time"),
    (lambda made: made.attempt(b"post", op(50)), "names an operation that is not there"),
    (lambda made: made.attempt(b"post", op(1), key=b"another"), "or that has its key"),
    (lambda made: made.attempt(b"post", None, key=b"another"), "names an operation that is not there"),
    (lambda made: made.attempt(b"post", op(1), key=b"another", outcome=b"refused"), "was not applied and names"),
    (lambda made: made.evidence(op(50)), "is evidence of no operation"),
    (lambda made: made.evidence(op(3)), "or of one that has it"),
    (lambda made: made.owes(100, further=1), "speaks of another tree"),
    (lambda made: made.owes(99), "what is said to be owed is not"),
    (lambda made: made.owes(100, issued=-99), "is not what was issued"),
    (lambda made: _again(made, 1, b"\0"), "does not end where it says"),
    (lambda made: _again(made, 4, b"\0"), "does not end where it says"),
    (lambda made: _again(made, 5, b"\0"), "does not end where it says"),
    (lambda made: _again(made, -1, b"\0"), "does not end where it says"),
    (lambda made: made.leaves.append(b"\7"), "of a form, kind or account that was not told"),
]


@pytest.mark.parametrize(("bend", "told"), BENT)
def test_a_leaf_that_breaks_a_rule_is_named(bend, told):
    made = Made()
    bend(made)

    with pytest.raises(Broken, match=told) as caught:
        played(made)
    assert caught.value.leaf == len(made.leaves) - 1


AT_THE_END: list[tuple[Callable[[Made], object], str]] = [
    (lambda made: made.one(), "1 operations were made under no key"),
    (lambda made: made.leaves.pop(), "1 payments for a consent have no receipt's digest"),
    (
        lambda made: made.keyed(b"reverse", op(4), ESCROW, ISSUANCE, 10, reverses=made.first, **AGREED),
        "not a whole row",
    ),
    (lambda made: made.keyed(b"reverse", op(4), HOME, ISSUANCE, 5, reverses=made.first, **AGREED), "not a whole row"),
    (lambda made: made.keyed(b"reverse", op(4), ESCROW, HOME, 5, reverses=999, **AGREED), "what cannot be reversed"),
]


@pytest.mark.parametrize(("bend", "told"), AT_THE_END)
def test_what_shows_only_at_the_end_is_missed(bend, told):
    made = Made()
    bend(made)

    with pytest.raises(Broken, match=told):
        played(made)


def test_a_reversal_is_never_reversed_and_never_comes_first():
    made = Made()
    gift = made.keyed(b"post", op(4), HOME, ESCROW, 5)
    back = made.keyed(b"reverse", op(5), ESCROW, HOME, 5, reverses=gift, **AGREED)
    made.keyed(b"reverse", op(6), HOME, ESCROW, 5, reverses=back, **AGREED)
    early = Made()
    early.keyed(b"reverse", op(4), ESCROW, HOME, 5, reverses=early.row + 2, **AGREED)
    early.keyed(b"post", op(5), HOME, ESCROW, 5)

    for books in (made, early):
        with pytest.raises(Broken, match="is not a whole row with its sides swapped"):
            played(books)


def test_no_part_of_what_is_owed_is_less_than_nothing():
    assert summed((1, bytes(32)), (2, bytes(32)))[0] == 3
    for pair in ((-1, 2), (2, -1)):
        with pytest.raises(Broken, match="less than nothing"):
            summed(*((amount, bytes(32)) for amount in pair))


def test_a_row_that_is_shown_in_a_statement_ends_where_it_says():
    row = shared(Made().leaves[4])

    assert Common.read(row).amount == 100
    with pytest.raises(Broken, match="does not end where it says"):
        Common.read(row + b"\0")


def _shown(leaf: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a transfer as a statement has it, and both its sides."""
    content = hashed_as(leaf)[1:]
    credit, further = leaf[CREDIT_AT:COMMON_AT], leaf[DEBIT_AT:]
    debit = next(further[:end] for end in range(len(further)) if sha256(further[:end]).digest() == content[-64:-32])
    return content, debit, credit


def test_a_statement_takes_only_the_account_s_own_side_in_the_order_of_time():
    made = Made()
    content, debit, credit = _shown(made.leaves[8])
    made.one(recorded=1, effective=1)
    later, _, later_credit = _shown(made.leaves[-1])
    home, stranger = Own(), Own()
    home.number, stranger.number = HOME, FEES

    home.take(content, credit)
    assert (home.posted, home.version) == (20, 1)
    with pytest.raises(Broken, match="or time runs backwards"):
        home.take(later, later_credit)
    for side in (debit, credit):
        with pytest.raises(Broken, match="is not a row of this account"):
            stranger.take(content, side)


def test_a_checkpoint_of_another_log_is_refused():
    with pytest.raises(Broken, match="a checkpoint is of another log"):
        opened("another.example/log\n1\nAAAA\n\n— another.example/log AAAA\n", Key("maru.example/log", b"", 1, b""))
