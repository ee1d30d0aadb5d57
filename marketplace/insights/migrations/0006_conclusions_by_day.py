"""Conclusions are counted by rule over the last days."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('insights', '0005_assurance'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='conclusion',
            name='conclusion_by_rule',
        ),
        migrations.AddIndex(
            model_name='conclusion',
            index=models.Index(fields=['at', 'rule', 'version'], name='conclusion_to_count'),
        ),
    ]
