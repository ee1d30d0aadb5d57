import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0004_words_for_many")]

    operations = [
        migrations.AlterField(
            "access",
            "release",
            # `access_by_release` begins with the release; a second index only made each read dearer.
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accesses",
                to="delivery.release",
            ),
        ),
    ]
