"""A home's own statement proves that nothing was left out, and tells nothing of anybody else."""

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from consent.records.models import Receipt
from rewards.ledger import bundle, liabilities, merkle, operations, sealing, verify_bundle
from rewards.ledger.models import Account, Leaf
from rewards.ledger.queries import wallet_address
from rewards.ledger.verify_bundle import Broken, verify, verify_statement
from tests import factories
from tests.browsers import signed_in
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import fill, sealed


def proof_of(address: str) -> str:
    return f"/api/v1/ledger/accounts/{address}/proof"


MINE = "/api/v1/wallet/proof"


class Made:
    """One world, made once: two homes that sold something, and what each of them was given to prove it."""

    #: What the home took itself, and what an auditor got of the same account.
    statement: dict[str, Any]
    audited: dict[str, Any]
    #: As the database has them: what every leaf is made of, a transfer with both sides; and whose names are secret.
    contents: dict[int, sealing.Content]
    others: list[str]
    bundle: bytes
    receipt: bytes
    other_receipt: bytes
    address: str
    other: str
    kept: str
    kept_size: int
    note: str


MADE: list[Made] = []


def make() -> Made:
    made, mother = Made(), factories.member()
    home = mother.membership.household
    fill(3)
    sealed()
    made.kept_size, made.kept = sealing.latest_checkpoint().tree_size, sealing.latest_checkpoint().note
    request = factories.open_request()
    deal, other = factories.deal(by=mother, request=request), factories.deal(request=request)
    made.address, made.other = wallet_address(home), wallet_address(other.consent.ask.household)
    for amount in range(1, 6):
        books.post(debit=made.address, credit=made.other, amount=amount)
    placed = books.hold(debit=made.address, amount=9)
    books.capture((made.other, 4), hold=placed.key)
    books.hold(debit=made.address, amount=3)
    books.post(credit=made.other, amount=98_765_432_101)
    books.post(debit=made.other, credit=made.address, amount=2)
    sealed()
    assert liabilities.tell()
    books.post(credit=made.address, amount=1)
    fill(20)
    sealed()
    answer = signed_in(mother).get(MINE, {"kept": made.kept_size})
    assert answer.status_code == 200, answer.content
    made.statement = answer.json()
    auditor = signed_in(factories.auditor(), second_factor=True)
    made.audited = auditor.get(proof_of(made.address), {"kept": made.kept_size}).json()
    made.contents = sealing.contents_of(list(Leaf.objects.values_list("index", flat=True)))
    names = Account.objects.exclude(address=made.address).exclude(address__startswith="platform:")
    made.others = list(names.values_list("address", flat=True))
    made.receipt, made.other_receipt = (
        bytes(Receipt.objects.get(consent=one.consent, act="given").body) for one in (deal, other)
    )
    made.note = sealing.latest_checkpoint().note
    with bundle.write_bundle() as file:
        made.bundle = file.read()
    return made


@pytest.fixture
def made(request) -> Made:
    if not MADE:
        request.getfixturevalue("committed_db")
        MADE.append(make())
    return MADE[0]


def saved(folder: Path, statement: dict[str, Any]) -> str:
    path = folder / "statement.json"
    path.write_text(json.dumps(statement))
    return str(path)


