"""Every rule of one account's statement and of a receipt is broken once; no database needed."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rewards.ledger.verify_bundle import (
    COMMON_AT,
    CREDIT_AT,
    DEBIT,
    DEBIT_AT,
    LIABILITIES,
    TEXTS_AT,
    Broken,
    Checkpoint,
    Own,
    _climbed,
    digests_of,
    folded,
    hashed_as,
    is_consistent,
    share_leaf,
    sum_root,
    summed,
    verify,
    verify_statement,
)
from tests.rewards.ledger.made_books import ACTOR, Journal, packed, signed_at, verifier_key, written
from tests.rewards.ledger.test_verifier_rules import ESCROW, FAR, FEES, HOME, ISSUANCE, Made, op

Statement = dict[str, Any]
SALTS = (bytes(16), bytes(range(16)))


def sides_of(leaf: bytes) -> dict[int, bytes]:
    """Return the two sides of a transfer, by whose they are; its only text on the debit side is who did it."""
    credit, debit = leaf[CREDIT_AT:COMMON_AT], leaf[DEBIT_AT : TEXTS_AT + len(ACTOR)]
    return {int.from_bytes(side[16:24], "big", signed=True): side for side in (credit, debit)}


class Shares:
    """The tree of what is owed to some accounts: each of them split in two, as told."""

    def __init__(self, journal: Journal, split: dict[int, tuple[int, int]]) -> None:
        self.split = split
        self.leaves = {
            (account, number): (
                amount,
                share_leaf(SALTS[number], number, amount, self.standing(journal, account), name),
            )
            for account, amounts in split.items()
            for number, amount in enumerate(amounts)
            for name in [journal.names[account]]
        }
        self.level = sorted(self.leaves.values(), key=lambda share: share[1])

    @staticmethod
    def standing(journal: Journal, account: int) -> tuple[int, int, int]:
        posted, held, version = journal.standing[account]
        return posted, held, version

    def of(self, account: int) -> list[dict[str, Any]]:
        return [
            {"number": number, "amount": amount, "salt": SALTS[number].hex(), **self.way(self.leaves[account, number])}
            for number, amount in enumerate(self.split[account])
        ]

    def way(self, share: tuple[int, bytes]) -> dict[str, Any]:
        """Return where a share of four stands, and the way to the root."""
        position = self.level.index(share)
        beside, far = self.level[position ^ 1], self.level[:2] if position > 1 else self.level[2:]
        path = [beside, summed(*far)]
        return {"position": position, "path": [[amount, digest.hex()] for amount, digest in path]}


def told(
    made: Made, account: int = HOME, *, split: tuple[int, int] | None = None, further: int = 0, owes: bool = True
) -> Statement:
    """Return an account's statement over all of some books, ending in what is owed; all is so unless it is said."""
    posted = made.standing[account][0]
    other = ESCROW if account != ESCROW else HOME
    shares = Shares(made, {account: split or (7, posted - 7), other: (1, made.standing[other][0] - 1)})
    owed, root = sum_root(shares.level)
    if owes:
        own = json.dumps({"platform:issuance": made.standing[ISSUANCE][0], "platform:fees": 0}).encode()
        size = len(made.leaves) + further
        made.leaves.append(packed(LIABILITIES, b"\6", size, 4, owed, 1, 1, texts=[root, own]))
    digests = digests_of(made.leaves)
    statement: Statement = {
        "address": made.names[account], "key": verifier_key(), "witnesses": [],
        "checkpoint": signed_at(len(digests), folded(digests)),
        "leaves": [], "nodes": [], "consistency": {}, "shares": shares.of(account),
    }  # fmt: skip
    for index, leaf in enumerate(made.leaves):
        if leaf[0] == 1 and account in sides_of(leaf):
            statement["leaves"].append([index, hashed_as(leaf)[1:].hex(), sides_of(leaf)[account].hex()])
        elif leaf[0] in (2, 5, 6):
            statement["leaves"].append([index, leaf.hex()])
        else:
            statement["nodes"].append([index, index + 1, digests[index].hex()])
    return statement


def checked(folder: Path, statement: Statement, **more: Any) -> str:
    path = folder / "statement.json"
    path.write_text(json.dumps(statement))
    return verify_statement(str(path), **more)


@pytest.mark.parametrize(
    ("account", "said"),
    [(HOME, "household:1 has 1 rows"), (ESCROW, "escrow:1 has 3 rows and no others up to leaf 11, 80")],
)
def test_a_statement_in_order_is_ok(tmp_path, account, said):
    assert checked(tmp_path, told(Made(), account)).startswith(f"OK: {said}")


def without(made: Made, form: int) -> Statement:
    """Leave out the leaves of a form; the tree is still the one that was signed."""
    statement = told(made)
    for index, content, *side in list(statement["leaves"]):
        if content.startswith(f"{form:02x}") and not side:
            statement["leaves"].remove([index, content])
            statement["nodes"].append([index, index + 1, digests_of([bytes.fromhex(content)])[0].hex()])
    return statement


def nobody(made: Made) -> Statement:
    """Tell of an account that was never opened and has no rows."""
    statement = without(made, 1)
    statement["leaves"] = [leaf for leaf in statement["leaves"] if len(leaf) == 2]
    shown = {index for index, *_ in statement["leaves"]} | {low for low, *_ in statement["nodes"]}
    hidden = [index for index in range(len(made.leaves)) if index not in shown]
    statement["nodes"] += [[index, index + 1, digests_of([made.leaves[index]])[0].hex()] for index in hidden]
    return statement | {"address": "household:nobody"}


