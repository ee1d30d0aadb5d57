from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("insights", "0001_vault_and_insights")]

    operations = [
        migrations.CreateModel(
            name="KeyEpoch",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "열쇠의 때",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("destroyed_at", None), ("ends_at__isnull", False), _connector="OR"),
                        name="key_epoch_ends_before_it_is_destroyed",
                    )
                ],
            },
        ),
        # A destroyed key's bytes leave the table's file with the next look of autovacuum, whatever the table's size.
        migrations.RunSQL(
            sql="""
                ALTER TABLE insights_datakey SET (
                    autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0.0, vacuum_index_cleanup = on
                );
            """,
            reverse_sql="""
                ALTER TABLE insights_datakey RESET (
                    autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor, vacuum_index_cleanup
                );
            """,
        ),
    ]
