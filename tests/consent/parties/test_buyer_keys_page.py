"""/buyer/keys: who may keep a buyer's keys, what is shown of them, and that an ended one opens nothing."""

import re
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from consent.parties import operations
from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import AuditEntry, MachineKey, Organisation, Seat
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

PAGE = "/buyer/keys"
RECORDS = {"label": "교실 화면", "scopes": ["records"]}


@pytest.fixture
def teacher():
    return factories.staff()


@pytest.fixture
def school(teacher):
    return teacher.seat.organisation


@pytest.fixture
def browser(teacher):
    return signed_in(teacher, second_factor=True)


def key_of(text: str) -> MachineKey:
    return MachineKey.objects.get(prefix=text.split("_")[1])


def shown_key(page: str) -> str:
    return re.search(r"<code>(maru_\w{8}_[\w-]+)</code>", page)[1]


def opens(text: str) -> bool:
    return Client().get("/api/v1/withdrawals", headers={"authorization": f"Bearer {text}"}).status_code == 200


def test_a_new_key_is_shown_once_and_opens_what_it_is_for(browser, school):
    page = browser.post(PAGE, RECORDS)

    text = shown_key(page.content.decode())
    key = key_of(text)
    assert (key.organisation, key.label, key.scopes, key.expires_at) == (school, "교실 화면", ["records"], None)
    assert opens(text)
    assert "no-store" in page["Cache-Control"]
    assert text not in browser.get(PAGE).content.decode()
    assert AuditEntry.objects.filter(action="key.issue", subject=f"key:{key.pk}").count() == 1


def test_a_key_ends_with_its_last_day(browser):
    today = timezone.localdate()

    text = shown_key(browser.post(PAGE, RECORDS | {"ends_on": today.isoformat()}).content.decode())

    ends = timezone.localtime(key_of(text).expires_at)
    assert (ends.date(), ends.hour, ends.minute) == (today + timedelta(days=1), 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": ""},
        {"scopes": []},
        {"scopes": ["audit"]},
        {"scopes": ["records", "ingest"]},
        {"ends_on": "2020-01-01"},
        {"ends_on": "9999-12-31"},
        {"ends_on": "tomorrow"},
        {"label": "a\x00b"},
    ],
)
def test_a_form_that_is_not_right_makes_no_key(browser, wrong):
    page = browser.post(PAGE, RECORDS | wrong)

    assert page.status_code == 422
    assert 'role="alert"' in page.content.decode()
    assert not MachineKey.objects.exists()


def test_the_list_says_what_each_key_may_do_and_whether_it_still_may(browser, teacher, school):
    at = timezone.now()
    operations.issue_key(label="열린 열쇠", scopes=["records", "requests"], organisation=school)
    operations.issue_key(label="지난 열쇠", scopes=["records"], organisation=school, expires_at=at - timedelta(days=1))
    gone, _ = operations.issue_key(label="거둔 열쇠", scopes=["records"], organisation=school)
    operations.revoke_key(key=gone, actor=teacher, at=at)
    factories.buyer_key(of=factories.organisation())

    page = browser.get(PAGE).content.decode()

    told = {re.search(r"<h3>(.+?)</h3>", item)[1]: item for item in page.split("<li id=")[1:]}
    assert list(told) == ["거둔 열쇠", "지난 열쇠", "열린 열쇠"]
    assert "기록 읽기 · 데이터 요청 쓰기" in told["열린 열쇠"]
    assert [name for name, item in told.items() if "revoke" in item] == ["열린 열쇠"]
    assert "기한이 지났어요" in told["지난 열쇠"]
    assert "거두었어요" in told["거둔 열쇠"]


def test_a_key_is_revoked_at_once_without_a_script(browser, school):
    text = factories.buyer_key(of=school)
    key = key_of(text)
    assert opens(text)
    path = f"{PAGE}/{key.pk}/revoke"

    asked = browser.get(path)
    assert 'method="post"' in asked.content.decode()
    assert opens(text), "only asked"
    done = browser.post(path)

    assert done["Location"] == PAGE
    assert not opens(text)


def test_revoking_twice_keeps_the_first_moment_and_one_line(browser, school):
    key = key_of(factories.buyer_key(of=school))
    path = f"{PAGE}/{key.pk}/revoke"

    browser.post(path)
    first = MachineKey.objects.get(pk=key.pk).revoked_at
    browser.post(path)

    assert MachineKey.objects.get(pk=key.pk).revoked_at == first
    assert AuditEntry.objects.filter(action="key.revoke", subject=f"key:{key.pk}").count() == 1


