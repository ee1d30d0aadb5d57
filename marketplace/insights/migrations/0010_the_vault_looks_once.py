"""What is sealed, its key and its insight are written in one act: PostgreSQL need not look for the one at each other.

Both looks came at the commit, row by row, and locked the object that was written a moment before.
"""

import django.db.models.deletion
from django.db import migrations, models

SEALED = "insights.sealedobject"


class Migration(migrations.Migration):
    dependencies = [("insights", "0009_insights_in_the_plural")]

    operations = [
        migrations.AlterField(
            model_name="datakey",
            name="sealed",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="data_key",
                serialize=False,
                to=SEALED,
            ),
        ),
        migrations.AlterField(
            model_name="insight",
            name="sealed",
            field=models.OneToOneField(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="insight",
                to=SEALED,
            ),
        ),
    ]
