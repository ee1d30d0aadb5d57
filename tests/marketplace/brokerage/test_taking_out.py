"""Taking somebody out of a home: who may, what ends, what stays, and that nobody is put out of their own home."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.errors import NotPermitted
from consent.parties.models import AuditEntry, Invitation, Membership, Seat, User
from consent.parties.permissions import membership_of
from consent.parties.queries import family_of
from consent.records.errors import NotYourHousehold
from consent.records.models import Ask, Consent
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations
from marketplace.brokerage.operations import leaving
from marketplace.brokerage.operations.leaving import take_out_member
from rewards.ledger.queries import balance_of, wallet_address
from rewards.redemption import operations as redemption
from rewards.redemption.errors import NotYourGift, NotYourOrder
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(db):
    return factories.tokens_in_wallet(factories.household(name="하늘이네"), 500)


@pytest.fixture
def mother(home):
    return factories.member(of=home, name="윤하늘")


@pytest.fixture
def father(mother, home):
    return factories.member(of=home, name="윤바다")


@pytest.fixture
def teen(father, home):
    return factories.member(of=home, role="teen", name="윤별")


def take_out(person, *, by):
    take_out_member(membership_id=membership_of(person).pk, actor=by, at=timezone.now())


def reread(person):
    return User.objects.get(pk=person.pk)


def test_whoever_was_taken_out_signs_in_as_before_and_lives_nowhere(home, mother, teen):
    take_out(teen, by=mother)

    page = signed_in(reread(teen)).get("/home", follow=True)
    assert page.request["PATH_INFO"] == "/welcome"
    assert (reread(teen).email, reread(teen).is_active) == (teen.email, True)
    assert teen not in [one.user for one in family_of(home, at=timezone.now()).members]
    assert balance_of(wallet_address(home)).posted == 500


def test_they_may_join_another_home(mother, teen):
    take_out(teen, by=mother)

    other = factories.household()
    Membership.objects.create(household=other, user=reread(teen), role=Membership.Role.TEEN)

    assert membership_of(reread(teen)).household == other


def own_things_of(teen, mother):
    """A question, a yes and an appliance that are the teen's alone, and a question of the home's."""
    request = factories.open_request()
    deal = factories.deal(by=mother, request=request, source="urn:1")
    asks = [factories.ask(of=mother.membership.household, request=request, source=f"urn:{n}") for n in (2, 3)]
    theirs = [deal.consent.ask, asks[0]]
    with factories.as_owner():
        Ask.objects.filter(pk__in=[ask.pk for ask in theirs]).update(private_to=membership_of(teen))
    own = Appliance.objects.filter(pk__in=[ask.offer.insight.appliance_id for ask in theirs])
    own.update(private_to=membership_of(teen))
    return deal.consent, asks[0], asks[1], list(own)


def test_what_was_theirs_alone_ends_and_the_homes_own_stays(mother, teen):
    consent, own_ask, shared_ask, own = own_things_of(teen, mother)

    take_out(teen, by=mother)

    at = timezone.now()
    assert Consent.objects.get(pk=consent.pk).state(at) == Consent.State.REVOKED
    assert Ask.objects.get(pk=own_ask.pk).state == Ask.State.CANCELLED
    assert Ask.objects.get(pk=shared_ask.pk).state == Ask.State.PENDING
    assert all(Appliance.objects.get(pk=one.pk).left_at for one in own)


def test_a_place_that_questions_point_at_stays_and_names_nobody(mother, teen):
    place = membership_of(teen)
    own_things_of(teen, mother)

    take_out(teen, by=mother)

    left = Membership.objects.get(pk=place.pk)
    assert (left.user.is_active, left.user == teen) == (False, False)
    assert membership_of(reread(teen)) is None


def test_a_question_put_to_all_adults_is_taken_back_with_one_of_them(mother, father):
    waiting = factories.ask(of=mother.membership.household, request=factories.open_request())
    with factories.as_owner():
        Ask.objects.update(answers_needed=2)

    take_out(father, by=mother)

    assert Ask.objects.get(pk=waiting.pk).state == Ask.State.CANCELLED


def test_invitations_they_gave_lead_nowhere(mother, father):
    invitation = factories.invitation(by=father)

    take_out(father, by=mother)

    assert Invitation.objects.get(pk=invitation.pk).withdrawn_at


def approve(home, adult):
    factories.approve(factories.ask(of=home), by=adult)


def deny(home, adult):
    operations.deny_ask(ask_id=factories.ask(of=home).pk, actor=adult, locale="ko", at=timezone.now())


def defer(home, adult):
    operations.defer_ask(ask_id=factories.ask(of=home).pk, actor=adult, at=timezone.now())


def order(home, adult):
    redemption.place_order(reward_id=factories.reward(tokens=100).pk, actor=adult, at=timezone.now())


def give(home, adult):
    other = factories.tokens_in_wallet(factories.household(), 1)
    code = redemption.open_gift_address(household=other, at=timezone.now()).code
    redemption.give_tokens(code=code, tokens=10, words="", actor=adult, at=timezone.now())


def invite(home, adult):
    parties.invite_member(household=home, actor=adult, role="adult", label="", at=timezone.now())


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (approve, NotYourHousehold),
        (deny, NotYourHousehold),
        (defer, NotYourHousehold),
        (order, NotYourOrder),
        (give, NotYourGift),
        (invite, NotPermitted),
    ],
)
def test_what_they_asked_for_a_moment_before_is_refused_a_moment_after(home, mother, father, act, refusal):
    request_under_way = User.objects.select_related("membership__household").get(pk=father.pk)
    take_out(father, by=mother)

    with pytest.raises(refusal):
        act(home, request_under_way)

    assert (balance_of(wallet_address(home)).available, Consent.objects.count()) == (500, 0)
    assert not Invitation.objects.exists()


def test_a_yes_of_the_home_is_not_theirs_to_withdraw_any_more(home, mother, father):
    deal, request_under_way = factories.deal(by=mother), reread(father)
    assert membership_of(request_under_way)
    take_out(father, by=mother)

    with pytest.raises(NotYourHousehold):
        operations.withdraw_consent(consent_id=deal.consent.pk, actor=request_under_way, at=timezone.now())

    assert Consent.objects.in_force(timezone.now()).exists()


def test_they_are_told_by_mail_and_the_audit_trail_names_both(mother, teen):
    take_out(teen, by=mother)

    (letter,) = mail.outbox
    entry = AuditEntry.objects.get(action="member.take_out")
    assert (letter.to, "하늘이네" in letter.body) == ([teen.email], True)
    assert (entry.actor, entry.subject) == (str(mother.pk), f"user:{teen.pk}")


def test_a_mail_that_fails_keeps_nobody_in(mother, teen, monkeypatch):
    def broken(*_words):
        raise OSError("no mail server")

    monkeypatch.setattr("marketplace.brokerage.notifications.send_mail", broken)

    take_out(teen, by=mother)

    assert membership_of(reread(teen)) is None


@pytest.mark.parametrize(
    ("who", "whom"),
    [
        ("father", "mother"),
        ("teen", "child"),
        ("teen", "father"),
        ("child", "teen"),
        ("mother", "mother"),
        ("neighbour", "teen"),
        ("staff", "teen"),
    ],
)
def test_nobody_else_may(home, mother, father, teen, who, whom):
    cast = {"mother": mother, "father": father, "teen": teen}
    cast["child"] = factories.member(of=home, role="child")
    cast |= {"neighbour": factories.member(), "staff": factories.staff()}
    before = Membership.objects.count()

    with pytest.raises(NotPermitted):
        take_out(cast[whom], by=cast[who])

    assert Membership.objects.count() == before


def test_of_two_adults_only_the_one_who_was_there_first_may(mother, father):
    take_out(father, by=mother)

    assert membership_of(reread(father)) is None
    assert membership_of(reread(mother))


def test_somebody_who_works_for_an_organisation_is_still_taken_out(mother, father):
    Seat.objects.create(organisation=factories.platform(), user=father, role=Seat.Role.STAFF)

    take_out(father, by=mother)

    assert membership_of(reread(father)) is None


def path_of(person):
    return f"/privacy/members/{membership_of(person).pk}/take-out"


def test_the_page_says_what_ends_and_then_does_it(mother, teen):
    browser = signed_in(mother)
    assert path_of(teen) in browser.get("/privacy/members").text
    assert "윤별 님을 식구에서 내보내면" in browser.get(path_of(teen)).text

    asked = browser.post(path_of(teen))
    answer = browser.post(asked.url, {"password": "a long pass phrase"}, follow=True)

    assert answer.request["PATH_INFO"] == "/privacy/members"
    assert membership_of(reread(teen)) is None


def test_much_ends_in_steps_of_which_each_is_told_and_goes_on_with_a_button(mother, teen, monkeypatch):
    request = factories.open_request()
    for number in range(2):
        factories.deal(by=mother, request=request, source=f"urn:{number}")
    with factories.as_owner():
        Ask.objects.update(private_to=membership_of(teen))
    monkeypatch.setattr(leaving, "YESES", 1)
    browser, path = signed_in(mother), path_of(teen)

    under_way = browser.post(browser.post(path).url, {"password": "a long pass phrase"})

    assert under_way.status_code == 200
    assert "이어지던 허락 한 건을 거두어요." in under_way.text
    assert "이어서 내보낼게요" in under_way.text
    assert membership_of(reread(teen))

    done = browser.post(path, headers={"hx-request": "true"})

    assert (done.status_code, done.headers["HX-Redirect"]) == (200, "/privacy/members")
    assert membership_of(reread(teen)) is None
    assert not Consent.objects.in_force(timezone.now()).exists()


def test_nothing_is_said_of_what_there_is_none_of(mother, teen):
    browser = signed_in(mother)

    for path in (path_of(teen), "/privacy/leave"):
        assert not re.search(r"\b0(건|가지|개)", browser.get(path).text)


def test_without_the_password_nobody_goes(mother, teen):
    answer = signed_in(mother).post(path_of(teen))

    assert "/accounts/reauthenticate/" in answer.url
    assert membership_of(reread(teen))


@pytest.mark.parametrize(("who", "status"), [("father", 403), ("teen", 403), ("neighbour", 404), ("stranger", 302)])
def test_the_page_opens_to_nobody_else(mother, father, teen, who, status):
    cast = {"father": father, "teen": teen, "neighbour": factories.member()}
    browser = signed_in(cast[who]) if who in cast else Client()

    assert browser.get(path_of(mother)).status_code == status
    assert browser.post(path_of(mother)).status_code == status


def test_nobody_is_offered_what_they_may_not_do(mother, father, teen):
    page = signed_in(father).get("/privacy/members").text

    assert path_of(teen) in page
    assert path_of(mother) not in page
    assert path_of(father) not in page
