"""A single post and a single capture have a short way. It does what the long way does: answers, rows, refusals.

Each call is put to both from the same books, as the owner, and taken back; what either did is compared.
"""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections

from tests.conftest import connect_as_owner

FACT = {"actor": "test", "event_type": "test", "event_ref": "1"}
OPERATION = "00000000-0000-4000-8000-00000000000a"
MAKE_BOOKS = """
SELECT ledger_open_account(kind || ':' || name, kind) FROM (VALUES ('escrow', 'pays'), ('household', 'one'),
    ('household', 'two'), ('household', 'full'), ('household', 'soon'), ('household', 'ahead'), ('household', 'gone'),
    ('manufacturer', 'made'))
    AS opened (kind, name);
SELECT ledger_close_account('household:gone', 'test');
UPDATE ledger_balance SET debits = 9007199254740986, credits = 9007199254740986
    WHERE account_id = (SELECT id FROM ledger_account WHERE address = 'household:full');
UPDATE ledger_balance SET recorded_at = clock_timestamp() + '10 minutes'
    WHERE account_id = (SELECT id FROM ledger_account WHERE address = 'household:soon');
UPDATE ledger_balance SET recorded_at = clock_timestamp() + '2 days'
    WHERE account_id = (SELECT id FROM ledger_account WHERE address = 'household:ahead');
"""
#: Everything a call may write, but for the numbers and times that no two calls share.
WRITTEN = """
SELECT (SELECT jsonb_agg(to_jsonb(t) - '{id,op_id,recorded_at,effective_at,xid}'::text[]
                || jsonb_build_object('op', t.op_id = %(op)s, 'back', t.effective_at < t.recorded_at) ORDER BY t.id)
        FROM ledger_transfer t),
       (SELECT jsonb_agg(to_jsonb(a) - '{transfer_id,op_id,recorded_at,xid}'::text[]
                || jsonb_build_object('op', a.op_id = %(op)s, 'leg', t.leg, 'kind', t.kind) ORDER BY a.key)
        FROM ledger_attempt a LEFT JOIN ledger_transfer t ON t.id = a.transfer_id),
       (SELECT jsonb_agg(to_jsonb(b) - 'recorded_at' ORDER BY b.account_id) FROM ledger_balance b),
       (SELECT jsonb_agg(to_jsonb(h) ORDER BY h.key) FROM ledger_openhold h)
"""


@pytest.fixture(scope="module")
def hand(django_db_setup) -> Iterator[psycopg.Connection]:
    """The owner in books that nobody else sees; each test takes back what it did."""
    with connect_as_owner(connections["default"].settings_dict["NAME"]) as owner:
        owner.autocommit = False
        owner.execute(MAKE_BOOKS)
        funded = [post(key="fund", debit="platform:issuance", credit="escrow:pays", amount=1000)]
        holds = [{"action": "hold", "key": key, "debit": "escrow:pays", "amount": 50, "lifetime": 3600} | FACT
                 for key in ("held", "late", "spent")]  # fmt: skip
        used = [capture(("household:one", 5), key="used", hold="spent")]
        for item in (*funded, *holds, *used):
            owner.execute("SELECT ledger_apply_each(%s::jsonb, false)", [json.dumps([item])])
        owner.execute("UPDATE ledger_openhold SET expires_at = clock_timestamp() WHERE key = 'late'")
        yield owner
        owner.rollback()


def post(**fields: Any) -> dict[str, Any]:
    valid = {"action": "post", "key": "new", "debit": "escrow:pays", "credit": "household:one", "amount": 7}
    return valid | FACT | fields


def capture(*legs: tuple[str, Any], **fields: Any) -> dict[str, Any]:
    paid = [{"credit": credit, "amount": amount} for credit, amount in legs]
    return {"action": "capture", "key": "new", "hold": "held", "legs": paid} | FACT | fields


