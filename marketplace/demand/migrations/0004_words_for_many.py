"""More than one of a thing has words of its own; the tables stay as they are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("demand", "0003_versions_only_grow"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="datarequest",
            options={"verbose_name": "데이터 요청", "verbose_name_plural": "데이터 요청"},
        ),
    ]
