"""Every write of this room but the reads themselves, which the door writes down."""

from datetime import datetime, timedelta
from typing import Any
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
    _tell(organisation, type=webhooks.RELEASE_OPENED, subject=f"releases/{release.pk}", about=about, at=opened_at)
    return release


@transaction.atomic(savepoint=False)
def close_release(*, consent: Consent, because: str, at: datetime) -> Release | None:
    """End the right to read under one consent, and destroy the copy and its key.

    The row is locked, so that every read came wholly before or finds the release closed. Whoever calls sees in
    `first_read_at` whether the buyer ever read. A release closed before stays as it was.

    Args:
        because: one of `Release.Closed`.

    Returns:
        The release, or None where nothing was ever released (a refusal).
    """
    release = Release.objects.lock().select_related("organisation").filter(consent=consent).first()
    if release is None or release.closed_at is not None:
        return release
    _close(release, because=because, at=at)
    return release


@transaction.atomic(durable=True)
def close_due_releases(*, at: datetime, limit: int = 500) -> int:
    """Tidy up: destroy the copies of records past their end. Reading them was refused all along."""
    due = Release.objects.past_end(at).order_by("erase_at").lock_unlocked().select_related("organisation")[:limit]
    releases = list(due)
    for release in releases:
        _close(release, because=Release.Closed.EXPIRED, at=at)
    return len(releases)


@transaction.atomic(savepoint=False)
def announce_exhausted(*, request: DataRequest, at: datetime) -> None:
    """Write down that the buyer is to be told: this data request's budget is spent."""
    about = {"data_request_id": str(request.pk)}
    subject = f"data-requests/{request.pk}"
    _tell(request.organisation, type=webhooks.REQUEST_EXHAUSTED, subject=subject, about=about, at=at)


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


def _close(release: Release, *, because: str, at: datetime) -> None:
    sealed_id = release.sealed_id
    release.set_closed(because, at=at)
    if sealed_id is not None:
        vault.shred([sealed_id])
    about: dict[str, Any] = {"release_ids": [str(release.pk)], "because": str(because)}
    if release.first_read_at is not None:
        erasure = Erasure.objects.create(release=release, due_at=at + ERASE_WITHIN)
        about |= {"action_required": "delete", "withdrawal_id": str(erasure.pk)}
        about["deadline"] = utc_text(erasure.due_at, to="seconds")
    subject = f"releases/{release.pk}"
    _tell(release.organisation, type=webhooks.CONSENT_ENDED, subject=subject, about=about, at=at)


def _tell(organisation: Organisation, *, type: str, subject: str, about: dict[str, Any], at: datetime) -> None:
    """Write one message per address, in the deed's own transaction. Nothing is sent here: the clock does."""
    messages = []
    for endpoint in WebhookEndpoint.objects.active().filter(organisation=organisation):
        message = OutboxMessage(endpoint=endpoint, type=type, subject=subject, created_at=at, next_attempt_at=at)
        message.body = webhooks.body_of(message_id=message.pk, type=type, subject=subject, about=about, at=at)
        messages.append(message)
    if messages:
        OutboxMessage.objects.bulk_create(messages)
        transaction.on_commit(_hint, robust=True)


def _hint() -> None:
    """Wake the sender. Only a hint: without Redis the clock finds the messages a few seconds later."""
    current_app.send_task(SEND_MESSAGES)
