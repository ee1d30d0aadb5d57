from django.db import migrations

from consent.parties import append_only


class Migration(migrations.Migration):
    dependencies = [("records", "0001_asks_consents_receipts_and_preferences"), ("parties", "0002_audit_only_grows")]

    operations = [
        append_only.only_grows("records_consent"),
        append_only.only_grows("records_consentend"),
        append_only.only_grows("records_receipt"),
    ]
