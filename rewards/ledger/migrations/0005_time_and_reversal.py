"""Reading the books as of any instant; taking a transfer back; dating a post back."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import rewards.ledger.fields
from django.db import migrations, models

from rewards.ledger.sql.scripts import script


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_single_accounts'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='transfer',
            name='transfer_kind_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='transfer',
            name='transfer_credits_iff_it_moves',
        ),
        migrations.RemoveConstraint(
            model_name='transfer',
            name='transfer_names_the_hold_it_resolves',
        ),
        migrations.AddField(
            model_name='transfer',
            name='approved_by',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='transfer',
            name='reason',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='transfer',
            name='reverses',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='ledger.transfer'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='action',
            field=rewards.ledger.fields.NameField(choices=[('post', '이체'), ('hold', '예약'), ('capture', '지급'), ('release', '예약 풀림'), ('expire', '예약 만료'), ('reverse', '되돌림')]),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=rewards.ledger.fields.NameField(choices=[('post', '이체'), ('hold', '예약'), ('capture', '지급'), ('release', '예약 풀림'), ('expire', '예약 만료'), ('reverse', '되돌림')]),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['recorded_at'], name='transfer_by_time'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(condition=models.Q(('effective_at__lt', models.F('recorded_at'))), fields=['debit', 'effective_at'], include=('amount', 'recorded_at'), name='transfer_back_dated_debit'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(condition=models.Q(('effective_at__lt', models.F('recorded_at'))), fields=['credit', 'effective_at'], include=('amount', 'recorded_at'), name='transfer_back_dated_credit'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['post', 'hold', 'capture', 'release', 'expire', 'reverse'])), name='transfer_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('credit__isnull', False), ('kind__in', ['post', 'capture', 'reverse'])), models.Q(('credit__isnull', True), ('kind__in', ['hold', 'release', 'expire'])), _connector='OR'), name='transfer_credits_iff_it_moves'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('hold__isnull', True), ('hold_leg__isnull', True), ('kind__in', ['post', 'hold', 'reverse'])), models.Q(('hold__isnull', False), ('hold_leg__isnull', False), ('kind', 'capture')), models.Q(('hold__isnull', False), ('hold_leg', 1), ('kind__in', ['release', 'expire'])), _connector='OR'), name='transfer_names_the_hold_it_resolves'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(condition=models.Q(('reverses__isnull', False)), fields=('reverses',), name='transfer_reversed_once'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', False), ('kind', 'reverse'), ('reverses__isnull', False)), models.Q(models.Q(('kind', 'reverse'), _negated=True), ('reverses__isnull', True)), _connector='OR'), name='transfer_reversal_names_its_row'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', True), ('reason__isnull', True)), models.Q(('approved_by__isnull', False), ('reason__isnull', False), models.Q(('approved_by', models.F('actor')), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='transfer_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('effective_at', models.F('recorded_at')), models.Q(('effective_at__lt', models.F('recorded_at')), ('kind', 'post')), _connector='OR'), name='transfer_only_posts_are_back_dated'),
        ),
        migrations.RunSQL(script("0005_time.sql"), script("0005_time_reverse.sql")),
    ]
