"""Every write of this room but the reads themselves, which the door writes down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from celery import current_app
from django.db import transaction
from django.utils.translation import gettext

from consent.parties import operations as parties
from consent.parties.canonical import utc_text
from consent.parties.models import Organisation
from consent.records.models import Consent
from marketplace.delivery import addresses, policies, webhooks
from marketplace.delivery.errors import EndpointNotYours, ErasureNotYours
from marketplace.delivery.models import Erasure, OutboxMessage, Release, WebhookEndpoint
from marketplace.demand.models import DataRequest
from marketplace.insights import vault
from marketplace.insights.models import SealedObject

#: How long a buyer has to erase what it read, once it may read no more.
ERASE_WITHIN = timedelta(days=10)
#: By name: tasks stand above operations.
SEND_MESSAGES = "marketplace.delivery.tasks.send_messages"


@transaction.atomic(savepoint=False)
def open_release(
    *,
    consent: Consent,
    request: DataRequest,
    organisation: Organisation,
    kind: str,
    sealed: SealedObject,
    payload_digest: str,
    number: int,
    opened_at: datetime,
    erase_at: datetime,
) -> Release:
    """Give a buyer the right to read one record, and write down that it is to be told.

    Args:
        sealed: the release's own copy of the previewed bytes.
        number: the escrow account's version, assigned under its lock and therefore in the order of commits.

    Raises:
        IntegrityError: there is a release under this consent, or with this number.
    """
    release = Release.objects.create(
        consent=consent,
        request=request,
        organisation=organisation,
        kind=kind,
        sealed=sealed,
        payload_digest=payload_digest,
        number=number,
        opened_at=opened_at,
        erase_at=erase_at,
    )
    about = {"release_ids": [str(release.pk)], "data_request_id": str(request.pk)}
    _tell([_News(organisation.pk, webhooks.RELEASE_OPENED, f"releases/{release.pk}", about)], at=opened_at)
    return release


@transaction.atomic(savepoint=False)
def close_releases(*, consents: Sequence[Consent], because: str, at: datetime) -> set[UUID]:
    """End the right to read under these consents, and destroy the copies and their keys.

    The rows are locked, so that every read came wholly before or finds the release closed. A release closed before
    stays as it was; under a refusal there is none.

    Args:
        because: one of `Release.Closed`.

    Returns:
        The consents under which something was released that the buyer never read.
    """
    # In the order in which the door locks a page of them.
    releases = list(Release.objects.lock().filter(consent__in=consents).order_by("request", "number"))
    _close([release for release in releases if release.closed_at is None], because=because, at=at)
    return {release.consent_id for release in releases if release.first_read_at is None}


@transaction.atomic(durable=True)
def close_due_releases(*, at: datetime, limit: int = 500) -> int:
    """Tidy up: destroy the copies of records past their end. Reading them was refused all along."""
    releases = list(Release.objects.past_end(at).order_by("erase_at").lock_unlocked()[:limit])
    _close(releases, because=Release.Closed.EXPIRED, at=at)
    return len(releases)


@transaction.atomic(savepoint=False)
def announce_exhausted(*, request: DataRequest, at: datetime) -> None:
    """Write down that the buyer is to be told: this data request's budget is spent."""
    about, subject = {"data_request_id": str(request.pk)}, f"data-requests/{request.pk}"
    _tell([_News(request.organisation_id, webhooks.REQUEST_EXHAUSTED, subject, about)], at=at)


@transaction.atomic(durable=True)
def attest_erasure(*, erasure_id: UUID, organisation: Organisation, actor: str, at: datetime) -> Erasure:
    """Take a buyer's word that it erased what it read; the first word stands. Open to suspended buyers too.

    Args:
        actor: who says so, as the audit trail names people and keys.

    Raises:
        ErasureNotYours: it is another organisation's duty, or none.
    """
    mine = Erasure.objects.select_for_update(of=("self",)).select_related("release")
    erasure = mine.filter(pk=erasure_id, release__organisation=organisation).first()
    if erasure is None:
        raise ErasureNotYours(gettext("지울 것의 목록에 없어요."))
    if erasure.attested_at is None:
        erasure.set_attested(by=actor, at=at)
        parties.note(actor=actor, action="erasure.attest", subject=f"release:{erasure.release_id}", at=at)
    return erasure


