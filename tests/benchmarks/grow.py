"""A hundred thousand consents in seconds: copies of one that the real writers made, under other ids."""

from uuid import UUID

from tests.conftest import connect_as_owner

#: table -> the columns in which copy number `n` differs from the first row.
COPIES = {
    "records_ask": "'id', {ask}, 'household_id', {home}",
    "records_consent": "'id', {consent}, 'ask_id', {ask}, 'household_id', {home}, 'op_id', md5('op' || n)::uuid",
    # The door names receipts and never opens them; a million whole ones are six gigabytes.
    "records_receipt": "'id', md5('receipt' || n)::uuid, 'consent_id', {consent}, 'body', '\\x7b7d', 'signature', ''",
    "insights_sealedobject": "'id', {sealed}, 'household_id', {home}, 'subject_id', {ask}",
    "insights_datakey": "'sealed_id', {sealed}",
    "delivery_release": (
        "'id', {release}, 'consent_id', {consent}, 'sealed_id', {sealed}, 'number', n, "
        "'request_id', CASE WHEN n % 2 = 0 THEN %(request)s::uuid ELSE md5('request' || n % 200)::uuid END"
    ),
    "delivery_access": "'id', 1000000000 + n, 'release_id', {release}",
}
IDS = {name: f"md5('{name}' || n)::uuid" for name in ("ask", "consent", "sealed", "release")}
IDS["home"] = "md5('home' || n % 5000)::uuid"
#: Ids are random: kept up row by row, a million of them read and write every page of every index again and again.
WITHOUT_INDEXES = "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = %s::regclass"
COPY = """
INSERT INTO {table} SELECT copy.* FROM generate_series(%(first)s::bigint, %(last)s::bigint) n,
    LATERAL jsonb_populate_record(NULL::{table}, %(row)s::jsonb || jsonb_build_object({columns})) copy
"""


def grow_consents(database: str, *, request_id: UUID, first: int, last: int) -> None:
    """Add consents number `first` to `last`, each with its ask, receipt, release, sealed copy and one read.

    Every other one belongs to the data request named, with a number before all real ones; the rest to 200 others.
    """
    with connect_as_owner(database) as owner:
        # What they would check is not what is measured, and takes most of the time.
        owner.execute("SET session_replication_role = replica")
        for table, columns in COPIES.items():
            row = owner.execute(f"SELECT to_jsonb(t)::text FROM {table} t LIMIT 1").fetchone()[0]
            about = {"first": first, "last": last, "row": row, "request": request_id}
            statement = COPY.format(table=table, columns=columns.format(**IDS).replace("n % ", "n %% "))
            owner.execute(WITHOUT_INDEXES, [table])
            owner.execute(statement, about)
            owner.execute(f"REINDEX TABLE {table}")
        owner.execute("VACUUM (ANALYZE)")
