from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0002_consents_only_grow")]

    operations = [
        migrations.AddField("answer", "notice_locale", models.CharField(blank=True, default="", max_length=5), preserve_default=False),
        migrations.AddField("answer", "notice_sha256", models.CharField(blank=True, default="", max_length=64), preserve_default=False),
    ]
