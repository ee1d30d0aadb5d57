"""Keys that came again, noted beside the books."""

import django.db.models.deletion
from django.db import migrations, models

import rewards.ledger.fields
from rewards.ledger.sql.scripts import script


class Migration(migrations.Migration):
    dependencies = [("ledger", "0017_since_a_tree")]
    operations = [
        migrations.CreateModel(
            name="Repeat",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", rewards.ledger.fields.NameField(choices=[("replayed", "같은 내용"), ("conflict", "다른 내용")])),
                ("actor", rewards.ledger.fields.NameField()),
                ("day", models.DateField()),
                ("noted_at", models.DateTimeField()),
                (
                    "attempt",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="repeats",
                        to="ledger.attempt",
                    ),
                ),
            ],
            options={
                "verbose_name": "다시 온 키",
                "indexes": [models.Index(fields=["kind", "id"], name="repeat_by_kind")],
                "constraints": [
                    models.UniqueConstraint(fields=("actor", "day", "kind", "attempt"), name="repeat_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["replayed", "conflict"])), name="repeat_kind_is_known"
                    ),
                ],
            },
        ),
        migrations.RunSQL(script("0018_repeats.sql"), "DROP FUNCTION ledger_note_repeats(text, text[], text[])"),
    ]
