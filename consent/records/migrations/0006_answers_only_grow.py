from django.db import migrations, models

from consent.parties import append_only

#: Before there were rounds, an answer that no longer counted was gone.
DROP_EARLIER_ROUNDS = """
DELETE FROM records_answer answer USING records_answer later
WHERE later.ask_id = answer.ask_id AND later.round > answer.round
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0005_receipts_named_by_their_index")]

    operations = [
        migrations.AddField("answer", "round", models.PositiveSmallIntegerField(default=1)),
        migrations.RemoveConstraint("answer", "answer_once_per_member"),
        migrations.AddConstraint(
            "answer",
            models.UniqueConstraint(fields=["ask", "member", "round"], name="answer_once_per_member_and_round"),
        ),
        migrations.RunSQL(sql=migrations.RunSQL.noop, reverse_sql=DROP_EARLIER_ROUNDS),
        append_only.only_grows("records_answer"),
    ]
