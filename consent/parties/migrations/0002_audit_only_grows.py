from django.db import migrations

from consent.parties import append_only


class Migration(migrations.Migration):
    dependencies = [("parties", "0001_people_homes_organisations_and_keys")]

    operations = [
        migrations.RunSQL(append_only.MAKE_FUNCTION, append_only.DROP_FUNCTION),
        append_only.only_grows("parties_auditentry"),
    ]
