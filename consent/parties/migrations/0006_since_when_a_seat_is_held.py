"""A seat says since when it is held. Those that are held already are as old as the person, which keeps them good."""

import django.utils.timezone
from django.db import migrations, models

AS_OLD_AS_THE_PERSON = """
UPDATE parties_seat SET since = person.joined_at FROM parties_user person WHERE person.id = parties_seat.user_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0005_words_for_many"),
    ]

    operations = [
        migrations.AddField(
            model_name="seat",
            name="since",
            field=models.DateTimeField(
                default=django.utils.timezone.now, editable=False, verbose_name="자리에 앉은 때"
            ),
        ),
        migrations.RunSQL(AS_OLD_AS_THE_PERSON, migrations.RunSQL.noop),
    ]
