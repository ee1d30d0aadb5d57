from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0006_a_read_is_of_a_locked_release")]

    operations = [
        migrations.AlterField(
            "release",
            "closed_because",
            # Erasing is what a buyer attests after one of these; it never was an end of its own.
            models.CharField(
                blank=True,
                choices=[("withdrawn", "철회"), ("revoked", "거두어짐"), ("expired", "보관 끝")],
                max_length=10,
            ),
        ),
    ]
