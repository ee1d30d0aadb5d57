"""An edit never changes what somebody was asked: it makes the next version, and the old one stays as it was."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import Organisation
from marketplace.demand import operations
from marketplace.demand.errors import OutsideTemplate, VersionChanged
from marketplace.demand.models import DataRequest, RequestVersion, Review
from marketplace.demand.terms import terms_of
from tests import factories


def edit(request, *, number=None, by=None, **fields):
    return operations.edit_request(
        request_id=request.pk,
        actor_organisation=by or request.organisation,
        actor="test",
        terms=factories.terms(**fields),
        number=number,
        at=timezone.now(),
    )


def test_an_edit_leaves_the_version_that_was_asked_with_untouched(db):
    request = factories.open_request(retention_days=30)
    asked_with = request.current

    edit(request, retention_days=7)

    request.refresh_from_db()
    asked_with.refresh_from_db()
    assert request.current_id != asked_with.pk
    assert (asked_with.number, asked_with.retention_days) == (1, 30)
    assert (request.current.number, request.current.retention_days) == (2, 7)


def test_nobody_is_asked_until_the_new_version_was_reviewed(db):
    request = factories.open_request()
    asking = DataRequest.objects.asking(timezone.now())
    assert list(asking) == [request]

    edit(request)

    assert not asking.all().exists()


def test_a_review_stands_with_the_version_it_was_given_on(db):
    request = factories.open_request()
    edit(request)

    assert Review.objects.get().version.number == 1


def test_an_edit_upon_another_version_is_refused(db):
    request = factories.draft_request()
    edit(request, number=1)

    with pytest.raises(VersionChanged):
        edit(request, number=1)

    assert request.versions.count() == 2


def test_a_version_says_its_terms_again(db):
    stated = factories.terms(words=[], min_gap_hours=3)
    request = operations.draft_request(
        organisation=factories.organisation(), actor="test", terms=stated, at=timezone.now()
    )

    assert terms_of(request.current) == stated


def test_the_shares_of_the_day_are_frozen_with_it(db, settings):
    settings.MANUFACTURER_SHARE_BP, settings.PLATFORM_SHARE_BP = 500, 250
    request = factories.draft_request()

    settings.MANUFACTURER_SHARE_BP = 9_000

    request.refresh_from_db()
    assert (request.current.manufacturer_bp, request.current.platform_bp) == (500, 250)


def test_terms_beyond_their_purpose_leave_nothing_behind(db):
    request = factories.draft_request(retention_days=30)

    with pytest.raises(OutsideTemplate):
        edit(request, retention_days=31)

    assert request.versions.count() == 1


@pytest.mark.parametrize("act", ["edit", "fund", "submit", "pause", "resume", "close", "reach"])
@pytest.mark.parametrize("who", ["another buyer", "nobody", "itself, suspended", "itself, never verified"])
def test_only_the_buyer_itself_acts_and_only_while_it_may(db, act, who):
    request = factories.open_request()
    by = {"another buyer": factories.organisation, "nobody": lambda: None}.get(who, lambda: request.organisation)()
    if who == "itself, suspended":
        Organisation.objects.filter(pk=by.pk).update(suspended_at=timezone.now())
    if who == "itself, never verified":
        Organisation.objects.filter(pk=by.pk).update(verified_at=None)
    acting = {"request_id": request.pk, "actor_organisation": by, "actor": "test", "at": timezone.now()}

    with pytest.raises(OrganisationSuspended if who.startswith("itself") else NotPermitted):
        {
            "edit": lambda: operations.edit_request(**acting, terms=factories.terms()),
            "fund": lambda: operations.fund_request(**acting, tokens=1, key="k"),
            "submit": lambda: operations.submit_request(**acting),
            "pause": lambda: operations.pause_request(**acting),
            "resume": lambda: operations.resume_request(**acting),
            "close": lambda: operations.close_request(**acting),
            "reach": lambda: operations.estimate_reach(**acting),
        }[act]()


@pytest.mark.parametrize("kind", ["manufacturer", "provider", "platform"])
def test_only_buyers_ask_for_data(db, kind):
    with pytest.raises(NotPermitted):
        factories.draft_request(of=factories.organisation(kind=kind))


@pytest.mark.parametrize("who", ["its own buyer", "an auditor", "a member", "somebody new"])
def test_only_an_admin_reviews(db, who):
    request = factories.submitted_request()
    actor = {
        "its own buyer": lambda: factories.staff(of=request.organisation),
        "an auditor": factories.auditor,
        "a member": factories.member,
        "somebody new": factories.user,
    }[who]()

    with pytest.raises(NotPermitted):
        operations.review_request(request_id=request.pk, actor=actor, verdict="opened", reason="", at=timezone.now())


def test_a_suspended_buyers_request_is_not_opened_and_asks_nobody(db):
    opened, waiting = factories.open_request(), factories.submitted_request()
    Organisation.objects.update(suspended_at=timezone.now())
    admin = factories.admin()

    with pytest.raises(OrganisationSuspended):
        operations.review_request(request_id=waiting.pk, actor=admin, verdict="opened", reason="", at=timezone.now())

    assert opened not in DataRequest.objects.asking(timezone.now())


# --- constraints --------------------------------------------------------------------------------------------------


def copy_of(version, **fields):
    values = {
        field.attname: getattr(version, field.attname) for field in RequestVersion._meta.fields if field.name != "id"
    }
    return RequestVersion(**{**values, "number": 2, **fields})


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("request_version_numbered_once", {"number": 1}),
        ("request_version_keeps_a_day", {"retention_days": 0}),
        ("request_version_names_a_kind", {"kinds": []}),
    ],
)
def test_the_database_refuses_a_version_that_cannot_be(db, constraint, fields):
    version = factories.draft_request().current

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        copy_of(version, **fields).save()

    copy_of(version).save()


def test_the_database_refuses_a_no_without_a_reason(db):
    version, admin = factories.draft_request().current, factories.admin()
    said = {"version": version, "actor": admin, "at": timezone.now()}

    with pytest.raises(IntegrityError, match="review_says_why_not"), transaction.atomic():
        Review.objects.create(**said, verdict="refused", reason="")

    Review.objects.create(**said, verdict="opened", reason="")


@pytest.mark.parametrize("write", [lambda rows: rows.update(reason="other"), lambda rows: rows.delete()])
def test_the_database_refuses_to_change_a_review(db, write):
    factories.open_request()

    with pytest.raises(Exception, match=r"permission denied|only grows"), transaction.atomic():
        write(Review.objects.all())

    assert Review.objects.get().reason == ""
