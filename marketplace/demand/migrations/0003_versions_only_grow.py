from django.db import migrations

from consent.parties import append_only


class Migration(migrations.Migration):
    dependencies = [("demand", "0002_reviews_only_grow"), ("parties", "0002_audit_only_grows")]

    operations = [
        append_only.only_grows("demand_requestversion"),
    ]
