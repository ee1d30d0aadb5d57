"""Totals of the accounts that keep no running balance, rolled up by the clock."""

import django.db.models.deletion
from django.db import migrations, models

from rewards.ledger.sql.scripts import script


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0010_what_is_owed'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rollup',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='ledger.account')),
                ('debits', models.DecimalField(decimal_places=0, max_digits=30)),
                ('credits', models.DecimalField(decimal_places=0, max_digits=30)),
                ('through', models.BigIntegerField()),
                ('rolled_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': '합계',
            },
        ),
        migrations.RunSQL(script("0011_rollup.sql"), "DROP FUNCTION ledger_roll_up(bigint)"),
    ]
