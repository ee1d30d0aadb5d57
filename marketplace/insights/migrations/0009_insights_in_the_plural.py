"""Many insights have a word of their own on a desk."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('insights', '0008_a_narrow_work_list'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='insight',
            options={'verbose_name': '알아챈 일', 'verbose_name_plural': '알아챈 일'},
        ),
    ]
