"""A home grows by an adult's word: who may invite, that a code opens once, and that nobody gets in any other way."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from consent.parties import leaving, operations
from consent.parties.errors import AlreadyAtHome, HasSeat, InvitationOver, NotPermitted, TooManyInvitations
from consent.parties.models import AuditEntry, Household, Invitation, Membership
from consent.parties.queries import invitation_with
from tests import factories
from tests.browsers import signed_in
from tests.threads import all_at_once

ADULT, TEEN, CHILD = Membership.Role.ADULT, Membership.Role.TEEN, Membership.Role.CHILD


@pytest.fixture
def mother(db):
    return factories.member()


@pytest.fixture
def home(mother):
    return mother.membership.household


def invite(mother, *, role=ADULT, label="도윤", at=None) -> str:
    return operations.invite_member(
        household=mother.membership.household, actor=mother, role=role, label=label, at=at or timezone.now()
    )


def join(code: str, person, *, at=None) -> Membership:
    return operations.accept_invitation(code=code, actor=person, at=at or timezone.now())


@pytest.mark.parametrize("role", [ADULT, TEEN])
def test_who_follows_an_invitation_is_family_from_then_on(mother, home, role):
    newcomer = factories.user()

    join(invite(mother, role=role), newcomer)

    newcomer.refresh_from_db()
    assert (newcomer.membership.household, newcomer.membership.role) == (home, role)
    assert list(AuditEntry.objects.order_by("at", "pk").values_list("action", flat=True)) == [
        "member.invite", "member.join",
    ]  # fmt: skip


def test_a_code_opens_once_and_is_kept_nowhere(mother):
    code = invite(mother)
    join(code, factories.user())

    with pytest.raises(InvitationOver):
        join(code, factories.user())
    assert code not in str(Invitation.objects.values_list())


def test_a_code_is_over_after_seven_days_when_withdrawn_and_when_guessed(mother):
    now = timezone.now()
    late, withdrawn = invite(mother, at=now - timedelta(days=7)), invite(mother, label="하늘")
    operations.withdraw_invitation(invitation_id=Invitation.objects.get(label="하늘").pk, actor=mother, at=now)

    for code in (late, withdrawn, "guessed", ""):
        with pytest.raises(InvitationOver):
            join(code, factories.user(), at=now)


def test_nobody_belongs_to_two_homes(mother):
    neighbour = factories.member()

    with pytest.raises(AlreadyAtHome):
        join(invite(mother), neighbour)
    assert Invitation.objects.get().accepted_at is None


@pytest.mark.parametrize("seated", [factories.staff, factories.admin, factories.auditor])
def test_nobody_with_a_seat_joins_a_home(mother, seated):
    """They would answer what their own employer asks."""
    with pytest.raises(HasSeat):
        join(invite(mother), seated())
    assert Invitation.objects.get().accepted_at is None


def test_what_somebody_promised_who_is_gone_lets_nobody_in(mother, home):
    father = factories.member(of=home)
    code, link = invite(father), f"/join/{invite(father, label='하늘')}"

    leaving.forget_member(membership=father.membership, at=timezone.now())

    with pytest.raises(InvitationOver):
        join(code, factories.user())
    assert signed_in(factories.user()).get(link).status_code == 410
    assert not Invitation.objects.filter(withdrawn_at=None).exists()


@pytest.mark.parametrize("change", [{"role": TEEN}, {"household": factories.household}])
def test_only_the_word_of_an_adult_who_lives_there_counts(mother, home, change):
    father = factories.member(of=home)
    code = invite(father)

    place = {name: value() if callable(value) else value for name, value in change.items()}
    Membership.objects.filter(user=father).update(**place)

    assert invitation_with(code, at=timezone.now()) is None
    with pytest.raises(InvitationOver):
        join(code, factories.user())


def test_one_who_leaves_and_one_who_follows_at_once_do_not_block_each_other(committed_db):
    mother = factories.member()
    code, place, newcomer = invite(mother), mother.membership, factories.user()
    at = timezone.now()

    @transaction.atomic(durable=True)
    def leave():
        Household.objects.select_for_update().get(pk=place.household_id)
        leaving.forget_member(membership=place, at=at)

    outcomes = all_at_once(lambda hand: (lambda: join(code, newcomer), leave)[hand](), hands=2)

    assert type(outcomes[0]).__name__ in {"Membership", "InvitationOver"}
    assert outcomes[1] is None


@pytest.mark.parametrize("who", ["teen", "neighbour", "stranger"])
def test_only_an_adult_of_the_home_invites_and_withdraws(mother, home, who):
    invite(mother)
    other = {
        "teen": lambda: factories.member(of=home, role=TEEN),
        "neighbour": factories.member,
        "stranger": factories.user,
    }[who]()

    with pytest.raises(NotPermitted):
        operations.invite_member(household=home, actor=other, role=ADULT, label="x", at=timezone.now())
    with pytest.raises(NotPermitted):
        operations.withdraw_invitation(invitation_id=Invitation.objects.get().pk, actor=other, at=timezone.now())
    assert Invitation.objects.open(timezone.now()).count() == 1


def test_ten_invitations_are_open_at_most(mother):
    for _ in range(10):
        invite(mother)

    with pytest.raises(TooManyInvitations):
        invite(mother)


def test_a_child_is_not_invited(mother):
    with pytest.raises(IntegrityError, match="invitation_is_for_those_of_fourteen"):
        invite(mother, role=CHILD)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"accepted_at": timezone.now()}, "invitation_accepted_iff_by_somebody"),
        ({"withdrawn_at": timezone.now()}, "invitation_ends_once"),
    ],
)
def test_the_database_keeps_the_ends_of_an_invitation_apart(mother, change, rule):
    join(invite(mother), factories.user())
    if rule == "invitation_accepted_iff_by_somebody":
        change = change | {"accepted_by": None}

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Invitation.objects.update(**change)


def test_of_two_who_follow_one_code_at_once_one_gets_in(committed_db):
    mother = factories.member()
    code, people = invite(mother), [factories.user(), factories.user()]

    outcomes = all_at_once(lambda hand: join(code, people[hand]), hands=2)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvitationOver", "Membership"]


def test_one_person_with_two_codes_at_once_gets_into_one_home(committed_db):
    codes, newcomer = [invite(factories.member()) for _ in range(2)], factories.user()

    outcomes = all_at_once(lambda hand: join(codes[hand], newcomer), hands=2)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyAtHome", "Membership"]


def test_the_page_shows_the_address_once_and_it_leads_home(mother, home):
    browser, newcomer = signed_in(mother), factories.user()

    page = browser.post("/privacy/members", {"label": "도윤", "role": "adult"})
    link = re.search(r"<code>http://testserver(/join/[\w-]+)</code>", page.text)[1]

    assert link not in browser.get("/privacy/members").text
    assert signed_in(newcomer).get(link).status_code == 200
    assert signed_in(newcomer).post(link).url == "/home"
    assert Membership.objects.get(user=newcomer).household == home
    assert signed_in(factories.user()).get(link).status_code == 410


def test_a_stranger_comes_back_to_the_invitation_after_signing_in(mother):
    link = f"/join/{invite(mother)}"

    door = Client().get(link)

    assert door.url == f"/accounts/login/?next={link}"
    assert f"/accounts/signup/?next={link.replace('/', '%2F')}" in Client().get(door.url).text


def test_who_has_a_home_is_told_so_and_stays(mother):
    link, neighbour = f"/join/{invite(mother)}", factories.member()

    answers = [signed_in(neighbour).get(link), signed_in(neighbour).post(link)]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert all("한 사람은 한 집에만" in answer.text for answer in answers)


def test_who_has_a_seat_is_told_so_and_stays_outside(mother):
    link, buyer = f"/join/{invite(mother)}", factories.staff()

    answers = [signed_in(buyer).get(link), signed_in(buyer).post(link)]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert all("기관의 자리가 있는 분" in answer.text for answer in answers)
    assert not any("함께하기" in answer.text for answer in answers)


def test_a_teen_sees_the_family_and_no_form(mother, home):
    teen = factories.member(of=home, role=TEEN)

    page = signed_in(teen).get("/privacy/members").text

    assert str(mother) in page
    assert 'name="label"' not in page
    assert signed_in(teen).post("/privacy/members", {"label": "x", "role": "adult"}).status_code == 403


def test_a_name_is_asked_for(mother):
    answer = signed_in(mother).post("/privacy/members", {"label": "", "role": "child"})

    assert answer.status_code == 422
    assert not Invitation.objects.exists()


def test_in_english_nobody_is_exported(mother):
    factories.member(of=mother.membership.household, role=Membership.Role.TEEN)
    factories.invitation(by=mother)
    browser = signed_in(mother)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    page = browser.get("/privacy/members").text

    assert ">Take out<" in page
    assert ">Take back<" in page
    assert "Export" not in page
