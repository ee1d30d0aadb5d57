import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0004_consents_by_time")]

    operations = [
        migrations.RemoveConstraint("receipt", "receipt_once_per_act"),
        migrations.AddConstraint(
            "receipt",
            models.UniqueConstraint(fields=["consent", "act"], include=["id"], name="receipt_once_per_act"),
        ),
        migrations.AlterField(
            "receipt",
            "consent",
            # `receipt_once_per_act` begins with the consent.
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="receipts",
                to="records.consent",
            ),
        ),
    ]
