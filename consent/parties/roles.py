"""Two database roles: the owner makes tables, `maru_app` runs Maru and may never rewrite the books.

`migrate` runs as the owner; afterwards `apply_grants` makes the runtime role if it is missing and gives it
exactly what the sets below leave. A table in none of them is an ordinary one.
"""

from collections.abc import Collection, Iterator
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
NEVER_DELETED = {
    "appliances_appliance",
    "delivery_erasure",
    "delivery_release",
    "insights_insight",
    "parties_household",
    "redemption_gift",
    "redemption_order",
    "treasury_issuance",
}
#: Of rows that somebody may point at one day to show what was asked, offered, released or told: the columns in which
#: they move on. The others stay as they were written.
MOVES_ON = {
    "appliances_streamflag": ("verdict", "decided_at", "decided_by_id"),
    "brokerage_offer": ("chosen_rung", "dropped_fields"),
    "delivery_erasure": ("attested_at", "attested_by"),
    "delivery_outboxmessage": ("state", "attempts", "next_attempt_at"),
    "delivery_release": ("sealed_id", "first_read_at", "closed_at", "closed_because"),
    "insights_insight": ("sealed_id",),
    "records_ask": ("state", "decided_at", "deferred_at"),
    # What a home that goes has written is taken back; that the gift was made stays.
    "redemption_gift": ("words", "returned_at", "returned_by_id"),
    "redemption_order": ("state", "reason", "accepted_at", "ended_at"),
    "treasury_issuance": ("state", "decided_by_id", "decided_at", "reason"),
}
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
    "ledger_repeat",
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
            rights = sql.SQL(", ").join(_rights(cursor, table))
            cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(rights, name, role))


def _rights(cursor: Any, table: str) -> Iterator[sql.Composable]:
    yield sql.SQL("SELECT") + _columns(_shown(cursor, table))
    if table in READ_ONLY or table == "django_migrations":
        return
    yield sql.SQL("INSERT")
    if table in INSERT_ONLY:
        return
    yield sql.SQL("UPDATE") + _columns(MOVES_ON.get(table, ()))
    if table not in NEVER_DELETED:
        yield sql.SQL("DELETE")


def _columns(names: Collection[str]) -> sql.Composable:
    """Return the columns a right is about, in parentheses; nothing where it is about all of them."""
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL(" ({})").format(listed) if names else sql.SQL("")


def _shown(cursor: Any, table: str) -> list[str]:
    """Return the columns that may be read, or none where all of them may."""
    if table not in HIDDEN:
        return []
    cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(table)))
    return [column.name for column in cursor.description if column.name not in HIDDEN[table]]


def connect() -> None:
    """Apply the grants after every `migrate` (called once, from this room's AppConfig)."""
    from django.db.models.signals import post_migrate

    post_migrate.connect(apply_grants, sender=apps.get_app_config("parties"), dispatch_uid="parties.grants")
