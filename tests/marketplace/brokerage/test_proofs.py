"""Each proof finds nothing after honest deals, and finds the one fault planted for it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from consent.parties.roles import RUNTIME_ROLE
from marketplace.brokerage import proofs
from marketplace.brokerage.operations import withdraw_consent
from marketplace.delivery.models import Access
from tests import factories

pytestmark = pytest.mark.django_db
GUARDED = ["records_consent", "records_answer", "delivery_release", "ledger_transfer", "ledger_balance"]


def tamper(sql: str, *parameters: object) -> None:
    """Do as the owner, behind every trigger, what the runtime role never can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL ROLE none")
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS balance_is_sound")
        cursor.execute("ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_is_sound")
        cursor.execute(sql, parameters)
        assert cursor.rowcount > 0, "nothing was tampered with"
        cursor.execute(f"SET LOCAL ROLE {RUNTIME_ROLE}")


def found() -> dict[str, list[str]]:
    return {one.proof.name: one.references for one in proofs.findings() if not one.is_fine}


@pytest.fixture
def deal():
    return factories.deal()


def test_nothing_is_found_in_an_empty_house():
    assert found() == {}
    assert proofs.counted_status().orphans == 0


def test_nothing_is_found_after_deals_and_a_withdrawal(deal):
    factories.deal(request=deal.release.request)
    withdraw_consent(consent_id=deal.consent.pk, actor=deal.consent.decided_by, at=timezone.now())

    status = proofs.counted_status()

    assert found() == {}
    assert (status.consents, status.payments, status.releases, status.orphans) == (2, 2, 2, 0)


def test_finds_a_release_of_a_refusal(deal):
    tamper(
        "UPDATE records_consent SET verdict = 'refused', ends_at = NULL, op_id = NULL, payload_digest = ''"
        " WHERE id = %s",
        deal.consent.pk,
    )

    assert found()["release_without_consent"] == [str(deal.release.pk)]
    assert proofs.counted_status().orphans == 2


def test_finds_a_release_nobody_paid_for(deal):
    tamper("DELETE FROM ledger_transfer WHERE op_id = %s", deal.consent.op_id)

    assert found()["release_without_payment"] == [str(deal.release.pk)]
    assert proofs.counted_status().orphans == 1


def test_finds_a_release_paid_with_another_consents_payment(deal):
    tamper("UPDATE ledger_transfer SET event_ref = 'consent:another' WHERE op_id = %s", deal.consent.op_id)

    assert found() == {"release_without_payment": [str(deal.release.pk)]}


def test_finds_a_payment_for_nothing(deal):
    tamper("DELETE FROM delivery_release WHERE id = %s", deal.release.pk)

    assert found()["payment_without_release"] == [str(deal.consent.op_id)]
    assert proofs.counted_status().orphans == 1


def test_finds_a_consent_that_released_nothing(deal):
    tamper("DELETE FROM delivery_release WHERE id = %s", deal.release.pk)

    assert found()["consent_without_release"] == [str(deal.consent.pk)]


def test_finds_a_transfer_that_gives_less_than_it_takes(deal):
    tamper(
        "UPDATE ledger_transfer SET credit_id = NULL, credit_version = NULL, credit_after = NULL"
        " WHERE op_id = %s AND leg = 1",
        deal.consent.op_id,
    )

    assert found() == {"unbalanced_transfer": [str(deal.consent.op_id)]}


def test_finds_a_home_below_zero(deal):
    tamper(
        "UPDATE ledger_balance SET debits = credits + 1 WHERE account_id IN"
        " (SELECT id FROM ledger_account WHERE kind = 'household')"
    )

    assert len(found()["negative_household"]) == 1


def test_finds_a_read_after_the_end(deal):
    end = withdraw_consent(consent_id=deal.consent.pk, actor=deal.consent.decided_by, at=timezone.now())
    Access.objects.create(release=deal.release, reader="key", path="api", at=end.at + timedelta(minutes=2))

    assert found() == {"read_after_end": [str(deal.release.pk)]}


def test_finds_a_read_at_the_very_end(deal):
    Access.objects.create(release=deal.release, reader="key", path="api", at=deal.consent.ends_at)

    assert found() == {"read_after_end": [str(deal.release.pk)]}


def test_does_not_find_a_read_that_was_on_its_way_when_the_end_came(deal):
    end = withdraw_consent(consent_id=deal.consent.pk, actor=deal.consent.decided_by, at=timezone.now())
    Access.objects.create(release=deal.release, reader="key", path="api", at=end.at + timedelta(seconds=1))

    assert found() == {}


def test_finds_a_release_of_something_else_than_was_shown(deal):
    tamper("UPDATE delivery_release SET payload_digest = repeat('0', 64) WHERE id = %s", deal.release.pk)

    assert found() == {"preview_mismatch": [str(deal.release.pk)]}


def test_finds_a_consent_to_something_else_than_was_answered(deal):
    tamper("UPDATE records_answer SET preview_sha256 = repeat('0', 64) WHERE ask_id = %s", deal.consent.ask_id)

    assert found() == {"preview_mismatch": [str(deal.release.pk)]}


def test_every_proof_has_a_test_that_sees_it_find_something():
    tests = Path(__file__).read_text()

    assert [proof.name for proof in proofs.PROOFS if f'"{proof.name}"' not in tests] == []


def test_counts_in_one_query_and_keeps_the_answer_for_a_while(deal, django_assert_num_queries):
    cache.clear()
    with django_assert_num_queries(1):
        first = proofs.current_status()
        second = proofs.current_status()

    assert first == second
    assert first.orphans == 0


def test_each_proof_is_one_query(deal, django_assert_num_queries):
    with django_assert_num_queries(len(proofs.PROOFS)):
        proofs.findings()


@pytest.mark.parametrize("table", ["ledger_transfer", "records_consent", "delivery_release"])
def test_the_count_has_an_index_to_walk_in_every_table(table):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + proofs.STATUS)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert f"Seq Scan on {table}" not in plan
