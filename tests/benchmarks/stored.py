"""A million stored insights in minutes: copies of one that was really taken in, under other ids."""

from tests.benchmarks.grow import WITHOUT_INDEXES
from tests.conftest import connect_as_owner

#: table -> the columns in which stored insight number `n` differs from the first row.
STORED = {
    "insights_sealedobject": {"id": "{sealed}", "household_id": "{home}", "subject_id": "{insight}"},
    "insights_datakey": {"sealed_id": "{sealed}"},
    "insights_insight": {
        "id": "{insight}",
        "appliance_id": "md5('thing' || n %% 100000)::uuid",
        "household_id": "{home}",
        "sealed_id": "{sealed}",
        "event_hash": "md5('event' || n) || md5('again' || n)",
        "content_hash": "md5('content' || n) || md5('again' || n)",
        "received_at": "now() - n %% 2592000 * interval '1 second'",
    },
}
NAMES = {"sealed": "md5('stored' || n)::uuid", "insight": "md5('insight' || n)::uuid"}
NAMES["home"] = "md5('home' || n %% 5000)::uuid"


def grow_insights(database: str, *, first: int, last: int) -> None:
    """Store insights number `first` to `last`, sealed and matched long ago, of 5,000 homes with twenty things each."""
    with connect_as_owner(database) as owner:
        owner.execute("SET session_replication_role = replica")
        for table, differs in STORED.items():
            rows = owner.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
            columns = [name for (name,) in rows]
            values = ", ".join(differs.get(name, f"one.{name}").format(**NAMES) for name in columns)
            # Ids are random: kept up row by row, ten million of them write every page of every index again and again.
            owner.execute(WITHOUT_INDEXES, [table])
            owner.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "
                f"FROM (SELECT * FROM {table} LIMIT 1) one, generate_series(%s::bigint, %s::bigint) n",
                [first, last],
            )
            owner.execute(f"REINDEX TABLE {table}")
        owner.execute("VACUUM (ANALYZE)")
        owner.execute("CHECKPOINT")
