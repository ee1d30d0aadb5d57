"""Leaving for good: nothing opens any more, nothing names anybody, and the books are whole."""

import pytest
from django.db import connection
from django.utils import timezone

from consent.parties.models import Household, MachineKey, Membership, User
from consent.parties.permissions import membership_of
from consent.parties.queries import family_of
from consent.parties.roles import RUNTIME_ROLE
from consent.records import receipts
from consent.records.models import Ask, Consent, Preference, Receipt
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations, proofs
from marketplace.brokerage.queries import farewell_of
from marketplace.care import takeout
from marketplace.delivery import door
from marketplace.delivery.errors import ReleaseClosed
from marketplace.delivery.models import Erasure
from marketplace.insights.models import DataKey, SealedObject
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.models import Wallet
from rewards.ledger.queries import balance_of, trial_balance, wallet_address
from rewards.redemption.models import Order
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.brokerage.lived_in import leave, live, own

pytestmark = pytest.mark.django_db


def everything_stored():
    """Every text in every table of ours that is not a receipt or the trail."""
    with connection.cursor() as cursor:
        # As the owner: some columns of the books the runtime role does not even see.
        cursor.execute("SET ROLE NONE")
        tables = connection.introspection.table_names(cursor)
        texts = []
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM \"{table}\" t")
            texts.append(cursor.fetchone()[0])
        cursor.execute(f"SET ROLE {RUNTIME_ROLE}")
    return "\n".join(texts)


def test_says_beforehand_what_ends(mother):
    live(mother)

    told = farewell_of(mother, at=timezone.now())

    assert (told.is_whole_home, told.others, told.consents, told.asks, told.insights) == (True, 0, 2, 1, 4)
    assert [order.state for order in told.orders] == [Order.State.PLACED]
    assert told.tokens == balance_of(wallet_address(mother.membership.household)).posted > 0


def test_with_the_last_adult_the_home_goes_and_nothing_opens_any_more(mother, teen, home):
    first, _ = live(mother)
    reader = door.Reader(organisation=first.release.organisation, name="key", path="api")

    leave(mother)

    assert not SealedObject.objects.filter(household_id=home.pk).exists()
    assert not DataKey.objects.exists()
    with pytest.raises(ReleaseClosed):
        door.read_record(request=first.release.request, release_id=first.release.pk, reader=reader, at=timezone.now())
    assert not Consent.objects.in_force(timezone.now()).exists()
    assert not Ask.objects.filter(state=Ask.State.PENDING).exists()
    assert not MachineKey.objects.open(timezone.now()).filter(household=home).exists()
    assert not Preference.objects.exists()
    assert Erasure.objects.filter(release=first.release, attested_at=None).exists()


def test_nobody_of_them_signs_in_any_more(mother, teen, home):
    live(mother)
    browsers = [signed_in(mother), signed_in(teen)]

    leave(mother)

    assert [browser.get("/inbox").status_code for browser in browsers] == [302, 302]
    assert not User.objects.filter(pk__in=[mother.pk, teen.pk], is_active=True).exists()
    assert not any(person.has_usable_password() for person in User.objects.filter(pk__in=[mother.pk, teen.pk]))


def test_no_name_address_or_mail_of_theirs_is_left_in_any_table(mother, teen, home):
    live(mother)
    signed_in(mother)

    leave(mother)

    stored = everything_stored()
    for secret in ("하늘이네", "윤하늘", "haneul@example.com", "윤별", "byeol@example.com", "우리 집 허브"):
        assert secret not in stored, secret


def test_the_books_are_whole_and_the_account_names_nobody(mother, home):
    live(mother)
    address = wallet_address(home)
    before = trial_balance()
    tokens = farewell_of(mother, at=timezone.now()).tokens

    leave(mother)

    after = trial_balance()
    assert after.difference == before.difference == 0
    assert balance_of(address).posted == tokens
    assert balance_of(address).held == 0
    assert not Wallet.objects.filter(household=home).exists()
    with pytest.raises(UnknownAccount):
        wallet_address(home)
    assert proofs.counted_status().orphans == 0
    assert [finding.proof.name for finding in proofs.findings() if not finding.is_fine] == []


def test_receipts_stay_signed_and_name_people_only_for_one_recipient(mother):
    live(mother)

    leave(mother)

    for kept in Receipt.objects.all():
        assert receipts.is_genuine(receipts.as_document(bytes(kept.body)), kept.signature) == (True, "ok")
        assert str(mother.pk) not in bytes(kept.body).decode()
    assert Receipt.objects.filter(act="withdrawn").count() == 2


def test_open_orders_are_cancelled_before_the_account_is_cut_off(mother):
    accepted = factories.order_in(Order.State.ACCEPTED, by=mother)
    placed = factories.order(by=mother)

    leave(mother)

    assert {Order.objects.get(pk=order.pk).state for order in (accepted, placed)} == {Order.State.CANCELLED}


