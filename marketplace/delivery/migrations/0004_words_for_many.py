"""More than one of a thing has words of its own; the tables stay as they are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0003_what_may_be_read"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="erasure",
            options={"verbose_name": "지움", "verbose_name_plural": "지움"},
        ),
    ]
