"""Gifts between homes, and the numbers under which homes take them."""

import django.db.models.deletion
import rewards.redemption.models.gifts
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0003_cache_table'),
        ('redemption', '0002_orders_once_per_idempotency_key'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='GiftAddress',
            fields=[
                ('household', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='gift_address', serialize=False, to='parties.household', verbose_name='가구')),
                ('code', models.CharField(default=rewards.redemption.models.gifts.new_gift_code, max_length=12, unique=True, verbose_name='선물 번호')),
                ('changed_at', models.DateTimeField(verbose_name='바꾼 때')),
                ('stopped_at', models.DateTimeField(blank=True, null=True, verbose_name='멈춘 때')),
            ],
            options={
                'verbose_name': '선물 번호',
                'verbose_name_plural': '선물 번호',
            },
        ),
        migrations.CreateModel(
            name='Gift',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('tokens', models.PositiveBigIntegerField()),
                ('words', models.CharField(blank=True, max_length=100)),
                ('code', models.CharField(max_length=12)),
                ('given_at', models.DateTimeField()),
                ('returned_at', models.DateTimeField(null=True)),
                ('idempotency_key', models.CharField(blank=True, max_length=200)),
                ('given_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('giver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gifts_given', to='parties.household')),
                ('returned_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('taker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gifts_taken', to='parties.household')),
            ],
            options={
                'verbose_name': '선물',
                'indexes': [models.Index(fields=['giver', '-given_at'], name='gift_by_giver'), models.Index(fields=['taker', '-given_at'], name='gift_by_taker')],
                'constraints': [models.CheckConstraint(condition=models.Q(('tokens__gte', 1)), name='gift_of_something'), models.CheckConstraint(condition=models.Q(('giver', models.F('taker')), _negated=True), name='gift_to_another_home'), models.CheckConstraint(condition=models.Q(models.Q(('returned_at', None), ('returned_by', None)), models.Q(('returned_at__isnull', False), ('returned_by__isnull', False)), _connector='OR'), name='gift_returned_by_somebody'), models.UniqueConstraint(condition=models.Q(('idempotency_key', ''), _negated=True), fields=('giver', 'idempotency_key'), name='gift_once_per_idempotency_key')],
            },
        ),
    ]
