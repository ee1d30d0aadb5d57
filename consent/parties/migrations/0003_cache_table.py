from django.db import migrations


class Migration(migrations.Migration):
    """The table behind Django's database cache: rate limits must survive a vanished Redis."""

    dependencies = [("parties", "0002_audit_only_grows")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE django_cache (
                cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
            );
            CREATE INDEX django_cache_expires ON django_cache (expires);
            """,
            "DROP TABLE django_cache;",
        )
    ]