def test_a_password_alone_is_told_how_to_add_a_second_factor(teacher, school):
    browser, key = signed_in(teacher), key_of(factories.buyer_key(of=school))

    for method, path in [("get", PAGE), ("post", PAGE), ("get", f"{PAGE}/{key.pk}/revoke")]:
        answer = getattr(browser, method)(path, RECORDS if method == "post" else None)
        assert answer.status_code == 403
        assert "/accounts/2fa/" in answer.content.decode()
    assert browser.post(f"{PAGE}/{key.pk}/revoke").status_code == 403

    assert list(MachineKey.objects.values_list("revoked_at", flat=True)) == [None]


KINDS = Organisation.Kind
PEOPLE = {
    "a stranger": (lambda: None, 302),
    "a member": (factories.member, 404),
    "a provider": (lambda: factories.staff(of=factories.organisation(kind=KINDS.PROVIDER)), 404),
    "a manufacturer": (lambda: factories.staff(of=factories.organisation(kind=KINDS.MANUFACTURER)), 404),
    "an auditor": (factories.auditor, 404),
    "an auditor of a buyer": (lambda: factories.staff(role=Seat.Role.AUDITOR), 404),
    "an admin": (factories.admin, 404),
    "not verified": (lambda: factories.staff(of=factories.organisation(verified_at=None)), 403),
    "suspended": (lambda: factories.staff(of=factories.organisation(suspended_at=timezone.now())), 403),
    "a buyer": (factories.staff, 200),
}


@pytest.mark.parametrize("who", PEOPLE)
def test_only_people_of_an_active_buyer_have_this_page(who):
    make, status = PEOPLE[who]
    person = make()
    browser = signed_in(person, second_factor=True) if person else Client()

    assert browser.get(PAGE).status_code == status
    assert browser.post(PAGE, RECORDS).status_code == status
    assert MachineKey.objects.exists() == (status == 200)


def test_another_buyers_key_is_not_there(browser):
    key = key_of(factories.buyer_key(of=factories.organisation()))

    for method in ("get", "post"):
        assert getattr(browser, method)(f"{PAGE}/{key.pk}/revoke").status_code == 404

    assert MachineKey.objects.get(pk=key.pk).revoked_at is None


OWN = {
    "an adult of the home": ("home", lambda school, home: factories.member(of=home), None),
    "a teen of the home": ("home", lambda school, home: factories.member(of=home, role="teen"), NotPermitted),
    "a neighbour": ("home", lambda school, home: factories.member(), NotPermitted),
    "the school, for a home's key": ("home", lambda school, home: factories.staff(of=school), NotPermitted),
    "an admin, for a home's key": ("home", lambda school, home: factories.admin(), None),
    "a colleague": ("school", lambda school, home: factories.staff(of=school), None),
    "another buyer": ("school", lambda school, home: factories.staff(), NotPermitted),
    "a member, for a school's key": ("school", lambda school, home: factories.member(of=home), NotPermitted),
    "an admin, for a school's key": ("school", lambda school, home: factories.admin(), None),
    "an auditor": ("school", lambda school, home: factories.auditor(), NotPermitted),
}


@pytest.mark.parametrize("who", OWN)
def test_a_key_is_ended_only_by_those_whose_it_is(who, school):
    whose, make, refusal = OWN[who]
    home = factories.household()
    key = key_of(factories.hub_key(of=home) if whose == "home" else factories.buyer_key(of=school))
    actor = make(school, home)

    with pytest.raises(refusal) if refusal else nullcontext(), transaction.atomic():
        operations.revoke_key(key=key, actor=actor, at=timezone.now())

    assert (MachineKey.objects.get(pk=key.pk).revoked_at is None) == bool(refusal)


@pytest.mark.parametrize("scopes", [["audit"], ["ingest", "records"], []])
def test_no_buyers_key_carries_what_is_not_a_buyers(teacher, school, scopes):
    with pytest.raises(NotPermitted):
        operations.make_buyer_key(
            organisation=school, actor=teacher, label="x", scopes=scopes, expires_at=None, at=timezone.now()
        )


def test_a_suspended_buyer_makes_no_key(teacher, school):
    Organisation.objects.filter(pk=school.pk).update(suspended_at=timezone.now())
    school.refresh_from_db()

    with pytest.raises(OrganisationSuspended):
        operations.make_buyer_key(
            organisation=school, actor=teacher, label="x", scopes=["records"], expires_at=None, at=timezone.now()
        )


def test_twenty_keys_cost_as_many_statements_as_one(browser, school, django_assert_num_queries):
    for _ in range(20):
        factories.buyer_key(of=school)
    browser.get(PAGE)

    # Session, person, seat with its organisation, membership, keys.
    with django_assert_num_queries(5):
        browser.get(PAGE)


def test_the_page_speaks_english_too(browser):
    page = browser.get(PAGE, headers={"accept-language": "en"}).content.decode()
    browser.cookies["django_language"] = "en"
    english = browser.get(PAGE).content.decode()

    assert "할 수 있는 일" in page
    assert "What it may do" in english
    assert "Read records" in english
