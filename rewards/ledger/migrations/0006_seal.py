"""Tamper evidence: leaves, nodes and signed checkpoints, and the functions that alone write them."""

import django.db.models.deletion
import rewards.ledger.fields
from django.db import migrations, models

from rewards.ledger.sql.scripts import script


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_time_and_reversal'),
    ]

    operations = [
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('tree_size', models.BigIntegerField(primary_key=True, serialize=False)),
                ('root', models.BinaryField()),
                ('note', models.TextField()),
                ('through', rewards.ledger.fields.TransactionIdField()),
                ('sealed_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': '장부 봉인',
            },
        ),
        migrations.CreateModel(
            name='Leaf',
            fields=[
                ('index', models.BigIntegerField(primary_key=True, serialize=False)),
                ('hash', models.BinaryField()),
            ],
            options={
                'verbose_name': '장부 잎',
            },
        ),
        migrations.CreateModel(
            name='Node',
            fields=[
                ('pk', models.CompositePrimaryKey('level', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('level', models.SmallIntegerField()),
                ('position', models.BigIntegerField()),
                ('hash', models.BinaryField()),
            ],
            options={
                'verbose_name': '장부 마디',
            },
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['xid', 'id'], name='transfer_by_transaction'),
        ),
        migrations.AddField(
            model_name='leaf',
            name='transfer',
            field=models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='leaf', to='ledger.transfer'),
        ),
        migrations.RunSQL(script("0006_seal.sql"), script("0006_seal_reverse.sql")),
    ]
