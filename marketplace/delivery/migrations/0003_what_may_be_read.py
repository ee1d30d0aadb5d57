from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0002_accesses_only_grow")]

    operations = [
        migrations.AddIndex(
            model_name="release",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["request", "number"], name="release_to_read"
            ),
        ),
    ]
