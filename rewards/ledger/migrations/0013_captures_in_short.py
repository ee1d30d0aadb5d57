"""A short way for one capture of up to three legs, which is what every deal makes."""

from django.db import migrations

from rewards.ledger.sql.scripts import function, script


class Migration(migrations.Migration):
    dependencies = [("ledger", "0012_sides_apart")]
    operations = [
        migrations.RunSQL(
            script("0013_captures.sql"),
            function("0003_apply.sql", "ledger_apply") + "DROP FUNCTION ledger_apply_capture(jsonb)",
        )
    ]
