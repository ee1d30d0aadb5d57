import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appliances', '0002_pairing_keys_parts_and_flags'),
    ]

    operations = [
        migrations.CreateModel(
            name='BridgeBeat',
            fields=[
                ('client', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('seen_at', models.DateTimeField()),
                ('connected_at', models.DateTimeField()),
                ('publications', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'MQTT 다리',
                'verbose_name_plural': 'MQTT 다리',
            },
        ),
        migrations.CreateModel(
            name='BrokerLogin',
            fields=[
                ('pairing', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='broker_login', serialize=False, to='appliances.pairing')),
                ('password_hash', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': '브로커 출입',
                'verbose_name_plural': '브로커 출입',
            },
        ),
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('client', models.CharField(max_length=64)),
                ('packet', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('token', models.UUIDField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': '오는 중인 전갈',
                'verbose_name_plural': '오는 중인 전갈',
                'indexes': [models.Index(fields=['at'], name='arrival_to_prune')],
                'constraints': [models.UniqueConstraint(fields=('client', 'packet'), name='arrival_one_per_packet')],
            },
        ),
        migrations.CreateModel(
            name='TurnedAway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=64)),
                ('times', models.PositiveBigIntegerField()),
                ('last_at', models.DateTimeField()),
                ('pairing', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='turned_away', to='appliances.pairing')),
            ],
            options={
                'verbose_name': '돌려보낸 전갈',
                'verbose_name_plural': '돌려보낸 전갈',
                'indexes': [models.Index(fields=['last_at'], name='turned_away_to_prune')],
                'constraints': [models.UniqueConstraint(fields=('pairing', 'code'), name='turned_away_one_per_pairing_and_code', nulls_distinct=False)],
            },
        ),
    ]
