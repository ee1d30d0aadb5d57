"""A thank-you reaches every home once, from what there is, and goes on where it stopped."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import Organisation
from rewards.ledger import operations as ledger
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import Transfer
from rewards.ledger.queries import balance_of, wallet_address
from rewards.treasury import operations
from rewards.treasury.errors import BudgetTooSmall, ThanksDiffer, ThanksOutOfBounds
from rewards.treasury.models import Thanks
from rewards.treasury.operations import Outcome
from rewards.treasury.queries import purse_of, thanks_named, wallets_in
from tests import factories

WORDS = {"words_ko": "교실 공기가 한결 나아졌어요.", "words_en": "The air in our classrooms is better now."}
COMMAND = {"batch": "spring", "tokens": 5, "why_ko": WORDS["words_ko"], "why_en": WORDS["words_en"]}


@pytest.fixture
def maru(db):
    return factories.platform()


def homes(count):
    found = [factories.household() for _ in range(count)]
    for home in found:
        ledger.open_wallet(household=home)
    return found


def begin(maru, hana, **fields):
    given = {"batch": "spring", "organisation": maru, "tokens": 5, "actor": hana, "at": timezone.now(), **WORDS}
    return operations.begin_thanks(**{**given, **fields})


def addresses():
    return list(wallets_in().values_list("account__address", flat=True))


def test_every_home_gets_its_tokens_once(maru, hana):
    factories.tokens_for(maru, 100)
    listed = homes(7)
    thanks, seen = begin(maru, hana), []

    first = operations.thank_homes(thanks=thanks, addresses=addresses(), report=seen.append, size=3)
    again = operations.thank_homes(thanks=begin(maru, hana), addresses=addresses(), size=2)

    assert (first, again) == (Outcome(thanked=7), Outcome(before=7))
    assert [done.homes for done in seen] == [3, 6, 7]
    assert {balance_of(wallet_address(home)).posted for home in listed} == {5}
    assert balance_of(purse_of(maru)).posted == 100 - 35
    assert broken_invariants() == {}


def test_it_goes_on_where_it_stopped(maru, hana):
    factories.tokens_for(maru, 100)
    homes(6)
    thanks = begin(maru, hana)

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        operations.thank_homes(thanks=thanks, addresses=addresses(), report=stop, size=2)
    rest = operations.thank_homes(thanks=thanks, addresses=addresses(), size=2)

    assert rest == Outcome(thanked=4, before=2)
    assert balance_of(purse_of(maru)).posted == 100 - 30


def test_nobody_is_thanked_when_not_everybody_can_be(maru, hana):
    factories.tokens_for(maru, 34)
    homes(7)

    with pytest.raises(BudgetTooSmall) as refused:
        operations.thank_homes(thanks=begin(maru, hana), addresses=addresses())

    assert (refused.value.needed, refused.value.available) == (35, 34)
    assert not Transfer.objects.filter(event_type="thanks").exists()


def test_a_buyer_without_an_account_has_no_budget(maru, hana):
    homes(1)

    with pytest.raises(BudgetTooSmall):
        operations.thank_homes(thanks=begin(maru, hana), addresses=addresses())


def test_a_closed_account_is_passed_over(maru, hana):
    factories.tokens_for(maru, 100)
    home = homes(2)[0]
    ledger.close_account(address=wallet_address(home), actor="test")

    done = operations.thank_homes(thanks=begin(maru, hana), addresses=addresses())

    assert done == Outcome(thanked=1, closed=1)


@pytest.mark.parametrize("changed", [{"tokens": 6}, {"words_ko": "다른 까닭"}, {"words_en": "another"}])
def test_a_batch_stays_what_it_was(maru, hana, changed):
    begin(maru, hana)

    with pytest.raises(ThanksDiffer):
        begin(maru, hana, **changed)

    assert Thanks.objects.get().tokens == 5


@pytest.mark.parametrize(
    "fields",
    [{"tokens": 0}, {"tokens": 1_001}, {"tokens": -5}, {"words_ko": " "}, {"words_en": ""}, {"batch": ""},
     {"batch": "x" * 61}, {"words_ko": "가" * 201}, {"batch": "a\nb"}],
)  # fmt: skip
def test_a_thank_you_is_within_bounds_and_says_why(maru, hana, fields):
    with pytest.raises(ThanksOutOfBounds):
        begin(maru, hana, **fields)

    assert not Thanks.objects.exists()


def test_only_an_admin_thanks_and_only_from_what_is_maru_s_own(maru, school, hana):
    """A buyer's tokens are what it paid for: no admin alone may hand them out."""
    factories.tokens_for(school, 100)
    homes(1)

    with pytest.raises(NotPermitted):
        begin(maru, factories.staff(of=maru))
    for kind in (Organisation.Kind.BUYER, Organisation.Kind.PROVIDER):
        with pytest.raises(NotPermitted):
            begin(factories.organisation(kind=kind), hana)
    earlier = Thanks.objects.create(
        batch="old", organisation=school, tokens=5, made_by=hana, made_at=timezone.now(), **WORDS
    )
    with pytest.raises(NotPermitted):
        operations.thank_homes(thanks=earlier, addresses=addresses())
    maru.suspended_at = timezone.now()
    maru.save()
    with pytest.raises(OrganisationSuspended):
        begin(maru, hana)

    assert balance_of(purse_of(school)).posted == 100


