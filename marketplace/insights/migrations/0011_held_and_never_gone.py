"""An insight's home and appliance are locked by whoever stores it, and never go: PostgreSQL need not look for them again.

Both looks came at the commit, row by row: a fifth of what the database did to take an insight in.
"""

import django.db.models.deletion
from django.db import migrations, models


def relation(to: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="insights",
        to=to,
    )


class Migration(migrations.Migration):
    dependencies = [("insights", "0010_the_vault_looks_once")]

    operations = [
        migrations.AlterField(model_name="insight", name="appliance", field=relation("appliances.appliance")),
        migrations.AlterField(model_name="insight", name="household", field=relation("parties.household")),
    ]
