"""How sure it is who said it, beside what was said; and two indexes less that others begin with anyway."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appliances", "0001_appliances"),
        ("parties", "0001_people_homes_organisations_and_keys"),
        ("insights", "0004_perception"),
    ]

    operations = [
        migrations.AddField(
            model_name="insight",
            name="assurance",
            field=models.CharField(
                blank=True,
                choices=[
                    ("signed", "가전이 스스로 서명했어요"),
                    ("bearer", "가전이 제 열쇠로 보냈어요"),
                    ("hub_signed", "허브가 대신 전하며 서명했어요"),
                    ("hub_bearer", "허브가 제 열쇠로 대신 전했어요"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="알려 온 길",
            ),
        ),
        migrations.AlterField(
            model_name="insight",
            name="appliance",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="insights",
                to="appliances.appliance",
            ),
        ),
        migrations.AlterField(
            model_name="insight",
            name="household",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="insights",
                to="parties.household",
            ),
        ),
    ]
