"""Issuance against invoices, thanks to many homes, and the age of tokens with its end."""


import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models

from consent.parties import append_only
from rewards.treasury.sql.scripts import script


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('ledger', '0007_exceptions'),
        ('parties', '0003_cache_table'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Issuance',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('invoice_number', models.CharField(max_length=60, verbose_name='청구서 번호')),
                ('amount_krw', models.PositiveBigIntegerField(verbose_name='받은 금액(원)')),
                ('tokens', models.PositiveBigIntegerField(verbose_name='토큰')),
                ('needs_second', models.BooleanField(verbose_name='두 사람 확인')),
                ('proposed_at', models.DateTimeField(verbose_name='올린 때')),
                ('state', models.CharField(choices=[('proposed', '승인을 기다려요'), ('issued', '발행했어요'), ('refused', '발행하지 않았어요'), ('withdrawn', '거두었어요')], default='proposed', max_length=10, verbose_name='상태')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='정한 때')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='까닭')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='정한 사람')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='issuances', to='parties.organisation', verbose_name='기관')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='올린 사람')),
            ],
            options={
                'verbose_name': '발행',
                'verbose_name_plural': '발행',
            },
        ),
        migrations.CreateModel(
            name='IssuanceStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('proposed', '승인을 기다려요'), ('issued', '발행했어요'), ('refused', '발행하지 않았어요'), ('withdrawn', '거두었어요')], max_length=10)),
                ('at', models.DateTimeField()),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issuance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='treasury.issuance')),
            ],
            options={
                'verbose_name': '발행 기록',
            },
        ),
        migrations.CreateModel(
            name='Sweep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('notice', '알림'), ('expiry', '소멸')], max_length=10)),
                ('on', models.DateField()),
                ('through', models.BigIntegerField(default=0)),
                ('homes', models.BigIntegerField(default=0)),
                ('tokens', models.BigIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': '소멸 차례',
                'constraints': [models.UniqueConstraint(fields=('kind', 'on'), name='sweep_once_per_day_of_ending')],
            },
        ),
        migrations.CreateModel(
            name='Thanks',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('batch', models.CharField(max_length=60, unique=True, verbose_name='이름표')),
                ('tokens', models.PositiveBigIntegerField(verbose_name='집마다 토큰')),
                ('words_ko', models.CharField(max_length=200, verbose_name='까닭')),
                ('words_en', models.CharField(max_length=200, verbose_name='영어 까닭')),
                ('made_at', models.DateTimeField(verbose_name='보낸 때')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='보낸 사람')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.organisation', verbose_name='기관')),
            ],
            options={
                'verbose_name': '고마움',
                'verbose_name_plural': '고마움',
            },
        ),
        migrations.CreateModel(
            name='Carried',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('earned_at', models.DateTimeField()),
                ('tokens', models.BigIntegerField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='carried', to='ledger.account')),
                ('transfer', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='carried', to='ledger.transfer')),
            ],
            options={
                'verbose_name': '이어진 나이',
                'indexes': [models.Index(fields=['account', 'earned_at'], name='carried_by_account')],
                'constraints': [models.UniqueConstraint(fields=('transfer', 'earned_at'), name='carried_one_part_per_age'), models.CheckConstraint(condition=models.Q(('tokens__gte', 1)), name='carried_something')],
            },
        ),
        migrations.CreateModel(
            name='ExpiryNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField()),
                ('tokens', models.PositiveBigIntegerField()),
                ('made_at', models.DateTimeField()),
                ('mailed_at', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('household', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.household')),
            ],
            options={
                'verbose_name': '소멸 알림',
                'indexes': [models.Index(condition=models.Q(('mailed_at', None)), fields=['id'], name='expiry_notice_to_mail')],
                'constraints': [models.UniqueConstraint(fields=('household', 'on'), name='expiry_notice_once_per_month')],
            },
        ),
        migrations.AddIndex(
            model_name='issuance',
            index=models.Index(fields=['-proposed_at', 'id'], name='issuance_newest_first'),
        ),
        migrations.AddIndex(
            model_name='issuance',
            index=models.Index(fields=['proposed_by', 'proposed_at'], name='issuance_by_proposer'),
        ),
        migrations.AddConstraint(
            model_name='issuance',
            constraint=models.UniqueConstraint(models.F('organisation'), django.db.models.functions.text.Upper('invoice_number'), condition=models.Q(('state__in', ['proposed', 'issued'])), name='issuance_one_per_invoice'),
        ),
        migrations.AddConstraint(
            model_name='issuance',
            constraint=models.CheckConstraint(condition=models.Q(('amount_krw__gte', 1), ('tokens__gte', 1), ('tokens__lte', 9007199254740991), models.Q(('invoice_number', ''), _negated=True)), name='issuance_of_something_for_something'),
        ),
        migrations.AddConstraint(
            model_name='issuance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('needs_second', True), ('state', 'issued'), _negated=True), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='issuance_agreed_by_another'),
        ),
        migrations.AddConstraint(
            model_name='issuance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(models.Q(('decided_by', models.F('proposed_by')), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='issuance_refused_by_another_who_says_why'),
        ),
        migrations.AddConstraint(
            model_name='issuance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'withdrawn'), _negated=True), ('decided_by', models.F('proposed_by')), _connector='OR'), name='issuance_withdrawn_by_its_proposer'),
        ),
        migrations.AddConstraint(
            model_name='issuance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state', 'proposed')), models.Q(models.Q(('state', 'proposed'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='issuance_decided_iff_decided_at'),
        ),
        migrations.AddConstraint(
            model_name='issuancestep',
            constraint=models.UniqueConstraint(fields=('issuance', 'state'), name='issuance_step_once'),
        ),
        migrations.AddConstraint(
            model_name='thanks',
            constraint=models.CheckConstraint(condition=models.Q(('tokens__gte', 1), models.Q(('batch', ''), _negated=True), models.Q(('words_ko', ''), _negated=True), models.Q(('words_en', ''), _negated=True)), name='thanks_says_why_and_gives'),
        ),
        append_only.only_grows("treasury_issuancestep"),
        append_only.only_grows("treasury_thanks"),
        append_only.only_grows("treasury_carried"),
        migrations.RunSQL(script("0001_ages.sql"), script("0001_ages_reverse.sql")),
    ]
