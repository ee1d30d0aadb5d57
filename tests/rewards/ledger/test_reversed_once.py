"""The database itself takes a row back once: not the function that posts, an index refuses the second reversal."""

import psycopg
import pytest

from tests.rewards.ledger.test_guards import owner  # noqa: F401 (a fixture)

REVERSE = """
INSERT INTO ledger_transfer (op_id, leg, kind, debit_id, credit_id, amount, debit_version, credit_version, reverses_id,
    effective_at, recorded_at, actor, approved_by, reason, event_type, event_ref, xid)
SELECT gen_random_uuid(), 1, 'reverse', credit_id, debit_id, amount, {version}, NULL, id,
    now(), now(), 'user:1', 'user:2', 'twice', '', '', pg_current_xact_id()
FROM ledger_transfer WHERE kind = 'post' LIMIT 1
"""


def test_a_second_reversal_of_one_row_is_refused_by_its_index(owner):  # noqa: F811
    owner.execute(REVERSE.format(version=96))

    with pytest.raises(psycopg.errors.UniqueViolation, match="transfer_reversed_once"):
        owner.execute(REVERSE.format(version=97))