def done(hand: psycopg.Connection, way: str, item: dict[str, Any], *, record: bool) -> Any:
    """Return what a call answers and what is in the books afterwards; nothing of it remains."""
    with hand.transaction(force_rollback=True):
        try:
            with hand.transaction():
                (answers,) = hand.execute(f"SELECT {way}(%s::jsonb, %s)", [json.dumps([item]), record]).fetchone()
        except psycopg.Error as exc:
            answers = [{"outcome": (exc.sqlstate, exc.diag.constraint_name), "op_id": None, "transfer_id": None}]
        books = hand.execute(WRITTEN, {"op": OPERATION}).fetchone()
    (answer,) = answers
    named = {"op_id": answer.get("op_id") == OPERATION, "transfer_id": answer.get("transfer_id") is not None}
    return answer | named, books


ONE, TWO, MADE, FEES, SAVED = (
    ("household:one", 8), ("household:two", 3), ("manufacturer:made", 1), ("platform:fees", 1),
    ("platform:guarantee", 2),
)  # fmt: skip
IN_SHORT = {
    "three legs, as a deal pays": capture(ONE, MADE, FEES),
    "the same under the caller's operation": capture(ONE, MADE, FEES, op_id=OPERATION),
    "in another order": capture(FEES, MADE, ONE),
    "two legs": capture(ONE, TWO),
    "one leg": capture(ONE),
    "one that keeps no balance": capture(FEES),
    "one without a floor": capture(ONE, SAVED),
    "all that was held": capture(("household:one", 48), MADE, FEES),
    "to whoever is ahead of the clock, within the hold's time": capture(("household:soon", 8), MADE, FEES),
}
IN_LENGTH = {
    "four legs": capture(ONE, TWO, MADE, FEES),
    "one taker twice": capture(ONE, MADE, ONE),
    "the first twice": capture(ONE, ONE, MADE),
    "the last twice": capture(MADE, ONE, ONE),
    "the fees twice": capture(FEES, ONE, FEES),
    "a leg of zero": capture(ONE, ("manufacturer:made", 0), FEES),
    "only legs of zero": capture(("household:one", 0)),
    "no legs": capture(),
    "legs left out": {key: value for key, value in capture().items() if key != "legs"},
    "legs that are none": capture(legs=7),
    "legs that are an object": capture(legs={"credit": "household:one", "amount": 1}),
    "who pays is paid": capture(ONE, ("escrow:pays", 1)),
    "an unknown taker": capture(ONE, ("household:nobody", 1)),
    "no taker": capture(legs=[{"amount": 1}]),
    "no amount": capture(legs=[{"credit": "household:one"}]),
    "a closed taker": capture(ONE, ("household:gone", 1)),
    "a full taker": capture(("household:full", 8)),
    "a taker ahead of the hold's end": capture(("household:ahead", 1)),
    "one more than was held": capture(("household:one", 49), MADE, FEES),
    "a negative leg": capture(ONE, ("manufacturer:made", -1)),
    "negative legs that sum to something": capture(("household:one", 9), ("manufacturer:made", -8)),
    "a fraction": capture(("household:one", 1.5)),
    "fractions that sum to a whole": capture(("household:one", 1.5), ("household:two", 2.5)),
    "words for an amount": capture(("household:one", "8")),
    "null for an amount": capture(ONE, ("manufacturer:made", None)),
    "true for an amount": capture(("household:one", True)),
    "more than fits": capture(("household:one", 10**30)),
    "an unknown hold": capture(ONE, hold="never"),
    "no hold": {key: value for key, value in capture(ONE).items() if key != "hold"},
    "a hold that was captured": capture(ONE, hold="spent"),
    "a hold whose time is over": capture(ONE, hold="late"),
    "the same again": capture(("household:one", 5), key="used", hold="spent"),
    "a key that was used for another hold": capture(ONE, key="used"),
    "a key that was used for a hold": capture(ONE, key="held"),
    "no key": {key: value for key, value in capture(ONE).items() if key != "key"},
    "who acts approves": capture(ONE, approved_by="test", reason="because"),
    "approved by another": capture(ONE, approved_by="other", reason="because"),
    "dated back": capture(ONE, effective_at="2020-01-01T00:00:00Z"),
    "an operation that is no id": capture(ONE, op_id="no"),
}
POSTS = {
    "plain": post(),
    "under the caller's operation": post(op_id=OPERATION),
    "issued": post(debit="platform:issuance"),
    "to the fees": post(credit="platform:fees"),
    "between two that keep no balance": post(debit="platform:issuance", credit="platform:fees"),
    "to whoever is ahead of the clock": post(credit="household:ahead"),
    "dated back": post(effective_at="2020-01-01T00:00:00Z"),
    "dated ahead": post(effective_at="2999-01-01T00:00:00Z"),
    "under an operation that is none": post(op_id="none"),
    "approved": post(approved_by="other", reason="because"),
    "approved by who acts": post(approved_by="test", reason="because"),
    "approved without a reason": post(approved_by="other"),
    "to itself": post(credit="escrow:pays"),
    "from nobody": post(debit="household:nobody"),
    "to nobody": post(credit="household:nobody"),
    "from a closed account": post(debit="household:gone"),
    "to a closed account": post(credit="household:gone"),
    "to a full account": post(credit="household:full"),
    "all that is free": post(amount=895),
    "one more than is free": post(amount=896),
    "of what is not there": post(debit="household:two"),
    "of zero": post(amount=0),
    "of less": post(amount=-1),
    "of a fraction": post(amount=0.5),
    "of a whole number with a point": post(amount=7.0),
    "of more than a number carries": post(amount=2**53),
    "of more than a bigint holds": post(amount=2**63),
    "of words": post(amount="7"),
    "of null": post(amount=None),
    "of too much": post(amount=10**30),
    "under a used key": post(key="used"),
    "under its own key, again": post(key="fund", debit="platform:issuance", credit="escrow:pays", amount=1000),
}


