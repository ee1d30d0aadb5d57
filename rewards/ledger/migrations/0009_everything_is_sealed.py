"""Leaves for accounts, attempts, closures and evidence too, in a form that is read with one look."""

import django.db.models.deletion
import rewards.ledger.fields
from django.db import migrations, models

from rewards.ledger.sql.scripts import script

FIRST_FORM = script("0006_seal.sql")
FIRST_FORM = FIRST_FORM[FIRST_FORM.index("-- One field of a leaf") : FIRST_FORM.index("-- Keeps a checkpoint")]


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0008_sound_rows'),
    ]

    operations = [
        migrations.RunSQL(script("0009_first_leaves_drop.sql"), FIRST_FORM),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('op_id', models.UUIDField(primary_key=True, serialize=False)),
                ('digest', models.BinaryField()),
                ('xid', rewards.ledger.fields.TransactionIdField(db_default=rewards.ledger.fields.CurrentTransaction())),
            ],
            options={
                'verbose_name': '장부 증거',
            },
        ),
        migrations.AddField(
            model_name='account',
            name='xid',
            field=rewards.ledger.fields.TransactionIdField(db_default=rewards.ledger.fields.CurrentTransaction()),
        ),
        migrations.AddField(
            model_name='attempt',
            name='xid',
            field=rewards.ledger.fields.TransactionIdField(db_default=rewards.ledger.fields.CurrentTransaction()),
        ),
        migrations.AddField(
            model_name='closure',
            name='xid',
            field=rewards.ledger.fields.TransactionIdField(db_default=rewards.ledger.fields.CurrentTransaction()),
        ),
        migrations.AddField(
            model_name='leaf',
            name='account',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='ledger.account'),
        ),
        migrations.AddField(
            model_name='leaf',
            name='attempt',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='ledger.attempt'),
        ),
        migrations.AddField(
            model_name='leaf',
            name='closure',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='ledger.closure'),
        ),
        migrations.AlterField(
            model_name='leaf',
            name='transfer',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='ledger.transfer'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['xid'], name='account_by_transaction'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(fields=['xid', 'op_id'], name='attempt_by_transaction'),
        ),
        migrations.AddIndex(
            model_name='closure',
            index=models.Index(fields=['xid'], name='closure_by_transaction'),
        ),
        migrations.AddField(
            model_name='leaf',
            name='evidence',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='ledger.evidence'),
        ),
        migrations.AddConstraint(
            model_name='leaf',
            constraint=models.UniqueConstraint(condition=models.Q(('transfer__isnull', False)), fields=('transfer',), name='leaf_transfer_once'),
        ),
        migrations.AddConstraint(
            model_name='leaf',
            constraint=models.UniqueConstraint(condition=models.Q(('account__isnull', False)), fields=('account',), name='leaf_account_once'),
        ),
        migrations.AddConstraint(
            model_name='leaf',
            constraint=models.UniqueConstraint(condition=models.Q(('closure__isnull', False)), fields=('closure',), name='leaf_closure_once'),
        ),
        migrations.AddConstraint(
            model_name='leaf',
            constraint=models.UniqueConstraint(condition=models.Q(('attempt__isnull', False)), fields=('attempt',), name='leaf_attempt_once'),
        ),
        migrations.AddConstraint(
            model_name='leaf',
            constraint=models.UniqueConstraint(condition=models.Q(('evidence__isnull', False)), fields=('evidence',), name='leaf_evidence_once'),
        ),
        migrations.RunSQL(script("0009_leaves.sql"), script("0009_leaves_reverse.sql")),
    ]
