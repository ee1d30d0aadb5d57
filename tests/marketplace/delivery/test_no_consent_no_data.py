"""The table (state of the consent x path of the read): data only where it must be. Written before the door's code."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from consent.parties.canonical import canonical_bytes
from consent.parties.models import Organisation, Seat
from consent.records.models import Ask
from marketplace.delivery import door, operations
from marketplace.delivery.api import records
from marketplace.delivery.models import Access, OutboxMessage, Release
from marketplace.demand.models import DataRequest, RequestVersion
from marketplace.insights import vault
from marketplace.insights.models import DataKey, SealedObject
from tests import factories
from tests.marketplace.delivery.test_one_door import imports_of, sources

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
    #: What the buyer's own address was told of this record, if anything: an id to follow.
    told: str = ""


def _withdrawn(case: Case) -> None:
    factories.end_of(case.release.consent)
    operations.close_releases(consents=[case.release.consent], because="withdrawn", at=timezone.now())


def _revoked(case: Case) -> None:
    factories.end_of(case.release.consent, reason="revoked")
    operations.close_releases(consents=[case.release.consent], because="revoked", at=timezone.now())


def _ended_only_on_paper(case: Case) -> None:
    factories.end_of(case.release.consent)


def _refused(case: Case) -> None:
    """A refusal leaves a consent and no release: what a buyer could guess is the consent's own id."""
    case.release_id, case.told = case.release.consent_id, ""
    SealedObject.objects.filter(pk=case.release.sealed_id).delete()
    factories.no_release(case.release)


def _before_decision(case: Case) -> None:
    """Nobody has answered: there is an ask and an insight, and what a buyer could guess is the ask's own id."""
    _refused(case)
    consent = case.release.consent
    ask = Ask.objects.create(
        household=consent.household, recipient=case.release.organisation, purpose="public_air", notice_version=1,
        subject=f"insight:{uuid4()}", topic="air", asked_at=consent.at, expires_at=consent.at + timedelta(days=2),
    )  # fmt: skip
    vault.seal(vault.Content("insight", ask.household_id, uuid4(), canonical_bytes({"kind": "air.pm25", **VALUES})))
    case.release_id, case.told = ask.pk, ""


def _copy_shredded(case: Case) -> None:
    vault.shred([case.release.sealed_id])


def _key_destroyed(case: Case) -> None:
    DataKey.objects.filter(sealed=case.release.sealed_id).delete()


def _other_copy(case: Case) -> None:
    other = factories.release(request=case.release.request, values={**VALUES, "unit": "mg/m3"})
    stolen = other.sealed
    Release.objects.filter(pk=other.pk).update(sealed=None)
    operations.close_releases(consents=[other.consent], because="withdrawn", at=timezone.now())
    Release.objects.filter(pk=case.release.pk).update(sealed=stolen)


def _other_digest(case: Case) -> None:
    with factories.as_owner():
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