def test_one_adult_of_two_goes_and_the_home_stays(mother, father, home):
    live(mother)

    told = leave(mother)

    assert not told.is_whole_home
    assert Consent.objects.in_force(timezone.now()).count() == 2
    assert wallet_address(home)
    assert Household.objects.get(pk=home.pk).name == "하늘이네"
    assert list(Membership.objects.filter(household=home)) == [father.membership]
    page = signed_in(father).get("/history").text
    assert "떠난 식구 님이 허락하셨고" in page
    assert "haneul" not in everything_stored()


def test_what_somebody_agreed_to_who_left_is_withdrawn_by_whoever_stays_and_both_receipts_verify(mother, father):
    consent = factories.deal(by=mother).consent
    leave(mother)

    operations.withdraw_consent(consent_id=consent.pk, actor=User.objects.get(pk=father.pk), at=timezone.now())

    kept = list(consent.receipts.order_by("at"))
    documents = [receipts.as_document(bytes(one.body)) for one in kept]
    assert [one.act for one in kept] == ["given", "withdrawn"]
    assert all(
        receipts.is_genuine(told, one.signature) == (True, "ok") for told, one in zip(documents, kept, strict=True)
    )
    given, ended = (told["dpv:hasRecordOfActivity"] for told in documents)
    assert ended["dpv:hasDataSubject"] == given["dpv:hasDataSubject"]
    by = [status["dpv:isIndicatedBy"]["@id"] for status in ended["dpv:hasConsentStatus"]]
    assert by[0] == given["dpv:hasDataSubject"]["@id"] != by[1]


def test_what_was_a_members_own_ends_with_them_and_never_becomes_the_homes(mother, teen, home):
    request = factories.open_request()
    theirs = factories.approve(own("urn:teen", teen, request), by=teen)
    waiting = own("urn:watch", teen, request)
    shared = factories.deal(by=mother, request=request, source="urn:shared")

    leave(teen)

    assert theirs.consent.__class__.objects.get(pk=theirs.consent.pk).state(timezone.now()) == "withdrawn"
    assert Ask.objects.get(pk=waiting.pk).state == Ask.State.CANCELLED
    assert list(Consent.objects.in_force(timezone.now())) == [shared.consent]
    visible = set(Ask.objects.visible_to(mother).values_list("pk", flat=True))
    assert not visible & {waiting.pk, theirs.consent.ask_id}
    assert not Appliance.objects.filter(private_to__user=teen, left_at=None).exists()
    assert Membership.objects.adults().filter(household=home).count() == 1


def test_a_home_that_closes_revokes_what_was_a_teens_own_and_says_who_did_it(mother, teen):
    request = factories.open_request()
    theirs = factories.approve(own("urn:teen", teen, request), by=teen)

    leave(mother)

    kept = theirs.consent.receipts.latest("at")
    status = receipts.as_document(bytes(kept.body))["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"][-1]
    assert status["@type"][0] == "dpv:ConsentRevoked"
    assert status["dpv:isIndicatedBy"]["@id"].endswith("/organisations/maru")


def test_a_question_to_all_adults_is_taken_back_when_one_of_them_goes(mother, father, home):
    ask = factories.ask(of=home)
    with factories.as_owner():
        Ask.objects.update(answers_needed=2)
    factories.approve(ask, by=father)

    leave(mother)

    assert Ask.objects.get().state == Ask.State.CANCELLED


def test_somebody_with_a_seat_elsewhere_keeps_that_seat(mother, father):
    factories.organisation().seats.create(user=mother, role="staff")

    leave(mother)

    person = User.objects.get(pk=mother.pk)
    assert person.is_active
    assert not Membership.objects.filter(user=person).exists()


def test_what_was_ones_own_keeps_no_door_open_to_who_works_elsewhere(mother, home):
    """Their place has to stay, because a question points at it; they themselves are gone from it."""
    father = factories.member(of=home, name="윤바다")
    factories.approve(own("urn:watch", father, factories.open_request()), by=father)
    factories.organisation().seats.create(user=father, role="staff")
    browser = signed_in(father)

    leave(father)

    father = User.objects.get(pk=father.pk)
    assert father.is_active
    assert membership_of(father) is None
    assert not Ask.objects.visible_to(father).filter(household=home).exists()
    assert not Appliance.objects.filter(private_to__user=father).exists()
    assert browser.get("/inbox").status_code == 403
    assert [place.user for place in family_of(home, at=timezone.now()).members] == [mother]
    assert farewell_of(mother, at=timezone.now()).others == 0
    other = factories.household()
    assert Membership.objects.create(household=other, user=father, role="adult").household == other


def test_the_family_lists_nobody_who_left(mother, teen, home):
    factories.approve(own("urn:teen", teen, factories.open_request()), by=teen)

    leave(teen)

    assert [place.user for place in family_of(home, at=timezone.now()).members] == [mother]
    assert [place["name"] for place in takeout._members(home)] == ["윤하늘"]
