"""What is asked of a row is handed the row whole; no index over kinds, which no page reads."""

from django.db import migrations

from rewards.ledger.sql.scripts import between, script

AS_THEY_WERE = (
    between("0008_sound_rows.sql", "CREATE FUNCTION ledger_transfer_is_sound(", "-- Accounts and transfers are never")
    + script("0008_sound_rows.sql").partition("DROP CONSTRAINT transfer_reverses_a_transfer;")[2]
    + between("0013_captures.sql", "CREATE OR REPLACE FUNCTION ledger_apply(", "REVOKE ALL ON FUNCTION")
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0015_totals_along_the_journal")]
    operations = [
        migrations.RemoveIndex("transfer", "transfer_by_kind"),
        migrations.RunSQL(script("0016_whole_rows.sql"), script("0016_whole_rows_reverse.sql") + AS_THEY_WERE),
    ]
