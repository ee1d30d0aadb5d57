"""A buyer may want to be sure of who said it. Until it says so, any way is good."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("demand", "0004_words_for_many")]

    operations = [
        migrations.AddField(
            model_name="requestversion",
            name="least_assurance",
            field=models.CharField(
                choices=[
                    ("any", "어떤 길로 왔든 받아요"),
                    ("hub_signed", "허브가 서명해 전했거나 가전이 직접 보낸 것만"),
                    ("bearer", "가전이 직접 보낸 것만"),
                    ("signed", "가전이 스스로 서명한 것만"),
                ],
                db_default="any",
                default="any",
                max_length=10,
                verbose_name="알려 온 길",
            ),
        ),
    ]
