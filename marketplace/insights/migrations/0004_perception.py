"""Rules that draw events from readings: what they remember, conclude and draw from, and who says that it is wrong."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from consent.parties import append_only

#: Whoever shreds the key of a memory takes its row along; that is the database's work.
SHREDDING = """
ALTER TABLE insights_rulememory ADD CONSTRAINT rule_memory_gone_with_its_key
    FOREIGN KEY (sealed_id) REFERENCES insights_sealedobject (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""
NO_SHREDDING = "ALTER TABLE insights_rulememory DROP CONSTRAINT rule_memory_gone_with_its_key;"


class Migration(migrations.Migration):
    dependencies = [
        ("appliances", "0002_pairing_keys_parts_and_flags"),
        ("insights", "0003_twin"),
        ("parties", "0002_audit_only_grows"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="sealedobject",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("insight", "알아챈 일"),
                    ("release", "전달하는 사본"),
                    ("twin", "가전의 한 달을 여는 열쇠"),
                    ("memory", "규칙의 기억을 여는 열쇠"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Conclusion",
            fields=[
                (
                    "insight",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="conclusion",
                        serialize=False,
                        to="insights.insight",
                    ),
                ),
                ("rule", models.CharField(max_length=40, verbose_name="규칙")),
                ("version", models.PositiveSmallIntegerField(verbose_name="판")),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "규칙이 알아챈 일",
                "indexes": [models.Index(fields=["rule"], name="conclusion_by_rule")],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                (
                    "appliance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appliances.appliance",
                    ),
                ),
                (
                    "conclusion",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="insights.conclusion",
                    ),
                ),
            ],
            options={
                "verbose_name": "규칙의 근거",
                "indexes": [models.Index(fields=["appliance", "kind"], name="evidence_by_stream")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("conclusion", "appliance", "kind"), name="evidence_names_a_stream_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleMemory",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("box", models.BinaryField()),
                ("touched_on", models.DateField()),
                (
                    "appliance",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appliances.appliance",
                    ),
                ),
                (
                    "household",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.household",
                    ),
                ),
                (
                    "sealed",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="insights.sealedobject",
                    ),
                ),
            ],
            options={
                "verbose_name": "규칙의 기억",
                "indexes": [models.Index(fields=["touched_on"], name="rule_memory_to_forget")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("household", "appliance"), name="rule_memory_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WrongWord",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40, verbose_name="알아챈 일")),
                ("rule", models.CharField(blank=True, max_length=40, verbose_name="규칙")),
                ("version", models.PositiveSmallIntegerField(null=True, verbose_name="판")),
                ("at", models.DateTimeField(verbose_name="때")),
                (
                    "insight",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="wrong_word", to="insights.insight"
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "틀렸다는 말",
                "verbose_name_plural": "틀렸다는 말",
                "indexes": [models.Index(fields=["kind", "rule"], name="wrong_word_by_rule")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rule", ""), ("version", None)),
                            models.Q(models.Q(("rule", ""), _negated=True), ("version__isnull", False)),
                            _connector="OR",
                        ),
                        name="wrong_word_names_a_rule_with_its_version",
                    )
                ],
            },
        ),
        migrations.RunSQL(SHREDDING, NO_SHREDDING),
        append_only.only_grows("insights_conclusion"),
        append_only.only_grows("insights_evidence"),
        append_only.only_grows("insights_wrongword"),
    ]
