"""The rules of a row in one function per table, and no foreign keys on the path of a write."""

from django.db import migrations

from rewards.ledger.sql.scripts import script

RULES = {
    "transfer": [
        "transfer_amount_in_range",
        "transfer_between_two_accounts",
        "transfer_kind_is_known",
        "transfer_credits_iff_it_moves",
        "transfer_names_the_hold_it_resolves",
        "transfer_only_holds_expire",
        "transfer_reversal_names_its_row",
        "transfer_approved_by_another",
        "transfer_only_posts_are_back_dated",
    ],
    "balance": ["balance_counters_not_negative", "balance_counters_fit_json", "balance_not_below_floor"],
    "attempt": ["attempt_names_a_transfer_iff_applied"],
}


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_exceptions")]
    operations = [
        *(migrations.RemoveConstraint(model, rule) for model, rules in RULES.items() for rule in rules),
        migrations.RunSQL(script("0008_sound_rows.sql"), script("0008_sound_rows_reverse.sql")),
    ]
