"""An admin reads a data request and says yes, "change this", or no; everybody else finds the door shut."""

import re

import pytest
from django.urls import reverse

from consent.parties.models import AuditEntry, MachineKey, Organisation
from marketplace.demand.models import Review
from tests import factories
from tests.browsers import signed_in


@pytest.fixture
def desk(admin):
    return signed_in(admin, second_factor=True)


def review(client, request, **said):
    path = reverse("admin:demand_datarequest_review", args=[request.pk])
    return client.post(path, {"number": request.current.number, **said}, follow=True)


def test_shows_every_word_and_the_three_verdicts(desk):
    request = factories.submitted_request()

    shown = desk.get(reverse("admin:demand_datarequest_change", args=[request.pk])).content.decode()

    assert "아침 교실 환기 시각 정하기" in shown
    assert all(f'value="{verdict}"' in shown for verdict in Review.Verdict.values)


def test_says_what_is_asked_in_words_and_with_units(desk):
    request = factories.submitted_request(kinds=["air.pm25", "air.pm10"], above=35, below=75.5)

    shown = desk.get(reverse("admin:demand_datarequest_change", args=[request.pk])).content.decode()

    assert "초미세먼지 PM2.5, 미세먼지 PM10" in shown
    assert "35\N{NO-BREAK SPACE}µg/m³보다 크고 75.5\N{NO-BREAK SPACE}µg/m³보다 작을 때" in shown
    assert "30일까지" in shown
    assert reverse("admin:parties_organisation_change", args=[request.organisation_id]) in shown


def test_marks_what_is_new_since_it_was_read_last(desk):
    request = factories.submitted_request(retention_days=14)
    review(desk, request, verdict="returned", reason="더 짧게요.")
    factories.edited(request, retention_days=7)

    shown = desk.get(reverse("admin:demand_datarequest_change", args=[request.pk])).content.decode()

    assert re.findall("<del>(.*?)</del>", shown) == ["14일 (이 목적으로는 30일까지)"]
    assert "더 짧게요." in shown


@pytest.mark.parametrize(
    ("verdict", "reason", "state"),
    [("opened", "", "open"), ("returned", "더 짧게요.", "returned"), ("refused", "안 돼요.", "refused")],
)
def test_writes_the_verdict_down(desk, verdict, reason, state):
    request = factories.submitted_request()

    review(desk, request, verdict=verdict, reason=reason)

    request.refresh_from_db()
    assert (request.state, Review.objects.get().reason) == (state, reason)


@pytest.mark.parametrize(
    "said", [{"verdict": "returned"}, {"verdict": "maybe"}, {}, {"verdict": "refused", "reason": " "}]
)
def test_changes_nothing_without_a_verdict_or_its_reason(desk, said):
    request = factories.submitted_request()

    answer = review(desk, request, **said)

    request.refresh_from_db()
    assert request.state == "in_review"
    assert "까닭" in answer.content.decode()


def test_the_verdict_is_on_what_was_read(desk):
    request = factories.submitted_request()

    answer = review(desk, request, verdict="opened", number=request.current.number + 1)

    request.refresh_from_db()
    assert request.state == "in_review"
    assert "보시는 사이에" in answer.content.decode()


def test_the_reviewer_reads_how_sure_the_buyer_wants_to_be(desk):
    request = factories.submitted_request(least_assurance="signed")

    shown = desk.get(reverse("admin:demand_datarequest_change", args=[request.pk])).content.decode()

    assert "얼마나 확실한 것을" in shown
    assert "가전이 스스로 서명한 것만" in shown


def test_the_admins_tab_leads_to_what_waits(desk, stranger):
    waiting, opened = factories.submitted_request(), factories.open_request()
    other = signed_in(stranger, second_factor=True)

    shown = desk.get("/review", follow=True).content.decode()

    assert str(waiting.pk) in shown
    assert str(opened.pk) not in shown
    assert other.get("/review").status_code == 404


@pytest.mark.parametrize("who", ["its own buyer", "a member", "an auditor", "staff without the seat"])
def test_nobody_but_an_admin_says_anything(db, who):
    request = factories.submitted_request()
    client = signed_in(
        {
            "its own buyer": lambda: factories.staff(of=request.organisation),
            "a member": factories.member,
            "an auditor": factories.auditor,
            "staff without the seat": lambda: factories.user(is_staff=True, is_superuser=True),
        }[who](),
        second_factor=True,
    )

    client.post(reverse("admin:demand_datarequest_review", args=[request.pk]), {"number": 1, "verdict": "opened"})

    request.refresh_from_db()
    assert request.state == "in_review"
    assert not Review.objects.exists()


def test_a_data_request_is_not_changed_or_deleted_by_hand(desk):
    request = factories.submitted_request()

    for act in ("change", "delete"):
        answer = desk.post(reverse(f"admin:demand_datarequest_{act}", args=[request.pk]), {"state": "open"})
        assert answer.status_code == 403

    assert desk.get(reverse("admin:demand_datarequest_add")).status_code == 403


@pytest.mark.parametrize(
    "name", ["organisation", "seat", "area", "user", "household", "membership", "machinekey", "auditentry"]
)
def test_every_list_of_who_takes_part_opens(desk, name):
    factories.member()
    factories.hub_key(of=factories.household())

    assert desk.get(reverse(f"admin:parties_{name}_changelist")).status_code == 200


def test_verifying_an_organisation_is_noted(desk):
    request = {"name_ko": "기관", "name_en": "Body", "address": "길 1", "contact": "02", "kind": "buyer"}

    desk.post(
        reverse("admin:parties_organisation_add"), {**request, "verified_at_0": "2026-11-20", "verified_at_1": "09:00"}
    )

    made = Organisation.objects.get(name_en="Body")
    assert made.is_active
    assert AuditEntry.objects.get(action="organisation.add").subject == f"organisation:{made.pk}"


def test_a_key_is_ended_from_the_list_and_its_hash_is_never_shown(desk):
    factories.hub_key(of=factories.household())
    key = MachineKey.objects.get()

    shown = desk.get(reverse("admin:parties_machinekey_change", args=[key.pk])).content.decode()
    desk.post(reverse("admin:parties_machinekey_changelist"), {"action": "revoke", "_selected_action": [key.pk]})

    key.refresh_from_db()
    assert key.secret_sha256 not in shown
    assert key.revoked_at is not None