def _after(made: Made) -> Statement:
    """Tell of one row more than what is owed was told of."""
    told(made)
    made.one()
    return told(made, owes=False)


def _one(**said: Any) -> Callable[[Made], Statement]:
    def bent(made: Made) -> Statement:
        made.one(**said)
        return told(made)

    return bent


BENT: list[tuple[Callable[[Made], Statement], str]] = [
    (nobody, "the account's own leaf is missing"),
    (lambda made: without(made, 2), "leaf 8: is not a row of this account"),
    (lambda made: without(made, 6), "nothing says what is owed"),
    (lambda made: told(made, further=1), "leaf 11: what is owed was told of another tree"),
    (_after, "leaf 11: what is owed was told of another tree"),
    (lambda made: told(made, split=(7, 12)), "leaf 11: the shares in what is owed are not the balance"),
    (lambda made: told(made) | {"shares": told(Made())["shares"][::-1]}, "an account has two shares"),
    (_one(credit_after=9), "leaf 11: the balance after it is not"),
    (_one(credit_version=9), "leaf 11: its account's version 2 is missing"),
    (_one(amount=0), "leaf 11: has an amount out of range"),
    (_one(recorded=1, effective=1), "or time runs backwards"),
    (_one(kind=b"hold", held=1, expires=FAR), "leaf 11: is not a row of this account"),
    (_one(debit=HOME, credit=ESCROW, debit_held=9), "leaf 11: the balance after it is not"),
]


@pytest.mark.parametrize(("bent", "said"), BENT)
def test_a_statement_that_breaks_a_rule_is_refused(tmp_path, bent, said):
    with pytest.raises(Broken, match=said):
        checked(tmp_path, bent(Made()))


def test_a_side_ends_where_it_says():
    made = Made()
    made.one(debit=HOME, credit=ESCROW)
    side = sides_of(made.leaves[-1])[HOME]
    longer = side + b"x"
    content = hashed_as(made.leaves[-1])[1:]
    home = Own()
    home.number, home.posted, home.version = HOME, 20, 1

    assert len(side) == DEBIT.size + len(ACTOR)
    with pytest.raises(Broken, match="is not a row of this account"):
        home.take(content[:-64] + sha256(longer).digest() + content[-32:], longer)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def test_a_path_from_one_tree_to_a_later_one_is_as_long_as_it_must_be():
    """RFC 9162, 2.1.4.2: else two trees of other sizes, both with more in front, would pass for these."""
    two, third, fourth, front = (sha256(b"%d" % number).digest() for number in range(4))
    old, new = node(two, third), node(two, node(third, fourth))

    assert is_consistent(Checkpoint(3, old), Checkpoint(4, new), [third, fourth, two])
    longer = Checkpoint(3, node(front, old)), Checkpoint(4, node(front, new))
    assert not is_consistent(*longer, [third, fourth, two, front])


def test_a_share_s_path_is_as_long_as_it_must_be():
    share, beside = (3, bytes(32)), (4, bytes(32))

    assert _climbed(share, 0, 2, [beside]) == summed(share, beside)
    assert _climbed(share, 0, 1, [beside]) is None
    assert _climbed(share, 0, 3, [beside]) is None


OPERATION = UUID(bytes=op(7))


def receipt(*, consent: str = "c1", tokens: int = 5, price: int = 8) -> dict[str, Any]:
    return {
        "maru:opId": str(OPERATION),
        "dpv:hasRecordOfActivity": {"dct:identifier": consent},
        "maru:compensation": {"maru:tokens": str(tokens), "maru:priceTokens": str(price)},
    }


def paid(given: dict[str, Any], *, kind: bytes = b"capture", reference: bytes = b"consent:c1") -> Made:
    """Return books with one more payment: five to a home and three in fees, under a receipt."""
    made = Made()
    if kind == b"capture":
        hold = made.hold_of(8)
        made.move(kind, op(7), 1, ESCROW, HOME, 5, hold=hold, held=-8, event=b"consent", reference=reference)
        made.move(kind, op(7), 2, ESCROW, FEES, 3, hold=hold, event=b"consent", reference=reference)
    else:
        made.move(kind, op(7), 1, ESCROW, HOME, 5, event=b"consent", reference=reference)
    made.attempt(kind, op(7))
    body = json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    made.evidence(op(7), sha256(body).digest())
    return made


def receipt_in(folder: Path, given: dict[str, Any]) -> str:
    path = folder / "receipt.json"
    path.write_text(json.dumps({"receipt": given}))
    return str(path)


def test_a_receipt_finds_its_payment_in_the_books_and_in_a_statement(tmp_path):
    given = receipt()
    path = receipt_in(tmp_path, given)

    assert verify(written(paid(given), tmp_path), receipt=path).endswith("; the receipt's 5 tokens were paid")
    assert checked(tmp_path, told(paid(given)), receipt=path).endswith("; the receipt's 5 tokens were paid")


@pytest.mark.parametrize(
    ("given", "more", "said"),
    [
        (receipt(tokens=6), {}, "the payment is not what the receipt says"),
        (receipt(price=7), {}, "the payment is not what the receipt says"),
        (receipt(consent="c2"), {}, "the payment is for another consent"),
        (receipt(), {"kind": b"post"}, "the payment is for another consent"),
        (receipt(), {"reference": b"ask:c1"}, "the payment is for another consent"),
    ],
)
def test_a_receipt_that_is_sealed_says_what_was_paid_and_for_which_consent(tmp_path, given, more, said):
    """Even where the operator sealed the digest of a receipt that does not say what the journal does."""
    with pytest.raises(Broken, match=said):
        verify(written(paid(given, **more), tmp_path), receipt=receipt_in(tmp_path, given))
