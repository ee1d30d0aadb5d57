"""More than one of a thing has words of its own; the tables stay as they are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0004_invitations"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="auditentry",
            options={"verbose_name": "감사 기록", "verbose_name_plural": "감사 기록"},
        ),
        migrations.AlterModelOptions(
            name="household",
            options={"verbose_name": "가구", "verbose_name_plural": "가구"},
        ),
        migrations.AlterModelOptions(
            name="machinekey",
            options={"verbose_name": "열쇠", "verbose_name_plural": "열쇠"},
        ),
        migrations.AlterModelOptions(
            name="membership",
            options={"verbose_name": "식구", "verbose_name_plural": "식구"},
        ),
        migrations.AlterModelOptions(
            name="organisation",
            options={"verbose_name": "기관", "verbose_name_plural": "기관"},
        ),
        migrations.AlterModelOptions(
            name="seat",
            options={"verbose_name": "자리", "verbose_name_plural": "자리"},
        ),
        migrations.AlterModelOptions(
            name="user",
            options={"verbose_name": "사람", "verbose_name_plural": "사람"},
        ),
    ]
