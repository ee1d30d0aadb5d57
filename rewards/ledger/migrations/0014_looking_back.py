"""What looks back begins at what was rolled up, along an index over times that keeps itself up; leaves in one plan."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

from rewards.ledger.sql.scripts import between, script

STANDINGS_AS_THEY_WERE = between("0010_owed.sql", "CREATE FUNCTION ledger_standings(", "-- Appends the leaf").replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0013_captures_in_short")]
    operations = [
        migrations.RunSQL(
            script("0014_looking_back.sql"),
            STANDINGS_AS_THEY_WERE + "ALTER FUNCTION ledger_bytes(text) IMMUTABLE;",
        ),
        migrations.RemoveIndex("transfer", "transfer_by_time"),
        migrations.AddIndex(
            "transfer",
            BrinIndex(fields=["recorded_at"], name="transfer_by_time", autosummarize=True, pages_per_range=64),
        ),
    ]
