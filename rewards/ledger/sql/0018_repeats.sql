-- That a key came again is noted by whoever was told so, after the call, beside the books and never in them: a post that
-- nothing speaks against does not come near it.

CREATE TRIGGER repeat_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_repeat
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_repeat ENABLE ALWAYS TRIGGER repeat_only_grows;

-- Notes known keys, each once a day for who sent it, and at most a hundred a day and kind of one sender: whoever repeats
-- for ever leaves a hundred rows. (Callers at the same instant may each see room: a few more, never a flood.)
CREATE FUNCTION ledger_note_repeats(of_kind text, keys text[], actors text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
    WITH today AS (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS day),
    came AS (
        SELECT c.actor, c.key, row_number() OVER (PARTITION BY c.actor) + (
                SELECT count(*) FROM ledger_repeat r
                WHERE r.actor = c.actor AND r.day = (SELECT day FROM today) AND r.kind = of_kind) AS place
        FROM (SELECT DISTINCT * FROM unnest(keys, actors) n (key, actor)) c
        WHERE EXISTS (SELECT FROM ledger_attempt a WHERE a.key = c.key)
    )
    INSERT INTO ledger_repeat (kind, attempt_id, actor, day, noted_at)
        SELECT of_kind, c.key, c.actor, today.day, clock_timestamp() FROM came c, today WHERE c.place <= 100
        ON CONFLICT DO NOTHING
$$;

REVOKE ALL ON FUNCTION ledger_note_repeats(text, text[], text[]) FROM PUBLIC;
