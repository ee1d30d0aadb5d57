"""Tables that only grow: the database itself refuses every change, whoever asks."""

from django.db.migrations.operations import RunSQL

MAKE_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
DROP_FUNCTION = "DROP FUNCTION refuse_change();"


def only_grows(table: str) -> RunSQL:
    """Return the migration step that lets nobody update, delete or truncate `table`, not even its owner."""
    return RunSQL(
        sql=f"""
            CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER only_grows;
        """,
        reverse_sql=f"DROP TRIGGER only_grows ON {table};",
    )
