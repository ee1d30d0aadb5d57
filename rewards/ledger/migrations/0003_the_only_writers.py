"""The database functions that write the books: open, close, apply, expire."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_only_grows")]
    operations = [
        migrations.RunSQL((SQL / "0003_apply.sql").read_text(), (SQL / "0003_apply_reverse.sql").read_text())
    ]