@pytest.mark.parametrize("record", [False, True], ids=["told", "kept"])
@pytest.mark.parametrize("item", [*IN_SHORT.values(), *IN_LENGTH.values()], ids=[*IN_SHORT, *IN_LENGTH])
def test_a_capture_is_the_same_either_way(hand, item, record):
    shortly, at_length = (done(hand, way, item, record=record) for way in ("ledger_apply", "ledger_apply_each"))

    assert shortly == at_length


@pytest.mark.parametrize("record", [False, True], ids=["told", "kept"])
@pytest.mark.parametrize("item", POSTS.values(), ids=POSTS)
def test_a_post_is_the_same_either_way(hand, item, record):
    shortly, at_length = (done(hand, way, item, record=record) for way in ("ledger_apply", "ledger_apply_each"))

    assert shortly == at_length


@pytest.mark.parametrize("item", IN_SHORT.values(), ids=IN_SHORT)
def test_what_a_deal_pays_goes_the_short_way(hand, item):
    with hand.transaction(force_rollback=True):
        (answers,) = hand.execute("SELECT ledger_apply_capture(%s::jsonb)", [json.dumps(item)]).fetchone()

    assert [answer["outcome"] for answer in answers] == ["applied"]


@pytest.mark.parametrize("item", IN_LENGTH.values(), ids=IN_LENGTH)
def test_the_short_way_writes_nothing_that_it_leaves_to_the_long_one(hand, item):
    with hand.transaction(force_rollback=True):
        before = hand.execute(WRITTEN, {"op": OPERATION}).fetchone()
        try:
            with hand.transaction():
                (answers,) = hand.execute("SELECT ledger_apply_capture(%s::jsonb)", [json.dumps(item)]).fetchone()
        except psycopg.Error:
            answers = None
        after = hand.execute(WRITTEN, {"op": OPERATION}).fetchone()

    assert answers is None
    assert after == before
