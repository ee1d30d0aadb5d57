"""Matching looks up which versions in an area are open, each by itself and never through all that are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("demand", "0006_versions_and_reviews_in_the_plural")]

    operations = [
        migrations.RemoveIndex(model_name="datarequest", name="data_request_by_state"),
        migrations.AddIndex(
            model_name="datarequest",
            index=models.Index(fields=["state", "current"], name="data_request_by_state"),
        ),
    ]
