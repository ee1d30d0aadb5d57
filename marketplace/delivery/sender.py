"""Hands waiting messages to their addresses: at least once, ten tries, then parked. No deed ever waits for this.

A message is taken in one short transaction, sent without any, and settled in another: no lock is held while
somebody else's server thinks.
"""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.db import transaction

from consent.parties import operations as parties
from consent.parties.canonical import canonical_bytes
from marketplace.delivery import operations, post, webhooks
from marketplace.delivery.models import OutboxMessage, WebhookEndpoint

State = OutboxMessage.State

#: Waits before each attempt. Source: Standard Webhooks, "Deliverability and reliability".
WAITS = [
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
]
LONGEST_WAIT = WAITS[-1]
AT_ONCE = 8
#: Longer than one run can take: nobody takes the same message meanwhile, and one lost to a crash comes back.
LEASE = timedelta(minutes=10)

Send = Callable[..., post.Reply]


@dataclass(frozen=True)
class _Parcel:
    """One signed attempt, ready to leave; without headers where the key file that opens the secret is missing."""

    message: OutboxMessage
    headers: dict[str, str]
    body: bytes


def send_due_messages(*, at: datetime, limit: int = 200, send: Send = post.send) -> int:
    """Try the messages whose time has come, and return how many were tried.

    In rounds of one message per address: an address that does not answer costs one timeout and is left alone for
    the rest of this run, and the others do not wait for it.

    Args:
        send: hands over one message and returns the reply; the outside world in tests.
    """
    tried, failed = 0, set[UUID]()
    while tried < limit:
        taken = _take(at=at, limit=min(limit - tried, AT_ONCE * 4), without=failed)
        if not taken:
            break
        tried += len(taken)
        failed |= _round(taken, at=at, send=send)
    return tried


def _round(taken: list[OutboxMessage], *, at: datetime, send: Send) -> set[UUID]:
    """Try each of these once, several at a time, and return the addresses that did not take theirs."""
    parcels = [_parcel(message, at=at) for message in taken]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        replies = list(pool.map(lambda one: _attempt(one, send), parcels))
    for message, reply in zip(taken, replies, strict=True):
        _settle(message, reply, at=at)
    return {message.endpoint_id for message, reply in zip(taken, replies, strict=True) if not reply.is_taken}


@transaction.atomic(durable=True)
def _take(*, at: datetime, limit: int, without: set[UUID]) -> list[OutboxMessage]:
    """Take the oldest due message of each address, and count the attempt before it is made."""
    due = OutboxMessage.objects.due(at).filter(endpoint__disabled_at=None).exclude(endpoint__in=without)
    first = due.order_by("endpoint", "next_attempt_at", "pk").distinct("endpoint").values_list("pk", flat=True)
    rows = OutboxMessage.objects.select_for_update(of=("self",), skip_locked=True).select_related("endpoint")
    # Asked again with the row locked: another sender may have taken it since.
    taken = list(rows.due(at).filter(pk__in=list(first[:limit])))
    for message in taken:
        message.set_taken(until=at + LEASE)
    return taken


def _parcel(message: OutboxMessage, *, at: datetime) -> _Parcel:
    body = canonical_bytes(message.body)
    try:
        secret = webhooks.opened_secret(message.endpoint.secret, endpoint_id=message.endpoint_id)
    except InvalidTag:
        return _Parcel(message, {}, b"")
    return _Parcel(message, webhooks.headers_of(message_id=message.pk, body=body, secret=secret, at=at), body)


def _attempt(parcel: _Parcel, send: Send) -> post.Reply:
    if not parcel.headers:
        return post.UNREACHED
    return send(url=parcel.message.endpoint.url, headers=parcel.headers, body=parcel.body)


@transaction.atomic(durable=True)
def _settle(message: OutboxMessage, reply: post.Reply, *, at: datetime) -> None:
    """Write down what came of an attempt, unless the address was removed meanwhile."""
    if reply.is_gone:
        # Before any message is locked: two of one address answering 410 at once must not wait for each other.
        _disable(message.endpoint, at=at)
        return
    fresh = OutboxMessage.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if fresh.state != State.WAITING:
        return
    if reply.is_taken:
        fresh.set_state(State.SENT)
    elif fresh.attempts >= len(WAITS):
        fresh.set_state(State.PARKED)
        parties.note(actor="sender", action="webhook.park", subject=f"webhook:{fresh.endpoint_id}", at=at)
    else:
        fresh.set_next_attempt(at + wait_before(fresh.attempts, retry_after=reply.retry_after))


def wait_before(attempt: int, *, retry_after: int = 0, jitter: float | None = None) -> timedelta:
    """Return how long to wait before the attempt with this number (0 is the first).

    Args:
        retry_after: seconds the other side asked for; never longer than a day.
        jitter: between 0 and 1, random if left out: up to a fifth longer, so that retries do not march in step.
    """
    shake = random.random() if jitter is None else jitter  # noqa: S311
    asked = min(timedelta(seconds=retry_after), LONGEST_WAIT)
    return max(WAITS[attempt] * (1 + shake / 5), asked)


def _disable(endpoint: WebhookEndpoint, *, at: datetime) -> None:
    """410: the other side says this address is gone for good."""
    WebhookEndpoint.objects.active().filter(pk=endpoint.pk).update(disabled_at=at)
    operations.park_messages(endpoint_id=endpoint.pk)
    parties.note(actor="sender", action="webhook.gone", subject=f"webhook:{endpoint.pk}", at=at)
