"""Two adults take the same member out, or each other, at one moment: it happens once, and somebody adult stays."""

from django.utils import timezone

from consent.parties.models import AuditEntry, Membership
from marketplace.brokerage.operations.leaving import take_out_member
from tests import factories
from tests.threads import all_at_once


def test_it_happens_once(committed_db):
    home = factories.household()
    adults = [factories.member(of=home), factories.member(of=home)]
    place = factories.member(of=home, role="teen").membership.pk

    def act(number):
        return take_out_member(membership_id=place, actor=adults[number], at=timezone.now())

    answers = all_at_once(act, hands=2)

    assert sorted(type(answer).__name__ for answer in answers) == ["DoesNotExist", "NoneType"]
    assert AuditEntry.objects.filter(action="member.take_out").count() == 1


def test_two_adults_do_not_put_each_other_out(committed_db):
    home = factories.household()
    adults = [factories.member(of=home), factories.member(of=home)]
    places = [adult.membership.pk for adult in adults]

    def act(number):
        return take_out_member(membership_id=places[1 - number], actor=adults[number], at=timezone.now())

    all_at_once(act, hands=2)

    assert list(Membership.objects.filter(household=home).values_list("pk", flat=True)) == [places[0]]
