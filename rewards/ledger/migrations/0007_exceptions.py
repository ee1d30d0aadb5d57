"""The lists of exceptions, few rows among millions: refused attempts, back-dated transfers."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_seal'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('outcome', 'applied'), _negated=True), fields=['recorded_at', 'key'], name='attempt_refused_by_time'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(condition=models.Q(('effective_at__lt', models.F('recorded_at'))), fields=['id'], name='transfer_back_dated'),
        ),
    ]
