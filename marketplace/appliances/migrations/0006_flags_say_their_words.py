"""A desk calls the columns of the trust queue by their names."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appliances', '0005_names_for_the_home_alone'),
    ]

    operations = [
        migrations.AlterField(
            model_name='streamflag',
            name='reason',
            field=models.CharField(choices=[('too_many', '하루 한도를 넘었어요'), ('frozen', '값이 멈춰 있어요'), ('too_regular', '너무 규칙적이에요'), ('impossible', '있을 수 없는 값이에요')], max_length=12, verbose_name='까닭'),
        ),
        migrations.AlterField(
            model_name='streamflag',
            name='verdict',
            field=models.CharField(blank=True, choices=[('cleared', '괜찮아요'), ('kept', '그대로 막아요')], max_length=8, verbose_name='판단'),
        ),
    ]
