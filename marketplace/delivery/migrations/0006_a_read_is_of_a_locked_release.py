import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0005_one_index_of_accesses_is_enough")]

    operations = [
        migrations.AlterField(
            "access",
            "release",
            # Releases are never deleted, and the door holds the row it reads: looking for each again was half of what
            # it cost to write a read down.
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accesses",
                to="delivery.release",
            ),
        ),
    ]
