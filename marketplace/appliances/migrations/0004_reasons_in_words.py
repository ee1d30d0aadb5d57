"""A flag says in counts what it was raised for, and there is a reason more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appliances", "0003_broker_logins_and_the_bridge"),
    ]

    operations = [
        migrations.AddField(
            model_name="streamflag",
            name="facts",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name="streamflag",
            name="reason",
            field=models.CharField(
                choices=[
                    ("too_many", "하루 한도를 넘었어요"),
                    ("frozen", "값이 멈춰 있어요"),
                    ("too_regular", "너무 규칙적이에요"),
                    ("impossible", "있을 수 없는 값이에요"),
                ],
                max_length=12,
            ),
        ),
    ]
