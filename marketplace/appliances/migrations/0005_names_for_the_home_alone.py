"""What a home calls an appliance gets a column of its own, which no buyer is ever shown; a model may be asked for."""

from django.db import migrations, models

# The name said when it was let in had become its model, and a name may tell of rooms and people.
PARTED = """
UPDATE appliances_appliance a SET name = left(a.model, 40), model = ''
FROM appliances_pairing p WHERE p.appliance_id = a.id AND a.model <> '' AND (p.label = a.model OR p.label = '')
"""


class Migration(migrations.Migration):
    dependencies = [("appliances", "0004_reasons_in_words")]

    operations = [
        migrations.AddField(
            model_name="appliance",
            name="name",
            field=models.CharField(blank=True, default="", max_length=40, verbose_name="우리 집에서 부르는 이름"),
        ),
        # Not back again: a name said since then was said to go to nobody.
        migrations.RunSQL(PARTED, migrations.RunSQL.noop),
    ]
