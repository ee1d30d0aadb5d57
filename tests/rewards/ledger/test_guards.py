"""The database refuses, not only the code: rights, triggers and constraints, one test each."""

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction

from consent.parties.roles import RUNTIME_ROLE
from rewards.ledger.invariants import INVARIANTS
from rewards.ledger.models import Account, Transfer
from tests.rewards.ledger import books

GROWING = ["ledger_account", "ledger_attempt", "ledger_closure", "ledger_repeat", "ledger_transfer"]
WRITTEN_BY_FUNCTIONS = [*GROWING, "ledger_balance", "ledger_openhold", "ledger_rollup"]


def refused(sql, *, state):
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert caught.value.__cause__.sqlstate == state
    return str(caught.value)


@pytest.mark.django_db
@pytest.mark.parametrize("table", WRITTEN_BY_FUNCTIONS)
@pytest.mark.parametrize(
    "sql", ["DELETE FROM {0}", "TRUNCATE {0} CASCADE", "INSERT INTO {0} SELECT * FROM {0}", "LOCK TABLE {0}"]
)
def test_the_runtime_role_may_only_read(table, sql):
    refused(sql.format(table), state="42501")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("ledger_account", "floor = NULL"),
        ("ledger_attempt", "outcome = 'applied'"),
        ("ledger_closure", "actor = ''"),
        ("ledger_transfer", "amount = 1"),
        ("ledger_balance", "credits = 1000"),
        ("ledger_openhold", "amount = 1"),
        ("ledger_repeat", "actor = ''"),
    ],
)
def test_the_runtime_role_may_not_change_a_row(table, change):
    refused(f"UPDATE {table} SET {change}", state="42501")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE ledger_transfer DISABLE TRIGGER ALL",
        "DROP TRIGGER transfer_only_grows ON ledger_transfer",
        "CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
        "DROP TABLE ledger_transfer",
    ],
)
def test_the_runtime_role_may_not_take_the_guards_away(sql):
    refused(sql, state="42501")


@pytest.mark.django_db
def test_the_functions_belong_to_the_owner_and_are_closed_to_everybody_else():
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT p.proname, p.prosecdef, r.rolname = %s, has_function_privilege(%s, p.oid, 'EXECUTE'),
                      EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)
               FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
               WHERE p.proname LIKE 'ledger%%' AND p.prosecdef ORDER BY 1""",
            [RUNTIME_ROLE, RUNTIME_ROLE],
        )
        found = cursor.fetchall()

    names = ["ledger_apply", "ledger_close_account", "ledger_contents", "ledger_expire_holds", "ledger_keep_checkpoint"]
    names += ["ledger_keep_cosignature", "ledger_keep_evidence", "ledger_note_repeats"]
    names += ["ledger_open_account", "ledger_records"]
    names += ["ledger_roll_up", "ledger_seal_leaves", "ledger_statement", "ledger_tell_liabilities"]
    assert found == [(name, True, False, True, False) for name in names]


MAKE_BOOKS = """
SELECT ledger_open_account('household:guarded', 'household'), ledger_open_account('household:gone', 'household');
SELECT ledger_close_account('household:gone', 'test');
SELECT ledger_apply('[
    {"action": "post", "key": "guard:1", "debit": "platform:issuance", "credit": "household:guarded", "amount": 5,
     "actor": "test", "event_type": "", "event_ref": ""},
    {"action": "hold", "key": "guard:2", "debit": "household:guarded", "amount": 2, "lifetime": 3600,
     "actor": "test", "event_type": "", "event_ref": ""}]');
SELECT ledger_note_repeats('replayed', '{guard:1}', '{test}')
"""


@pytest.fixture
def owner(django_db_setup):
    """The owner of the tables, a superuser here: the strongest hand that can reach them. Nothing is committed."""
    settings = connections["default"].settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"] or None,
        dbname=settings["NAME"],
    ) as hand:
        hand.execute(MAKE_BOOKS)
        hand.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield hand
        hand.rollback()


@pytest.mark.parametrize("mode", ["origin", "replica"])
@pytest.mark.parametrize("table", GROWING)
@pytest.mark.parametrize("sql", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_even_the_owner_may_not_rewrite(owner, mode, table, sql):
    column = {"ledger_account": "floor", "ledger_closure": "actor"}.get(table, "actor")
    owner.execute(f"SET session_replication_role = {mode}")

    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner.execute(sql.format(table, column))


@pytest.mark.parametrize("sql", ["DELETE FROM ledger_balance", "TRUNCATE ledger_balance"])
def test_even_the_owner_may_not_make_a_balance_disappear(owner, sql):
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute(sql)


TRANSFER = """
INSERT INTO ledger_transfer (op_id, leg, kind, hold_id, hold_leg, debit_id, credit_id, amount, debit_version,
    credit_version, expires_at, effective_at, recorded_at, actor, event_type, event_ref, xid)
SELECT {op_id}, {leg}, {kind}, {hold_id}, {hold_leg}, {debit_id}, {credit_id}, {amount}, {debit_version},
    {credit_version}, {expires_at}, now(), now(), '', '', '', pg_current_xact_id()
