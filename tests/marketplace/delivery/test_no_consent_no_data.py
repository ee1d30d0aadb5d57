"""The table (state of the consent x path of the read): data only where it must be. Written before the door's code."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from consent.parties.models import Organisation, Seat
from marketplace.delivery import door, operations
from marketplace.delivery.models import Access, Release
from marketplace.demand.models import DataRequest, RequestVersion
from marketplace.insights import vault
from marketplace.insights.models import DataKey, SealedObject
from tests import factories

CANARY = "424.2424"
VALUES = {"value": 424.2424, "unit": "ug/m3", "observed_at": "2026-11-20T18:00:00+09:00"}


@dataclass
class Case:
    """One buyer with one record, and whatever the state did to it."""

    release: Release
    key: str
    session: Client
    request_id: Any
    release_id: Any
    cursor: str = ""
    answers: dict[str, Any] = field(default_factory=dict)


def _withdrawn(case: Case) -> None:
    factories.end_of(case.release.consent)
    operations.close_release(consent=case.release.consent, because="withdrawn", at=timezone.now())


def _revoked(case: Case) -> None:
    factories.end_of(case.release.consent, reason="revoked")
    operations.close_release(consent=case.release.consent, because="revoked", at=timezone.now())


def _ended_only_on_paper(case: Case) -> None:
    factories.end_of(case.release.consent)


def _refused(case: Case) -> None:
    """A refusal leaves a consent and no release: what a buyer could guess is the consent's own id."""
    case.release_id = case.release.consent_id
    SealedObject.objects.filter(pk=case.release.sealed_id).delete()
    Release.objects.filter(pk=case.release.pk).delete()


def _copy_shredded(case: Case) -> None:
    vault.shred([case.release.sealed_id])


def _key_destroyed(case: Case) -> None:
    DataKey.objects.filter(sealed=case.release.sealed_id).delete()


def _other_copy(case: Case) -> None:
    other = factories.release(request=case.release.request, values={**VALUES, "unit": "mg/m3"})
    stolen = other.sealed
    Release.objects.filter(pk=other.pk).update(sealed=None)
    operations.close_release(consent=other.consent, because="withdrawn", at=timezone.now())
    Release.objects.filter(pk=case.release.pk).update(sealed=stolen)


def _other_digest(case: Case) -> None:
    Release.objects.filter(pk=case.release.pk).update(payload_digest="0" * 64)


def _wrong_buyer(case: Case) -> None:
    other = factories.organisation()
    case.key = factories.buyer_key(of=other)
    case.session = _session_of(other)


def _suspended(case: Case) -> None:
    Organisation.objects.filter(pk=case.release.organisation_id).update(suspended_at=timezone.now())


def _never_verified(case: Case) -> None:
    Organisation.objects.filter(pk=case.release.organisation_id).update(verified_at=None)


def _edited(case: Case) -> None:
    """The data request moved on to another version; what was consented to stands."""
    version = RequestVersion.objects.get(request=case.request_id)
    version.pk, version.number = None, 2
    version.save()
    DataRequest.objects.filter(pk=case.request_id).update(current=version)


def _request_closed(case: Case) -> None:
    DataRequest.objects.filter(pk=case.request_id).update(state="closed", closed_at=timezone.now())


def _nothing(case: Case) -> None:
    """The consent stands."""


#: state -> (how old the consent is and how long it lasts, what happens then, what lists answer, what detail answers)
NEXT_WEEK = timezone.now() + timedelta(days=7)
MONTH_OLD = {"at": timezone.now() - timedelta(days=31)}
#: 500 where the fault is Maru's: a 410 would tell the buyer that the household took its yes back.
DATA, EMPTY, MISSING, FORBIDDEN, GONE, OUR_FAULT = "data", "empty", 404, 403, 410, 500
STATES: dict[str, tuple[dict[str, Any], Callable[[Case], None], Any, Any]] = {
    "given": ({}, _nothing, DATA, DATA),
    "request_edited": ({}, _edited, DATA, DATA),
    "request_closed": ({}, _request_closed, DATA, DATA),
    "refused": ({}, _refused, EMPTY, MISSING),
    "withdrawn": ({}, _withdrawn, EMPTY, GONE),
    "revoked": ({}, _revoked, EMPTY, GONE),
    "withdrawn_but_not_closed": ({}, _ended_only_on_paper, EMPTY, GONE),
    "ended_with_no_clock_running": (
        {**MONTH_OLD, "erase_at": timezone.now() + timedelta(days=9)},
        _nothing,
        EMPTY,
        GONE,
    ),
    "erase_at_passed": ({"erase_at": timezone.now() - timedelta(seconds=1)}, _nothing, EMPTY, GONE),
    "both_ends_passed": (MONTH_OLD, _nothing, EMPTY, GONE),
    "copy_shredded": ({}, _copy_shredded, EMPTY, GONE),
    "key_destroyed": ({}, _key_destroyed, EMPTY, GONE),
    "another_copy_under_this_release": ({}, _other_copy, EMPTY, OUR_FAULT),
    "digest_mismatch": ({}, _other_digest, EMPTY, OUR_FAULT),
    "wrong_buyer": ({}, _wrong_buyer, MISSING, MISSING),
    "suspended_buyer": ({}, _suspended, FORBIDDEN, FORBIDDEN),
    "never_verified_buyer": ({}, _never_verified, FORBIDDEN, FORBIDDEN),
}


