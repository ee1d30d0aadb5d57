"""Totals of every kind of account along the journal, in place of the newest totals of three accounts."""

from django.db import migrations, models

import rewards.ledger.fields
from rewards.ledger.sql.scripts import between, script

ROLL_UP_AS_IT_WAS = "DROP FUNCTION ledger_roll_up(bigint);" + script("0011_rollup.sql")
STANDINGS_AS_THEY_WERE = (
    between("0014_looking_back.sql", "CREATE OR REPLACE FUNCTION ledger_standings(", "\n$$;\n") + "\n$$;"
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0014_looking_back")]
    # Nothing is carried over: totals are a projection, and the clock makes them again.
    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, STANDINGS_AS_THEY_WERE),  # back again once the table is
        migrations.DeleteModel("Rollup"),
        migrations.CreateModel(
            name="Rollup",
            fields=[
                ("pk", models.CompositePrimaryKey("kind", "through", blank=True, editable=False, primary_key=True, serialize=False)),
                ("kind", rewards.ledger.fields.NameField()),
                ("through", models.BigIntegerField()),
                ("debits", models.DecimalField(decimal_places=0, max_digits=30)),
                ("credits", models.DecimalField(decimal_places=0, max_digits=30)),
                ("held", models.DecimalField(decimal_places=0, max_digits=30)),
                ("earliest", models.DateTimeField()),
                ("latest", models.DateTimeField()),
            ],
            options={"verbose_name": "합계"},
        ),
        migrations.RunSQL(script("0015_totals.sql"), ROLL_UP_AS_IT_WAS),
    ]
