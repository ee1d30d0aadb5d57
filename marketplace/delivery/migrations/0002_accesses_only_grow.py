from django.db import migrations

from consent.parties import append_only


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_releases_accesses_erasures_and_outbox"), ("parties", "0002_audit_only_grows")]

    operations = [
        append_only.only_grows("delivery_access"),
    ]
