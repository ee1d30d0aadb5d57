import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0006_since_when_a_seat_is_held"),
    ]

    operations = [
        migrations.AlterField(
            model_name="area",
            name="code",
            field=models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="부호"),
        ),
        migrations.AlterField(
            model_name="area",
            name="households",
            field=models.PositiveIntegerField(verbose_name="가구 수"),
        ),
        migrations.AlterField(
            model_name="area",
            name="name_en",
            field=models.CharField(max_length=60, verbose_name="영어 이름"),
        ),
        migrations.AlterField(
            model_name="area",
            name="name_ko",
            field=models.CharField(max_length=60, verbose_name="이름"),
        ),
        migrations.AlterField(
            model_name="area",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="districts",
                to="parties.area",
                verbose_name="속한 곳",
            ),
        ),
        migrations.AlterField(
            model_name="organisation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("buyer", "구매 기관"),
                    ("manufacturer", "제조사"),
                    ("provider", "서비스 기관"),
                    ("platform", "마루"),
                ],
                max_length=15,
                verbose_name="종류",
            ),
        ),
        migrations.AlterField(
            model_name="seat",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="seats",
                to="parties.organisation",
                verbose_name="기관",
            ),
        ),
        migrations.AlterField(
            model_name="seat",
            name="role",
            field=models.CharField(
                choices=[("staff", "담당자"), ("admin", "관리자"), ("auditor", "감사")],
                max_length=10,
                verbose_name="역할",
            ),
        ),
        migrations.AlterField(
            model_name="seat",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="seat",
                to=settings.AUTH_USER_MODEL,
                verbose_name="사람",
            ),
        ),
    ]
