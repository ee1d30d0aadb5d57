"""A batch of the sealer takes so many rows, of whatever kind."""

from django.db import migrations

from rewards.ledger.sql.scripts import between, script

AS_IT_WAS = between("0012_split_leaves.sql", "-- As before (0009), with salts", "-- As before (0010), with a salt.")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0018_repeats")]
    operations = [migrations.RunSQL(script("0019_sealed_rows.sql"), AS_IT_WAS)]
