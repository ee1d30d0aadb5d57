"""A transfer's leaf commits to its two sides apart, and every leaf has a salt."""

from django.db import migrations

from rewards.ledger.sql.scripts import between, function, script

AS_THEY_WERE = (
    between("0009_leaves.sql", "CREATE FUNCTION ledger_transfer_content(", "CREATE FUNCTION ledger_account_content(")
    + between("0010_owed.sql", "CREATE OR REPLACE FUNCTION ledger_content(", "-- Where every account stood")
    + function("0009_leaves.sql", "ledger_seal_leaves")
    + function("0010_owed.sql", "ledger_tell_liabilities")
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0011_rolled_up")]
    operations = [
        migrations.RunSQL(script("0012_tree_begins_anew.sql"), script("0012_tree_begins_anew.sql")),
        migrations.RunSQL(script("0012_split_leaves.sql"), script("0012_split_leaves_reverse.sql") + AS_THEY_WERE),
    ]