def test_an_honest_statement_is_ok_in_a_process_without_maru(made, tmp_path):
    (tmp_path / "kept").write_text(made.kept)
    (tmp_path / "receipt.json").write_bytes(made.receipt)
    more = ["--kept", str(tmp_path / "kept"), "--receipt", str(tmp_path / "receipt.json")]

    done = subprocess.run(
        [sys.executable, "-I", "-S", verify_bundle.__file__, saved(tmp_path, made.statement), *more],
        capture_output=True, text=True, env={}, cwd="/",
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    told = made.statement
    assert done.stdout.startswith(f"OK: {made.address} has {told['version']} rows and no others up to leaf")
    assert f"{told['posted']} tokens, 3 held" in done.stdout
    assert "; the receipt's 120 tokens were paid" in done.stdout


def test_the_home_and_an_auditor_get_the_same(made):
    assert made.statement == made.audited


def rows_told(made: Made) -> list[tuple[sealing.Content, bytes, bytes]]:
    """Return the home's rows: as the database has them, the side that was shown, and the one that was not."""
    told = []
    for index, content, *side in made.statement["leaves"]:
        if content.startswith("01"):
            whole, shown = made.contents[index], bytes.fromhex(side[0])
            assert shown in (whole.debit_side, whole.credit_side)
            told.append((whole, shown, whole.credit_side if shown == whole.debit_side else whole.debit_side))
    return told


NOTHINGS = struct.pack(">2q", *[verify_bundle.NONE] * 2)


def test_nothing_of_the_other_side_is_in_a_home_s_statement(made):
    text = json.dumps(made.statement)

    for address in made.others:
        assert address not in text
        assert address.encode().hex() not in text
    mine = [shown for _, shown, _ in rows_told(made)]
    for whole in made.contents.values():
        for side in filter(None, (whole.debit_side, whole.credit_side)):
            if side not in mine:
                assert side[:16].hex() not in text, "the salt of another side"
                # Where no balance is kept, a side is little more than nothings, and those stand in any row.
                assert side.endswith(NOTHINGS) or side[16:].hex() not in text, "another side"
    for _, _, hidden_side in rows_told(made):
        numbers = struct.unpack_from(">3q" if len(hidden_side) == 40 else ">4q", hidden_side, 16)
        for number in numbers[2:]:
            assert number < 1000 or struct.pack(">q", number).hex() not in text, "where the other side stands"
    assert len(rows_told(made)) == 10


def test_what_a_home_is_not_shown_cannot_be_guessed_from_the_hashes(made):
    """Who knows everything of the other side but its salt finds no hash of it, and no neighbour has a bare hash."""
    hashes = {digest for _, _, digest in made.statement["nodes"]}
    for whole, shown, hidden_side in rows_told(made):
        told = whole.content[-64:]
        assert sha256(hidden_side).digest() in told, "the attack below would look for the wrong thing"
        for salt in (b"", bytes(16), shown[:16]):
            assert sha256(salt + hidden_side[16:]).digest() not in told
    contents = [told.content for told in made.contents.values()]
    assert hashes & {merkle.leaf_hash(content).hex() for content in contents}, "it has neighbours"
    assert not hashes & {merkle.leaf_hash(content[:-16]).hex() for content in contents}


def test_the_shares_in_a_statement_name_nobody_else_s_balance(made):
    neighbours = [total for share in made.statement["shares"] for total, _ in share["path"][:1]]
    with zipfile.ZipFile(io.BytesIO(made.bundle)) as archive:
        standing = json.loads(archive.read("claims.json"))["standing"]
    assert len(neighbours) == 2  # of two amounts that may be alike: both are cut by chance
    assert standing[made.other][0] not in neighbours


def rows_of(statement: dict[str, Any]) -> list[int]:
    """Return the places of the transfers among a statement's leaves."""
    return [at for at, (_, content, *_) in enumerate(statement["leaves"]) if content.startswith("01")]


def without(number: int) -> Callable[[dict[str, Any]], None]:
    def bend(told: dict[str, Any]) -> None:
        at = rows_of(told)[number]
        index, content, _ = told["leaves"].pop(at)
        digest = verify_bundle.sha256(b"\0" + bytes.fromhex(content)).hexdigest()
        told["nodes"].append([index, index + 1, digest])  # the root still fits

    return bend


def hidden(told: dict[str, Any]) -> None:
    """Leave the last row in, and let the proof pass over it."""
    index = told["leaves"][rows_of(told)[-1]][0]
    told["nodes"].append([index, index + 1, "00" * 32])


def other_amount(told: dict[str, Any]) -> None:
    told["shares"][0]["amount"] += 1


def other_sum(told: dict[str, Any]) -> None:
    told["shares"][0]["path"][0][0] += 1


def negative_sum(told: dict[str, Any]) -> None:
    told["shares"][1]["path"][0][0] = -1


def flipped(told: dict[str, Any]) -> None:
    at = rows_of(told)[2]
    index, content, side = told["leaves"][at]
    told["leaves"][at] = [index, content[:-1] + ("0" if content[-1] != "0" else "1"), side]


def other_side(told: dict[str, Any]) -> None:
    """Show another balance for a row, behind the same salt."""
    leaf = told["leaves"][rows_of(told)[2]]
    leaf[2] = leaf[2][:-1] + ("0" if leaf[2][-1] != "0" else "1")


def no_side(told: dict[str, Any]) -> None:
    told["leaves"][rows_of(told)[2]].pop()


def swapped(told: dict[str, Any]) -> None:
    one, other = rows_of(told)[1:3]
    leaves = told["leaves"]
    leaves[one][1], leaves[other][1] = leaves[other][1], leaves[one][1]


def share_twice(told: dict[str, Any]) -> None:
    told["shares"] = [told["shares"][0]] * 2


def another_address(told: dict[str, Any]) -> None:
    told["address"] = "household:somebody"


@pytest.mark.parametrize(
    ("bend", "told"),
    [
        (without(0), "version 1 is missing or doubled"),
        (without(3), "version 4 is missing or doubled"),
        (without(-1), "the last version, or the balance, is another"),
        (hidden, "passes over a row that it shows"),
        (other_amount, "a share is not part of what is owed"),
        (other_sum, "a share is not part of what is owed"),
        (negative_sum, "less than nothing"),
        (flipped, "not part of what was signed"),
        (swapped, "not part of what was signed"),
        (other_side, "is not the one that was sealed"),
        (no_side, "cannot be read"),
        (share_twice, "an account has two shares"),
        (another_address, "is not a row of this account"),
        (lambda told: told["nodes"].pop(), "lacks a part of the tree"),
        (lambda told: told["consistency"].clear(), "is not shown to begin with"),
        (lambda told: told["shares"].clear(), "two shares"),
        (lambda told: told.pop("checkpoint"), "cannot be read"),
        (lambda told: told["leaves"].append(["x", "zz"]), "cannot be read"),
    ],
)
def test_every_way_of_bending_a_statement_is_caught(made, tmp_path, bend, told):
    statement = json.loads(json.dumps(made.statement))
    bend(statement)

    with pytest.raises(Broken, match=told):
        verify_statement(saved(tmp_path, statement), kept=[made.kept])


def test_a_kept_checkpoint_of_another_tree_is_not_led_to(made, tmp_path):
    statement = json.loads(json.dumps(made.statement))
    path = statement["consistency"][str(made.kept_size)]
    path[0] = "00" * 32

    with pytest.raises(Broken, match="is not shown to begin with"):
        verify_statement(saved(tmp_path, statement), kept=[made.kept])


def test_the_whole_books_bear_the_same_receipts(made, tmp_path):
    (tmp_path / "bundle.zip").write_bytes(made.bundle)
    path = str(tmp_path / "bundle.zip")
    for body in (made.receipt, made.other_receipt):
        (tmp_path / "receipt.json").write_bytes(body)
        assert verify(path, receipt=str(tmp_path / "receipt.json")).endswith("the receipt's 120 tokens were paid")


@pytest.mark.parametrize(
    "bend",
    [
        lambda receipt: receipt["maru:compensation"].update({"maru:tokens": "121"}),
        lambda receipt: receipt.update({"maru:payloadDigest": "sha-256:" + "0" * 64}),
        lambda receipt: receipt.update({"maru:opId": "00000000-0000-4000-8000-000000000000"}),
    ],
)
def test_no_other_receipt_matches_a_payment(made, tmp_path, bend):
    (tmp_path / "bundle.zip").write_bytes(made.bundle)
    receipt = json.loads(made.receipt)
    bend(receipt)
    (tmp_path / "receipt.json").write_text(json.dumps(receipt, ensure_ascii=False))

    with pytest.raises(Broken, match="no payment here was made under this receipt"):
        verify(str(tmp_path / "bundle.zip"), receipt=str(tmp_path / "receipt.json"))


def test_another_home_s_receipt_is_not_in_a_statement(made, tmp_path):
    (tmp_path / "receipt.json").write_bytes(made.other_receipt)

    with pytest.raises(Broken, match="no payment here was made under this receipt"):
        verify_statement(saved(tmp_path, made.statement), receipt=str(tmp_path / "receipt.json"))


def test_the_match_outlives_the_receipt_and_the_wallet(committed_db, tmp_path):
    """Erased: the receipt's text, and who the household is. What stays still says that the payment had one."""
    mother = factories.member()
    factories.deal(by=mother)
    body = bytes(Receipt.objects.get(act="given").body)
    operations.forget_wallet(household=mother.membership.household)
    sealed()
    liabilities.tell()
    with bundle.write_bundle() as file:
        (tmp_path / "bundle.zip").write_bytes(file.read())

    verify(str(tmp_path / "bundle.zip"))

    (tmp_path / "receipt.json").write_bytes(body)  # whoever kept a copy can still show it
    assert "tokens were paid" in verify(str(tmp_path / "bundle.zip"), receipt=str(tmp_path / "receipt.json"))