MONTH_OLD = {"at": timezone.now() - timedelta(days=31)}
#: 500 where the fault is Maru's: a 410 would tell the buyer that the household took its yes back.
DATA, EMPTY, MISSING, FORBIDDEN, GONE, OUR_FAULT = "data", "empty", 404, 403, 410, 500
#: state -> (how old the consent is and how long it lasts, what happens then, what lists answer, what detail answers)
STATES: dict[str, tuple[dict[str, Any], Callable[[Case], None], Any, Any]] = {
    "given": ({}, _nothing, DATA, DATA),
    "request_edited": ({}, _edited, DATA, DATA),
    "request_closed": ({}, _request_closed, DATA, DATA),
    "before_decision": ({}, _before_decision, EMPTY, MISSING),
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


def _webhook_link(case: Case) -> tuple[int, str]:
    """Follow what the buyer's own address was told; a message holds the id and nothing to read."""
    assert CANARY not in case.told
    named = json.loads(case.told)["data"]["release_ids"][0] if case.told else case.release_id
    return _api(case, f"/{named}")


def _body(response: Any) -> tuple[int, str]:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, content.decode("utf-8-sig")


#: path of the read -> (how it is read, the URL it covers). Every URL near the door must stand here.
PATHS: dict[str, tuple[Callable[[Case], tuple[int, str]], str]] = {
    "page": (lambda case: _body(case.session.get(f"/buyer/data-requests/{case.request_id}")), "buyer_records"),
    "list": (lambda case: _api(case), "list_records"),
    "detail": (lambda case: _api(case, f"/{case.release_id}"), "get_record"),
    "ndjson": (lambda case: _api(case, "?limit=5", accept="application/x-ndjson"), "list_records"),
    "csv": (lambda case: _api(case, "?limit=5", accept="text/csv"), "list_records"),
    "export_file": (lambda case: _api(case, "?format=csv"), "list_records"),
    "export_file_ndjson": (lambda case: _api(case, "?format=ndjson"), "list_records"),
    "export_file_of_a_session": (
        lambda case: _body(case.session.get(f"/api/v1/data-requests/{case.request_id}/records?format=csv")),
        "list_records",
    ),
    "webhook_link": (_webhook_link, "get_record"),
    "cached_cursor": (lambda case: _api(case, f"?cursor={case.cursor}"), "list_records"),
    "cached_cursor_export": (lambda case: _api(case, f"?format=csv&cursor={case.cursor}"), "list_records"),
}
#: One record is asked for by its name: a refusal says so. Lists leave it out.
ONE = {"detail", "webhook_link"}
#: URLs in modules that know the door, which show no record.
WITHOUT_RECORDS = {"buyer_record_requests", "buyer_attest"}


def _case(creation: dict[str, Any]) -> Case:
    request = factories.request_to_read()
    operations.add_endpoint(
        organisation=request.organisation, url="https://school.example/hook", actor="key:1", at=timezone.now()
    )
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
    case.told = json.dumps(OutboxMessage.objects.get(subject=f"releases/{release.pk}").body)
    return case


#: The rows and columns that must stand in the table, whatever else does.
ASKED_PATHS = {"page", "list", "detail", "ndjson", "csv", "export_file", "webhook_link", "cached_cursor"}
ASKED_STATES = {
    "given": "given",
    "refused": "refused",
    "withdrawn": "withdrawn",
    "revoked": "revoked",
    "ended with no clock running": "ended_with_no_clock_running",
    "before decision": "before_decision",
    "other version of the request": "request_edited",
    "copy missing": "copy_shredded",
    "wrong buyer": "wrong_buyer",
    "suspended buyer": "suspended_buyer",
}


def test_the_table_has_every_row_and_column_that_was_promised():
    assert set(PATHS) >= ASKED_PATHS
    assert set(STATES) >= set(ASKED_STATES.values())


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("state", STATES)
def test_data_leaves_only_where_consent_stands(state, path):
    creation, happens, in_lists, in_detail = STATES[state]
    case = _case(creation)
    happens(case)

    status, text = PATHS[path][0](case)

    expected = in_detail if path in ONE else in_lists
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


def _near_the_door() -> set[str]:
    """Return the modules from which imports lead to the door, over however many others and inside functions too."""
    leads_to = {path[:-3].replace("/", "."): set(imports_of(tree)) for path, tree in sources()}
    near, before = {door.__name__}, set()
    while near != before:
        before = near
        # `from a.b import c` names the module a.b.c, or something in a.b.
        near = near | {
            name for name, led in leads_to.items() if any(one in near or one.rpartition(".")[0] in near for one in led)
        }
    return near


def test_every_address_near_the_door_has_its_row_in_the_table():
    modules = _near_the_door()

    near = {pattern.name for pattern in _patterns(get_resolver()) if pattern.callback.__module__ in modules}

    assert near == {name for _, name in PATHS.values()} | WITHOUT_RECORDS


def test_every_form_of_the_records_has_its_row_in_the_table():
    assert {renderer.format for renderer in records.ListRecords.renderer_classes} == {"json", "ndjson", "csv"}
    assert set(records.PIECES) <= set(PATHS)
