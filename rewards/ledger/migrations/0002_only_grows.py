"""Triggers and foreign keys that keep the journal append-only, whoever writes."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_books")]
    operations = [
        migrations.RunSQL((SQL / "0002_guards.sql").read_text(), (SQL / "0002_guards_reverse.sql").read_text())
    ]
