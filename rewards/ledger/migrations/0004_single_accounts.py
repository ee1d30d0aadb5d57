"""The accounts of which there is one: orders and the platform's own."""

from django.db import migrations

OPEN = """
SELECT ledger_open_account(address, kind) FROM (VALUES
    ('orders', 'orders'),
    ('platform:issuance', 'issuance'),
    ('platform:fees', 'fees'),
    ('platform:guarantee', 'guarantee'),
    ('platform:breakage', 'breakage')
) AS single (address, kind)
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_the_only_writers")]
    # Accounts are never deleted; going back further drops the whole table.
    operations = [migrations.RunSQL(OPEN, migrations.RunSQL.noop)]
