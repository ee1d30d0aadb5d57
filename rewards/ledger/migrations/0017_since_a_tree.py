"""What was written since a tree is found among what is young, not in the whole journal."""

from django.db import migrations

from rewards.ledger.sql.scripts import between, script

AS_IT_WAS = between(
    "0009_leaves.sql", "CREATE FUNCTION ledger_transfers_since(", "-- How many versions an account had in a tree"
).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0016_whole_rows")]
    operations = [migrations.RunSQL(script("0017_since_a_tree.sql"), AS_IT_WAS)]
