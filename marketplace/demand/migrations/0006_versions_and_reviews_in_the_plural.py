from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("demand", "0005_least_assurance")]

    operations = [
        migrations.AlterModelOptions(
            name="requestversion",
            options={"verbose_name": "데이터 요청의 판", "verbose_name_plural": "데이터 요청의 판"},
        ),
        migrations.AlterModelOptions(
            name="review",
            options={"verbose_name": "검토", "verbose_name_plural": "검토"},
        ),
    ]
