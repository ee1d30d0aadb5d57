"""The database functions that write the books: open, close, apply, expire."""

from django.db import migrations

from rewards.ledger.sql.scripts import script


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_only_grows")]
    # The functions name columns that 0005 and 0008 bring; nothing calls them before.
    operations = [
        migrations.RunSQL(script("0003_accounts.sql") + script("0003_apply.sql"), script("0003_apply_reverse.sql"))
    ]
