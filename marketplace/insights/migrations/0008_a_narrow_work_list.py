"""What matching has yet to look at stands in a narrow table of its own; the insights' rows are written once."""

import django.db.models.deletion
from django.db import migrations, models

PUT_ON_LIST = """
INSERT INTO insights_waiting (insight_id, ask_after)
SELECT id, ask_after FROM insights_insight WHERE matched_at IS NULL AND sealed_id IS NOT NULL;
"""
# When each was looked at is gone with the columns; that it was, is not.
PUT_BACK = """
UPDATE insights_insight i SET ask_after = w.ask_after FROM insights_waiting w WHERE w.insight_id = i.id;
UPDATE insights_insight SET ask_after = received_at, matched_at = received_at WHERE ask_after IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("insights", "0007_months_that_come")]

    operations = [
        migrations.CreateModel(
            name="Waiting",
            fields=[
                (
                    "insight",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="waiting",
                        serialize=False,
                        to="insights.insight",
                    ),
                ),
                ("ask_after", models.DateTimeField()),
            ],
            options={"verbose_name": "살펴볼 일"},
        ),
        migrations.AddIndex(model_name="waiting", index=models.Index(fields=["ask_after"], name="waiting_by_time")),
        migrations.AlterField(model_name="insight", name="ask_after", field=models.DateTimeField(null=True)),
        migrations.RunSQL(PUT_ON_LIST, PUT_BACK),
        migrations.RemoveIndex(model_name="insight", name="insight_unmatched"),
        migrations.RemoveField(model_name="insight", name="ask_after"),
        migrations.RemoveField(model_name="insight", name="matched_at"),
    ]