def _session_of(buyer: Organisation) -> Client:
    client = Client()
    client.force_login(factories.staff(of=buyer, role=Seat.Role.STAFF))
    return client


def _api(case: Case, query: str = "", accept: str = "*/*") -> tuple[int, str]:
    url = f"/api/v1/data-requests/{case.request_id}/records{query}"
    return _body(Client().get(url, headers={"authorization": f"Bearer {case.key}", "accept": accept}))


def _body(response: Any) -> tuple[int, str]:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, content.decode("utf-8-sig")


#: path of the read -> (how it is read, the URL it covers). Every URL near the door must stand here.
PATHS: dict[str, tuple[Callable[[Case], tuple[int, str]], str]] = {
    "list": (lambda case: _api(case), "list_records"),
    "ndjson": (lambda case: _api(case, accept="application/x-ndjson"), "list_records"),
    "csv": (lambda case: _api(case, accept="text/csv"), "list_records"),
    "ndjson_page": (lambda case: _api(case, "?format=ndjson&limit=5"), "list_records"),
    "csv_page": (lambda case: _api(case, "?format=csv&limit=5"), "list_records"),
    "old_cursor": (lambda case: _api(case, f"?cursor={case.cursor}"), "list_records"),
    "old_cursor_export": (lambda case: _api(case, f"?format=csv&cursor={case.cursor}"), "list_records"),
    "detail": (lambda case: _api(case, f"/{case.release_id}"), "get_record"),
    "page": (lambda case: _body(case.session.get(f"/buyer/data-requests/{case.request_id}")), "buyer_records"),
    "session_export": (
        lambda case: _body(case.session.get(f"/api/v1/data-requests/{case.request_id}/records?format=csv")),
        "list_records",
    ),
}  # fmt: skip
#: URLs in modules that know the door, which show no record.
WITHOUT_RECORDS = {"buyer_record_requests", "buyer_attest"}


def _case(creation: dict[str, Any]) -> Case:
    request = factories.request_to_read()
    first = factories.release(request=request)
    release = factories.release(request=request, values=VALUES, **creation)
    case = Case(
        release, factories.buyer_key(of=request.organisation), _session_of(request.organisation), request.pk, release.pk
    )
    answer = Client().get(
        f"/api/v1/data-requests/{request.pk}/records?limit=1", headers={"authorization": f"Bearer {case.key}"}
    )
    assert [one["id"] for one in answer.json()["data"]] == [str(first.pk)]
    case.cursor = answer.json()["resume_cursor"]
    return case


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("state", STATES)
def test_data_leaves_only_where_consent_stands(state, path):
    creation, happens, in_lists, in_detail = STATES[state]
    case = _case(creation)
    happens(case)

    status, text = PATHS[path][0](case)

    expected = in_detail if path == "detail" else in_lists
    assert status == (expected if isinstance(expected, int) else 200)
    assert (CANARY in text) == (expected == DATA)
    assert Access.objects.filter(release=case.release.pk).exists() == (expected == DATA)


@pytest.mark.django_db
def test_a_record_that_never_was_looks_like_one_that_is_not_yours():
    case = _case({})
    never = _api(case, f"/{uuid4()}")
    _wrong_buyer(case)

    foreign = _api(case, f"/{case.release_id}")

    assert never[0] == foreign[0] == 404


def _patterns(resolver: URLResolver) -> list[URLPattern]:
    found = []
    for one in resolver.url_patterns:
        found += _patterns(one) if isinstance(one, URLResolver) else [one]
    return found


def test_every_address_near_the_door_has_its_row_in_the_table():
    near = {
        pattern.name
        for pattern in _patterns(get_resolver())
        if door in vars(sys.modules[pattern.callback.__module__]).values()
    }

    assert near == {name for _, name in PATHS.values()} | WITHOUT_RECORDS
