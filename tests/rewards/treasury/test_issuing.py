"""Tokens come into being against a paid invoice: once, and above a limit only when two people agree."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import Organisation, Seat
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import ISSUANCE, Transfer
from rewards.ledger.queries import balance_of, trial_balance
from rewards.treasury import operations
from rewards.treasury.errors import (
    InvoiceAlreadyUsed,
    InvoiceInvalid,
    IssuanceNotProposed,
    NotTheProposer,
    ReasonMissing,
    SecondPersonNeeded,
)
from rewards.treasury.models import Issuance, IssuanceStep
from rewards.treasury.queries import purse_of
from tests import factories
from tests.browsers import signed_in
from tests.threads import all_at_once

ROOT = Path(__file__).resolve().parent.parent.parent.parent
State = Issuance.State
LIMIT = 500_000


def propose(organisation, *, by, **fields):
    values = {"invoice_number": "2026-1001", "amount_krw": 1_000_000, "tokens": 1_000, **fields}
    return operations.propose_issuance(organisation_id=organisation.pk, actor=by, at=timezone.now(), **values)


def decide(verb, issuance, *, by, **fields):
    return getattr(operations, f"{verb}_issuance")(issuance_id=issuance.pk, actor=by, at=timezone.now(), **fields)


def purse(organisation):
    try:
        return balance_of(purse_of(organisation)).posted
    except UnknownAccount:
        return 0


def test_up_to_the_limit_one_admin_is_enough(school, hana):
    issuance = propose(school, by=hana, tokens=LIMIT)

    assert (issuance.state, issuance.needs_second, issuance.decided_by) == (State.ISSUED, False, hana)
    assert (purse(school), balance_of(ISSUANCE).posted) == (LIMIT, -LIMIT)
    assert trial_balance().difference == 0
    assert broken_invariants() == {}


def test_above_the_limit_nothing_is_issued_before_another_agrees(school, hana, duri):
    issuance = propose(school, by=hana, tokens=LIMIT + 1)
    assert (issuance.state, purse(school)) == (State.PROPOSED, 0)

    decide("approve", issuance, by=duri, reason="입금을 확인했어요.")

    row = Transfer.objects.get(event_type="issued")
    assert purse(school) == LIMIT + 1
    assert (row.actor, row.approved_by) == (f"user:{hana.pk}", f"user:{duri.pk}")
    assert (row.reason, row.event_ref) == ("입금을 확인했어요.", f"issuance:{issuance.pk}")


def test_many_small_sums_of_one_person_count_as_one_large(school, hana, duri):
    propose(school, by=hana, invoice_number="A", tokens=LIMIT - 10)

    second = propose(school, by=hana, invoice_number="B", tokens=11)
    of_another = propose(school, by=duri, invoice_number="C", tokens=11)

    assert (second.state, of_another.state) == (State.PROPOSED, State.ISSUED)


def test_what_maru_spends_itself_is_always_agreed_by_two(hana, duri):
    issuance = propose(factories.platform(), by=hana, tokens=1)
    assert issuance.state == State.PROPOSED

    decide("approve", issuance, by=duri)

    assert purse(factories.platform()) == 1


def test_nobody_agrees_with_themselves(school, hana):
    issuance = propose(school, by=hana, tokens=LIMIT + 1)

    for verb, fields in (("approve", {}), ("refuse", {"reason": "까닭"})):
        with pytest.raises(SecondPersonNeeded):
            decide(verb, issuance, by=hana, **fields)

    assert (Issuance.objects.get().state, purse(school)) == (State.PROPOSED, 0)


def test_nobody_agrees_who_came_after_the_proposal(school, hana):
    issuance = propose(school, by=hana, tokens=LIMIT + 1)
    made_for_it = factories.admin()

    for verb, fields in (("approve", {}), ("refuse", {"reason": "까닭"})):
        with pytest.raises(SecondPersonNeeded):
            decide(verb, issuance, by=made_for_it, **fields)

    assert (Issuance.objects.get().state, purse(school)) == (State.PROPOSED, 0)


def test_nobody_agrees_who_got_the_seat_after_the_proposal(school, hana):
    old_hand = factories.user(is_staff=True)
    issuance = propose(school, by=hana, tokens=LIMIT + 1)
    Seat.objects.create(organisation=factories.platform(), user=old_hand, role=Seat.Role.ADMIN)

    for verb, fields in (("approve", {}), ("refuse", {"reason": "까닭"})):
        with pytest.raises(SecondPersonNeeded):
            decide(verb, issuance, by=old_hand, **fields)

    assert (Issuance.objects.get().state, purse(school)) == (State.PROPOSED, 0)


@pytest.mark.parametrize("changed", [{"role": "admin"}, {"organisation": "platform"}, {"user": "other"}])
def test_a_seat_that_changes_at_the_desk_begins_anew(hana, changed):
    clerk = factories.staff(of=factories.organisation())
    Seat.objects.update(since=timezone.now() - timedelta(days=9))
    said = {"user": clerk.pk, "organisation": clerk.seat.organisation.pk, "role": "staff"}
    said |= {"organisation": factories.platform().pk} if "organisation" in changed else {}
    said |= {"user": factories.user().pk} if "user" in changed else {}
    said |= {"role": "admin"} if "role" in changed else {}

    signed_in(hana, second_factor=True).post(f"/admin/parties/seat/{clerk.seat.pk}/change/", said)

    assert Seat.objects.get(pk=clerk.seat.pk).since > timezone.now() - timedelta(days=1)


def test_nobody_agrees_who_may_not_use_the_desk(school, hana, duri):
    issuance = propose(school, by=hana, tokens=LIMIT + 1)
    duri.is_staff = False
    duri.save()

    with pytest.raises(NotPermitted):
        decide("approve", issuance, by=duri)

    assert purse(school) == 0


def test_the_database_lets_nobody_agree_with_themselves(school, hana):
    issuance = propose(school, by=hana, tokens=LIMIT + 1)

    with pytest.raises(IntegrityError, match="issuance_agreed_by_another"), transaction.atomic():
        Issuance.objects.filter(pk=issuance.pk).update(state="issued", decided_by=hana, decided_at=timezone.now())


@pytest.mark.parametrize("again", ["2026-1001", " 2026-1001 ", "２０２６－１００１"])
def test_an_invoice_is_used_once_however_it_is_spelled(school, hana, duri, again):
    propose(school, by=hana)

    with pytest.raises(InvoiceAlreadyUsed):
        propose(school, by=duri, invoice_number=again, tokens=7)

    assert (purse(school), Issuance.objects.count()) == (1_000, 1)


def test_letters_of_an_invoice_are_large_or_small_alike(school, hana):
    propose(school, by=hana, invoice_number="inv-7a")

    with pytest.raises(InvoiceAlreadyUsed):
        propose(school, by=hana, invoice_number="INV-7A")


def test_another_organisation_may_number_its_invoices_alike(school, hana):
    propose(school, by=hana)
    other = factories.organisation()

    propose(other, by=hana)

    assert (purse(school), purse(other)) == (1_000, 1_000)


def test_the_books_remember_an_invoice_that_this_table_forgot(school, hana):
    propose(school, by=hana)
    key = f"issue:{school.pk}:2026-1001"

    row = Transfer.objects.get(event_type="issued")
    with connection.cursor() as cursor:
        cursor.execute("SELECT transfer_id FROM ledger_attempt WHERE key = %s", [key])
        assert cursor.fetchone() == (row.pk,)


def test_what_was_refused_stays_and_its_invoice_may_be_proposed_anew(school, hana, duri):
    first = propose(school, by=hana, tokens=LIMIT + 1)
    with pytest.raises(ReasonMissing):
        decide("refuse", first, by=duri, reason="  ")
    decide("refuse", first, by=duri, reason="금액이 달라요.")

    second = propose(school, by=hana, tokens=LIMIT + 2)
    decide("approve", second, by=duri)

    told = set(Issuance.objects.values_list("state", "reason"))
    assert told == {(State.REFUSED, "금액이 달라요."), (State.ISSUED, "")}
    assert purse(school) == LIMIT + 2


def test_only_who_proposed_takes_it_back_and_it_stays_in_the_list(school, hana, duri):
    issuance = propose(school, by=hana, tokens=LIMIT + 1)
    with pytest.raises(NotTheProposer):
        decide("withdraw", issuance, by=duri)

    decide("withdraw", issuance, by=hana)

    assert Issuance.objects.get().state == State.WITHDRAWN
    assert list(IssuanceStep.objects.order_by("pk").values_list("state", flat=True)) == ["proposed", "withdrawn"]


@pytest.mark.parametrize("verb", ["approve", "refuse", "withdraw"])
def test_what_was_decided_is_not_decided_again(school, hana, duri, verb):
    issuance = propose(school, by=hana, tokens=LIMIT + 1)
    decide("approve", issuance, by=duri)

    with pytest.raises(IssuanceNotProposed):
        decide(verb, issuance, by=hana if verb == "withdraw" else duri, reason="까닭")

    assert purse(school) == LIMIT + 1


@pytest.mark.parametrize(
    "fields",
    [{"tokens": 0}, {"tokens": -1}, {"tokens": 2**53}, {"tokens": True}, {"tokens": 1.5}, {"amount_krw": 0},
     {"invoice_number": "  "}, {"invoice_number": "a" * 61}, {"invoice_number": "a\nb"}, {"invoice_number": "a\0b"}],
)  # fmt: skip
def test_an_invoice_of_nothing_is_none(school, hana, fields):
    with pytest.raises(InvoiceInvalid):
        propose(school, by=hana, **fields)

    assert not Issuance.objects.exists()


@pytest.mark.parametrize("who", ["member", "staff", "auditor", "an admin of a buyer"])
def test_only_admins_of_the_platform_issue(school, hana, who):
    people = {
        "member": factories.member, "staff": lambda: factories.staff(of=school), "auditor": factories.auditor,
        "an admin of a buyer": lambda: factories.staff(of=school, role="admin"),
    }  # fmt: skip
    person, issuance = people[who](), propose(school, by=hana, tokens=LIMIT + 1)

    with pytest.raises(NotPermitted):
        propose(school, by=person, invoice_number="other")
    for verb in ("approve", "refuse", "withdraw"):
        with pytest.raises(NotPermitted):
            decide(verb, issuance, by=person, reason="까닭")

    assert (Issuance.objects.count(), purse(school)) == (1, 0)


def test_nothing_is_issued_to_who_is_suspended_or_spends_nothing(school, hana, duri):
    issuance = propose(school, by=hana, tokens=LIMIT + 1)
    Organisation.objects.filter(pk=school.pk).update(suspended_at=timezone.now())

    with pytest.raises(OrganisationSuspended):
        decide("approve", issuance, by=duri)
    with pytest.raises(OrganisationSuspended):
        propose(school, by=hana, invoice_number="B")
    with pytest.raises(NotPermitted):
        propose(factories.organisation(kind=Organisation.Kind.PROVIDER), by=hana)

    assert purse(school) == 0


@pytest.mark.parametrize(
    "statement",
    ["UPDATE treasury_issuance SET tokens = 9", "UPDATE treasury_issuance SET reason = 'x'",
     "DELETE FROM treasury_issuance", "UPDATE treasury_issuancestep SET reason = 'x'",
     "DELETE FROM treasury_issuancestep", "TRUNCATE treasury_issuance CASCADE"],
)  # fmt: skip
def test_the_database_rewrites_no_issuance(school, hana, statement):
    propose(school, by=hana)

    refused = pytest.raises(Exception, match=r"never rewritten|only grows|permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert Issuance.objects.get().tokens == 1_000


def test_two_who_agree_at_once_issue_once(committed_db):
    school, hana = factories.organisation(), factories.admin()
    others = [factories.admin() for _ in range(6)]
    issuance = propose(school, by=hana, tokens=LIMIT + 1)

    answers = all_at_once(lambda number: decide("approve", issuance, by=others[number]), hands=6)

    assert sum(isinstance(answer, IssuanceNotProposed) for answer in answers) == 5
    assert purse(school) == LIMIT + 1


def test_one_invoice_proposed_many_times_at_once_is_issued_once(committed_db):
    school, admins = factories.organisation(), [factories.admin() for _ in range(6)]

    answers = all_at_once(lambda number: propose(school, by=admins[number]), hands=6)

    assert sum(isinstance(answer, InvoiceAlreadyUsed) for answer in answers) == 5
    assert purse(school) == 1_000


def test_one_person_at_once_does_not_slip_past_the_limit(committed_db):
    school, hana = factories.organisation(), factories.admin()

    all_at_once(lambda number: propose(school, by=hana, invoice_number=str(number), tokens=200_000), hands=6)

    assert purse(school) == 400_000
    assert Issuance.objects.filter(state=State.PROPOSED).count() == 4


def test_no_other_room_takes_tokens_from_the_issuance_account():
    """Whoever wants tokens to come into being goes through this room."""
    taking = re.compile(r"debit=ISSUANCE|platform:issuance")
    found = [
        str(file.relative_to(ROOT))
        for floor in ("config", "marketplace", "rewards", "consent")
        for file in (ROOT / floor).rglob("*.py")
        if taking.search(file.read_text(encoding="utf-8")) and "migrations" not in file.parts
    ]

    assert sorted(found) == ["rewards/ledger/models/accounts.py", "rewards/treasury/operations/issuing.py"]