def test_a_home_gets_so_much_in_a_day_whatever_the_batches(maru, hana, settings):
    settings.THANKS_TOKENS = 9
    factories.tokens_for(maru, 100)
    homes(2)
    first = begin(maru, hana)
    operations.thank_homes(thanks=first, addresses=addresses())

    with pytest.raises(ThanksOutOfBounds):
        operations.thank_homes(thanks=begin(maru, hana, batch="again"), addresses=addresses())
    again = operations.thank_homes(thanks=first, addresses=addresses())
    small = operations.thank_homes(thanks=begin(maru, hana, batch="small", tokens=4), addresses=addresses())

    assert (again, small) == (Outcome(before=2), Outcome(thanked=2))
    assert balance_of(purse_of(maru)).posted == 100 - 2 * 9


def test_only_a_closed_account_is_passed_over_and_no_other_refusal(maru, hana):
    factories.tokens_for(maru, 100)

    with pytest.raises(UnknownAccount):
        operations.thank_homes(thanks=begin(maru, hana), addresses=["household:nobody"])

    assert balance_of(purse_of(maru)).posted == 100


def test_each_line_says_who_thanks_and_why(maru, hana, django_assert_num_queries):
    factories.tokens_for(maru, 100)
    homes(2)
    operations.thank_homes(thanks=begin(maru, hana), addresses=addresses())
    rows = Transfer.objects.filter(event_type="thanks").values_list("event_ref", flat=True)

    with django_assert_num_queries(2):
        named = thanks_named([*rows, "order:1", "expiry:2026-01-01"])

    (thanks,) = named.values()
    assert (thanks.organisation.name, thanks.words) == ("마루", WORDS["words_ko"])


@pytest.mark.parametrize("statement", ["UPDATE treasury_thanks SET tokens = 9", "DELETE FROM treasury_thanks"])
def test_a_thank_you_is_never_rewritten(maru, hana, statement):
    begin(maru, hana)

    with pytest.raises(Exception, match=r"only grows|permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)


# --- manage.py thank ------------------------------------------------------------------------------------------------


def run(**options):
    out = StringIO()
    call_command("thank", **{**COMMAND, **options}, stdout=out)
    return out.getvalue()


def test_a_rehearsal_counts_and_writes_nothing(maru, hana):
    factories.tokens_for(maru, 100)
    homes(3)

    said = run(by=hana.email, organisation=maru.pk, everybody=True, dry_run=True)

    assert "3 homes, 15 tokens" in said
    assert not Thanks.objects.exists()
    assert balance_of(purse_of(maru)).posted == 100


def test_one_command_thanks_an_area_and_says_how_far_it_is(maru, hana):
    factories.tokens_for(maru, 100)
    within, outside = factories.household(), factories.household(area=factories.area(code="KR-HB-9"))
    for home in (within, outside):
        ledger.open_wallet(household=home)

    said = [run(by=hana.email, organisation=maru.pk, area="KR-HB-3") for _ in range(2)]

    assert "1 of 1 homes" in said[0]
    assert "Thanked 1 homes with 5 tokens each; 0 had theirs before" in said[0]
    assert "Thanked 0 homes with 5 tokens each; 1 had theirs before" in said[1]
    assert [balance_of(wallet_address(home)).posted for home in (within, outside)] == [5, 0]


def test_a_city_has_the_homes_of_its_districts(maru, hana):
    factories.tokens_for(maru, 100)
    homes(2)

    assert "2 of 2 homes" in run(by=hana.email, organisation=maru.pk, area="KR-HB")


def test_maru_thanks_from_its_own_purse(hana, tmp_path):
    home = homes(1)[0]
    homes(1)
    factories.tokens_for(factories.platform(), 10)
    file = tmp_path / "homes.txt"
    file.write_text(f"{home.pk}\n\n", encoding="utf-8")

    run(by=hana.email, homes=str(file))

    assert balance_of(wallet_address(home)).posted == 5
    assert balance_of(purse_of(factories.platform())).posted == 5


@pytest.mark.parametrize(
    "options",
    [{"by": "nobody@example.com"}, {"organisation": uuid4()}, {"area": "KR-XX", "everybody": False}, {"tokens": 0},
     {"tokens": 5_000}, {"tokens": 51}],
)  # fmt: skip
def test_a_command_that_cannot_be_done_says_so_and_does_nothing(maru, hana, options):
    factories.tokens_for(maru, 100)
    homes(2)

    with pytest.raises(CommandError):
        run(**{"by": hana.email, "organisation": maru.pk, "everybody": True, **options})

    assert balance_of(purse_of(maru)).posted == 100


def test_a_stranger_cannot_thank(maru):
    factories.tokens_for(maru, 100)
    homes(1)

    with pytest.raises(CommandError):
        run(by=factories.member().email, organisation=maru.pk, everybody=True)

    with pytest.raises(UnknownAccount):
        balance_of("household:none")
    assert balance_of(purse_of(maru)).posted == 100