FROM ledger_transfer post, ledger_transfer hold
WHERE post.kind = 'post' AND hold.kind = 'hold' LIMIT 1
"""
VALID = {
    "op_id": "gen_random_uuid()",
    "leg": "1",
    "kind": "'post'",
    "hold_id": "NULL::bigint",
    "hold_leg": "NULL::smallint",
    "debit_id": "post.debit_id",
    "credit_id": "post.credit_id",
    "amount": "1",
    "debit_version": "NULL::bigint",
    "credit_version": "99",
    "expires_at": "NULL::timestamptz",
}
HOLDING = {"kind": "'hold'", "credit_id": "NULL::bigint", "debit_id": "hold.debit_id", "debit_version": "96"}
HOLDING |= {"credit_version": "NULL::bigint", "expires_at": "now()"}
BROKEN_TRANSFERS = {
    "transfer_one_row_per_leg": {"op_id": "post.op_id"},
    "transfer_debit_version_once": {"debit_id": "hold.debit_id", "debit_version": "hold.debit_version",
                                    "credit_id": "post.debit_id"},
    "transfer_credit_version_once": {"credit_version": "post.credit_version"},
    "transfer_amount_in_range": {"amount": "0"},
    "transfer_between_two_accounts": {"debit_id": "post.credit_id"},
    "transfer_credits_iff_it_moves": {"credit_id": "NULL::bigint"},
    "transfer_names_the_hold_it_resolves": {"hold_id": "hold.id", "hold_leg": "1"},
    "transfer_only_holds_expire": {"expires_at": "now()"},
    "transfer_kind_is_known": {"kind": "'gift'"},
}  # fmt: skip


def test_the_row_that_the_next_tests_break_is_a_good_one(owner):
    owner.execute(TRANSFER.format(**VALID))
    owner.execute(TRANSFER.format(**{**VALID, **HOLDING}))


@pytest.mark.parametrize("constraint", BROKEN_TRANSFERS)
def test_the_journal_refuses_a_row_that_breaks(owner, constraint):
    with pytest.raises(psycopg.errors.IntegrityError) as caught:
        owner.execute(TRANSFER.format(**{**VALID, **BROKEN_TRANSFERS[constraint]}))

    assert caught.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    "nobody", [{"debit_id": "0"}, {"credit_id": "0"}, {"kind": "'capture'", "hold_id": "0", "hold_leg": "1"}]
)
def test_a_row_that_names_nobody_is_found(owner, nobody):
    owner.execute(TRANSFER.format(**{**VALID, **nobody}))

    assert owner.execute(INVARIANTS["I3 a row names accounts and rows that are there"]).fetchone() == (1,)


def test_a_hold_is_resolved_at_most_once(owner):
    resolve = {**VALID, **HOLDING, "kind": "'release'", "expires_at": "NULL::timestamptz", "hold_id": "hold.id"}
    owner.execute(TRANSFER.format(**{**resolve, "hold_leg": "1::smallint"}))

    with pytest.raises(psycopg.errors.UniqueViolation, match="transfer_hold_resolved_once"):
        owner.execute(
            TRANSFER.format(**{**resolve, "hold_leg": "1::smallint", "debit_version": "97", "kind": "'expire'"})
        )


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("balance_not_below_floor", "held = credits + 1"),
        ("balance_not_below_floor", "debits = credits - held + 1"),
        ("balance_counters_not_negative", "held = -1"),
        ("balance_counters_fit_json", "credits = 9007199254740992"),
    ],
)
def test_a_balance_refuses(owner, constraint, change):
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute(f"UPDATE ledger_balance SET {change} WHERE credits > 0")

    assert caught.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("account_kind_is_known", "'bank:1', 'bank', true, 0"),
        ("account_address_fits_kind", "'escrow:1', 'household', true, 0"),
        ("account_address_fits_kind", "'household:Kim Mina', 'household', true, 0"),
        ("account_address_fits_kind", "'platform:fees2', 'fees', false, NULL"),
        ("account_floor_needs_a_balance", "'household:1', 'household', false, 0"),
        ("ledger_account_address_key", "'orders', 'orders', true, 0"),
    ],
)
def test_an_account_refuses(owner, constraint, values):
    with pytest.raises(psycopg.errors.IntegrityError) as caught:
        owner.execute(
            f"INSERT INTO ledger_account (address, kind, has_balance, floor, opened_at) SELECT {values}, now()"
        )

    assert caught.value.diag.constraint_name.startswith(constraint[:20])


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("attempt_names_a_transfer_iff_applied", "'k', '', 'post', 'applied', NULL::uuid, NULL::bigint"),
        ("ledger_attempt_pkey", "a.key, '', 'post', 'applied', a.op_id, a.transfer_id"),
    ],
)
def test_an_attempt_refuses(owner, constraint, values):
    with pytest.raises(psycopg.errors.IntegrityError) as caught:
        owner.execute(
            f"""INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, actor, recorded_at)
                SELECT {values}, '', now() FROM ledger_attempt a LIMIT 1"""
        )

    assert caught.value.diag.constraint_name == constraint


@pytest.mark.django_db
def test_saving_through_the_model_is_refused_too():
    address = books.account(tokens=1)
    row = Transfer.objects.get(credit__address=address)
    row.amount = 1000

    with pytest.raises(DatabaseError), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        Account.objects.filter(address=address).delete()


@pytest.mark.django_db
def test_an_open_hold_is_of_something():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'ledger_openhold'::regclass AND contype <> 'n'"
        )
        names = {name for (name,) in cursor.fetchall()}

    assert names == {"open_hold_amount_positive", "ledger_openhold_pkey",
                     "ledger_openhold_transfer_id_key"}  # fmt: skip
