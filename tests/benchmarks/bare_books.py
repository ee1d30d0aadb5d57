"""The floor: the very rows of a post and of a capture, written by bare SQL that asks nothing.

Same tables, same indexes, same checks of a row, same locks, one call a transaction. It knows every number beforehand:
no key is looked up, no rule is asked, no body is read or fingerprinted. What is left is what PostgreSQL takes for rows.
"""

from django.db import connection

from consent.parties.roles import RUNTIME_ROLE

FUNCTIONS = f"""
CREATE FUNCTION bench_bare_post(key bigint, payer bigint, taker bigint, op uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    p ledger_balance; t ledger_balance; made bigint; moment timestamptz;
BEGIN
    SELECT * INTO p FROM ledger_balance l WHERE l.account_id = payer FOR NO KEY UPDATE;
    SELECT * INTO t FROM ledger_balance l WHERE l.account_id = taker FOR NO KEY UPDATE;
    moment := greatest(clock_timestamp(), p.recorded_at, t.recorded_at);
    INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version,
            actor, recorded_at)
        VALUES ('bench-' || key, sha256('bare'), 'post', 'applied', op, nextval('ledger_transfer_id_seq'),
                p.version + 1, 'bench', moment)
        RETURNING transfer_id INTO made;
    INSERT INTO ledger_transfer (id, op_id, leg, kind, debit_id, credit_id, amount,
            debit_version, debit_after, debit_held, credit_version, credit_after,
            effective_at, recorded_at, actor, event_type, event_ref, xid)
        VALUES (made, op, 1, 'post', payer, taker, 1, p.version + 1, p.credits - p.debits - 1, p.held,
                t.version + 1, t.credits - t.debits + 1, moment, moment, 'bench', 'bench', '', pg_current_xact_id());
    UPDATE ledger_balance l SET debits = l.debits + (l.account_id = payer)::integer,
            credits = l.credits + (l.account_id = taker)::integer, version = l.version + 1, recorded_at = moment
        WHERE l.account_id = ANY (ARRAY[payer, taker]);
    RETURN made;
END $$;

CREATE FUNCTION bench_bare_capture(n bigint, taker bigint, maker bigint, fees bigint, op uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    h ledger_openhold; p ledger_balance; t ledger_balance; m ledger_balance; made bigint; moment timestamptz;
BEGIN
    SELECT * INTO h FROM ledger_openhold o WHERE o.key = 'bench-hold-' || n;
    SELECT * INTO p FROM ledger_balance l WHERE l.account_id = h.account_id FOR NO KEY UPDATE;
    SELECT * INTO t FROM ledger_balance l WHERE l.account_id = taker FOR NO KEY UPDATE;
    SELECT * INTO m FROM ledger_balance l WHERE l.account_id = maker FOR NO KEY UPDATE;
    moment := greatest(clock_timestamp(), p.recorded_at, t.recorded_at, m.recorded_at);
    INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version,
            actor, recorded_at)
        VALUES ('bench-settle-' || n, sha256('bare'), 'capture', 'applied', op, nextval('ledger_transfer_id_seq'),
                p.version + 3, 'bench', moment)
        RETURNING transfer_id INTO made;
    INSERT INTO ledger_transfer (id, op_id, leg, kind, hold_id, hold_leg, debit_id, credit_id, amount,
            debit_version, debit_after, debit_held, credit_version, credit_after,
            effective_at, recorded_at, actor, event_type, event_ref, xid)
        VALUES (made, op, 1, 'capture', h.transfer_id, 1, h.account_id, taker, 8,
                p.version + 1, p.credits - p.debits - 8, p.held - 10, t.version + 1, t.credits - t.debits + 8,
                moment, moment, 'bench', 'bench', '', pg_current_xact_id()),
            (nextval('ledger_transfer_id_seq'), op, 2, 'capture', h.transfer_id, 2, h.account_id, maker, 1,
                p.version + 2, p.credits - p.debits - 9, p.held - 10, m.version + 1, m.credits - m.debits + 1,
                moment, moment, 'bench', 'bench', '', pg_current_xact_id()),
            (nextval('ledger_transfer_id_seq'), op, 3, 'capture', h.transfer_id, 3, h.account_id, fees, 1,
                p.version + 3, p.credits - p.debits - 10, p.held - 10, NULL, NULL,
                moment, moment, 'bench', 'bench', '', pg_current_xact_id());
    UPDATE ledger_balance l SET
            debits = l.debits + CASE l.account_id WHEN h.account_id THEN 10 ELSE 0 END,
            credits = l.credits + CASE l.account_id WHEN taker THEN 8 WHEN maker THEN 1 ELSE 0 END,
            held = l.held - CASE l.account_id WHEN h.account_id THEN 10 ELSE 0 END,
            version = l.version + CASE l.account_id WHEN h.account_id THEN 3 ELSE 1 END, recorded_at = moment
        WHERE l.account_id = ANY (ARRAY[h.account_id, taker, maker]);
    DELETE FROM ledger_openhold o WHERE o.key = h.key;
    RETURN made;
END $$;
GRANT EXECUTE ON FUNCTION bench_bare_post(bigint, bigint, bigint, uuid) TO {RUNTIME_ROLE};
GRANT EXECUTE ON FUNCTION bench_bare_capture(bigint, bigint, bigint, bigint, uuid) TO {RUNTIME_ROLE};
"""


def bare_scripts() -> dict[str, str]:
    """Return the calls that pgbench makes: one post, and one capture of the next hold, between accounts by number."""
    escrow, home, maker, fees = (_numbers(kind) for kind in ("escrow", "household", "manufacturer", "fees"))
    return {
        "bare one leg": rf"""
\set key random(1, 9000000000000000000)
\set giver random({escrow[0]}, {escrow[1]})
\set taker random({home[0]}, {home[1]})
SELECT bench_bare_post(:key, :giver, :taker, gen_random_uuid());
""",
        "bare three legs": rf"""
\set taker random({home[0]}, {home[1]})
\set maker random({maker[0]}, {maker[1]})
SELECT bench_bare_capture(n, :taker, :maker, {fees[0]}, gen_random_uuid()) FROM nextval('bench_hold') n;
""",
    }


def _numbers(kind: str) -> tuple[int, int]:
    """Return the first and the last number of a kind of account; they were opened in one go."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM ledger_account WHERE kind = %s", [kind])
        return cursor.fetchone()
