"""What is owed, as a tree of sums in the log; and the cosignatures of witnesses."""

import django.db.models.deletion
import rewards.ledger.fields
from django.db import migrations, models

from rewards.ledger.sql.scripts import script


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0009_everything_is_sealed'),
    ]

    operations = [
        migrations.CreateModel(
            name='Liabilities',
            fields=[
                ('tree_size', models.BigIntegerField(primary_key=True, serialize=False)),
                ('root', models.BinaryField()),
                ('owed', models.BigIntegerField()),
                ('shares', models.BigIntegerField()),
                ('own', models.TextField()),
                ('told_at', models.DateTimeField()),
                ('xid', rewards.ledger.fields.TransactionIdField(db_default=rewards.ledger.fields.CurrentTransaction())),
            ],
            options={
                'verbose_name': '장부 부채',
            },
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('pk', models.CompositePrimaryKey('level', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('level', models.SmallIntegerField()),
                ('position', models.BigIntegerField()),
                ('sum', models.BigIntegerField()),
                ('hash', models.BinaryField()),
            ],
            options={
                'verbose_name': '부채 몫',
            },
        ),
        migrations.CreateModel(
            name='Cosignature',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('witness', rewards.ledger.fields.NameField()),
                ('line', models.TextField()),
                ('signed_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('checkpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cosignatures', to='ledger.checkpoint')),
            ],
            options={
                'verbose_name': '장부 봉인 확인',
            },
        ),
        migrations.AddField(
            model_name='leaf',
            name='liabilities',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='ledger.liabilities'),
        ),
        migrations.AddConstraint(
            model_name='leaf',
            constraint=models.UniqueConstraint(condition=models.Q(('liabilities__isnull', False)), fields=('liabilities',), name='leaf_liabilities_once'),
        ),
        migrations.AddField(
            model_name='share',
            name='account',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='ledger.account'),
        ),
        migrations.AddConstraint(
            model_name='cosignature',
            constraint=models.UniqueConstraint(fields=('checkpoint', 'witness'), name='cosignature_once_per_checkpoint'),
        ),
        migrations.AddIndex(
            model_name='share',
            index=models.Index(condition=models.Q(('account__isnull', False)), fields=['account'], name='share_by_account'),
        ),
        migrations.RunSQL(script("0010_owed.sql"), script("0010_owed_reverse.sql")),
    ]
