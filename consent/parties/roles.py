"""Two database roles: the owner makes tables, `maru_app` runs Maru and may never rewrite the books.

`migrate` runs as the owner; afterwards `apply_grants` makes the runtime role if it is missing and gives it
exactly what the sets below leave. A table in none of them is an ordinary one.
"""

from typing import Any

from django.apps import apps
from django.db import connections
from psycopg import sql

RUNTIME_ROLE = "maru_app"
#: Tables that only grow: no UPDATE, DELETE or TRUNCATE for the runtime role.
INSERT_ONLY = {
    "parties_auditentry",
    "records_answer",
    "records_consent",
    "records_consentend",
    "records_receipt",
    "demand_requestversion",
    "demand_review",
    "delivery_access",
    "insights_conclusion",
    "insights_evidence",
    "insights_wrongword",
    "treasury_issuancestep",
    "treasury_thanks",
    "treasury_carried",
}
#: Tables whose rows move on and never go.
NEVER_DELETED = {"delivery_release", "redemption_gift"}
#: Tables that only the ledger's own functions write.
READ_ONLY = {
    "ledger_account",
    "ledger_attempt",
    "ledger_balance",
    "ledger_checkpoint",
    "ledger_closure",
    "ledger_cosignature",
    "ledger_evidence",
    "ledger_leaf",
    "ledger_liabilities",
    "ledger_node",
    "ledger_openhold",
    "ledger_rollup",
    "ledger_share",
    "ledger_transfer",
}
#: Columns that the runtime role does not read from the table: a function hands them out with the row they belong to.
HIDDEN = {"ledger_leaf": {"salt", "credit_salt"}}

#: Several databases of one server may be migrated at once; the second one finds the role already there.
MAKE_ROLE = f"""
DO $$ BEGIN
    CREATE ROLE {RUNTIME_ROLE} NOLOGIN;
    GRANT {RUNTIME_ROLE} TO CURRENT_USER;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$"""


def apply_grants(*, using: str = "default", **_: Any) -> None:
    """Give the runtime role its rights again; running it twice changes nothing."""
    with connections[using].cursor() as cursor:
        cursor.execute(MAKE_ROLE)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {RUNTIME_ROLE}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {RUNTIME_ROLE}")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {RUNTIME_ROLE}")
        existing = set(connections[using].introspection.table_names(cursor))
        for table in sorted(existing):
            name = sql.Identifier(table)
            role = sql.Identifier(RUNTIME_ROLE)
            cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(name, role))
            cursor.execute(
                sql.SQL(f"GRANT {_rights(table)} {{}} ON {{}} TO {{}}").format(_shown(cursor, table), name, role)
            )


def _rights(table: str) -> str:
    if table in READ_ONLY or table == "django_migrations":
        return "SELECT"
    if table in INSERT_ONLY:
        return "SELECT, INSERT"
    if table in NEVER_DELETED:
        return "SELECT, INSERT, UPDATE"
    return "SELECT, INSERT, UPDATE, DELETE"


def _shown(cursor: Any, table: str) -> sql.Composable:
    """Return the columns a right is about, in parentheses; nothing where it is about all of them."""
    if table not in HIDDEN:
        return sql.SQL("")
    cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(table)))
    shown = [sql.Identifier(column.name) for column in cursor.description if column.name not in HIDDEN[table]]
    return sql.SQL("({})").format(sql.SQL(", ").join(shown))


def connect() -> None:
    """Apply the grants after every `migrate` (called once, from this room's AppConfig)."""
    from django.db.models.signals import post_migrate

    post_migrate.connect(apply_grants, sender=apps.get_app_config("parties"), dispatch_uid="parties.grants")