@transaction.atomic(durable=True)
def add_endpoint(*, organisation: Organisation, url: str, actor: str, at: datetime) -> tuple[WebhookEndpoint, str]:
    """Start telling a buyer at this address; return the endpoint and its secret, which is shown once.

    Raises:
        WebhookAddressRefused: Maru does not send there.
        TooManyEndpoints: the organisation has as many as it may.
    """
    addresses.check_url(url)
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    policies.check_can_add_endpoint(organisation)
    secret, endpoint_id = webhooks.new_secret(), uuid4()
    sealed = webhooks.sealed_secret(secret, endpoint_id=endpoint_id)
    endpoint = WebhookEndpoint.objects.create(
        id=endpoint_id, organisation=organisation, url=url, secret=sealed, created_at=at
    )
    parties.note(actor=actor, action="webhook.add", subject=f"webhook:{endpoint_id}", at=at)
    return endpoint, webhooks.secret_text(secret)


@transaction.atomic(durable=True)
def disable_endpoint(*, endpoint_id: UUID, organisation: Organisation, actor: str, at: datetime) -> None:
    """Stop telling a buyer at this address; what still waits for it is parked. Doing it twice changes nothing.

    Raises:
        EndpointNotYours: it is another organisation's address, or none.
    """
    mine = WebhookEndpoint.objects.filter(pk=endpoint_id, organisation=organisation)
    if not mine.exists():
        raise EndpointNotYours(gettext("이 웹훅 주소는 없어요."))
    if mine.active().update(disabled_at=at):
        park_messages(endpoint_id=endpoint_id)
        parties.note(actor=actor, action="webhook.remove", subject=f"webhook:{endpoint_id}", at=at)


@transaction.atomic(savepoint=False)
def park_messages(*, endpoint_id: UUID) -> int:
    """Send nothing more that still waits for this address."""
    waiting = OutboxMessage.objects.filter(endpoint=endpoint_id, state=OutboxMessage.State.WAITING)
    return waiting.update(state=OutboxMessage.State.PARKED)


def _close(releases: Sequence[Release], *, because: str, at: datetime) -> None:
    """Close locked releases: what was read has to be erased, and each buyer is told of each."""
    if not releases:
        return
    Release.objects.filter(pk__in=[release.pk for release in releases]).set_closed(because, at=at)
    vault.shred([release.sealed_id for release in releases if release.sealed_id])
    read = [release for release in releases if release.first_read_at is not None]
    duties = Erasure.objects.bulk_create([Erasure(release=release, due_at=at + ERASE_WITHIN) for release in read])
    duty_of = {duty.release_id: duty for duty in duties}
    _tell([_end_of(release, duty_of.get(release.pk), because=because) for release in releases], at=at)


class _News(NamedTuple):
    """What one buyer is told: ids and dates, never a value."""

    organisation_id: UUID
    type: str
    subject: str
    about: dict[str, Any]


def _end_of(release: Release, duty: Erasure | None, *, because: str) -> _News:
    about: dict[str, Any] = {"release_ids": [str(release.pk)], "because": str(because)}
    if duty is not None:
        about |= {"action_required": "delete", "withdrawal_id": str(duty.pk)}
        about["deadline"] = utc_text(duty.due_at, to="seconds")
    return _News(release.organisation_id, webhooks.CONSENT_ENDED, f"releases/{release.pk}", about)


def _tell(news: Sequence[_News], *, at: datetime) -> None:
    """Write one message per address and piece of news, in the deed's own transaction. The clock sends them."""
    buyers = {one.organisation_id for one in news}
    endpoints = list(WebhookEndpoint.objects.active().filter(organisation__in=buyers))
    messages = [
        _message(one, endpoint, at=at)
        for one in news
        for endpoint in endpoints
        if endpoint.organisation_id == one.organisation_id
    ]
    if messages:
        OutboxMessage.objects.bulk_create(messages)
        transaction.on_commit(_hint, robust=True)


def _message(news: _News, endpoint: WebhookEndpoint, *, at: datetime) -> OutboxMessage:
    told = {"type": news.type, "subject": news.subject}
    message = OutboxMessage(endpoint=endpoint, created_at=at, next_attempt_at=at, **told)
    message.body = webhooks.body_of(message_id=message.pk, about=news.about, at=at, **told)
    return message


def _hint() -> None:
    """Wake the sender. Only a hint: without Redis the clock finds the messages a few seconds later."""
    current_app.send_task(SEND_MESSAGES)
