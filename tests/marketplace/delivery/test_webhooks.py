"""Messages: thin, signed, tried ten times, then parked; and no deed ever waits for them."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from marketplace.delivery import door, operations, post, sender, tasks
from marketplace.delivery.models import OutboxMessage, Release, WebhookEndpoint
from tests import factories

CANARY = "424.2424"


@dataclass
class Listener:
    """A buyer's server that keeps what it hears and answers as it is told."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    kept = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.heard.append((dict(self.headers.items()), body))
            self.send_response(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self):
            kept.heard.append(({}, b""))

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://localhost:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(data_request, listener) -> tuple[WebhookEndpoint, str]:
    return operations.add_endpoint(
        organisation=data_request.organisation, url=listener.url, actor="key:1", at=timezone.now()
    )


def a_release(data_request):
    return factories.release(request=data_request, values={"value": 424.2424})


def send(at=None, **options):
    return sender.send_due_messages(at=at or timezone.now(), **options)


def answering(status, retry_after=0):
    return lambda **parcel: post.Reply(status, retry_after)


def test_a_buyer_hears_of_a_release_in_a_signed_message_without_data(data_request, listener, endpoint):
    release = a_release(data_request)

    assert send() == 1

    [(headers, body)] = listener.heard
    said = Webhook(endpoint[1]).verify(body, headers)
    assert said["type"] == "release.opened"
    assert said["data"] == {"release_ids": [str(release.pk)], "data_request_id": str(data_request.pk)}
    assert said["id"] == {name.lower(): value for name, value in headers.items()}["webhook-id"]
    assert CANARY.encode() not in body
    assert OutboxMessage.objects.get().state == "sent"


def test_a_withdrawal_says_what_to_do_until_when(data_request, listener, endpoint):
    release = a_release(data_request)
    reader = door.Reader(data_request.organisation, "key:1", "list")
    door.read_record(request=data_request, release_id=release.pk, reader=reader, at=timezone.now())
    operations.close_releases(consents=[release.consent], because="withdrawn", at=timezone.now())
    OutboxMessage.objects.filter(type="release.opened").update(state="sent")

    send()

    said = json.loads(listener.heard[0][1])
    assert said["type"] == "consent.ended"
    assert said["data"]["action_required"] == "delete"
    assert said["data"]["deadline"].endswith("Z")
    assert said["data"]["withdrawal_id"] == str(release.erasure.pk)


def test_a_spent_budget_is_told(data_request, listener, endpoint):
    operations.announce_exhausted(request=data_request, at=timezone.now())

    send()

    assert json.loads(listener.heard[0][1])["type"] == "request.exhausted"


def test_every_attempt_carries_the_same_id_and_its_own_time(data_request, listener, endpoint):
    a_release(data_request)
    listener.status = 500
    first = timezone.now()
    send(first)
    send(first + timedelta(minutes=3))

    (one, body_one), (two, body_two) = listener.heard
    assert one["webhook-id"] == two["webhook-id"]
    assert int(two["webhook-timestamp"]) - int(one["webhook-timestamp"]) == 180
    assert body_one == body_two


def test_a_redirect_is_not_followed_and_not_a_success(data_request, listener, endpoint):
    a_release(data_request)
    listener.status, listener.headers = 302, {"Location": listener.url + "/elsewhere"}

    send()

    assert len(listener.heard) == 1
    assert OutboxMessage.objects.get().state == "waiting"


def test_gone_disables_the_address_and_parks_what_waits(data_request, listener, endpoint):
    a_release(data_request)
    a_release(data_request)
    listener.status = 410

    send()

    assert WebhookEndpoint.objects.get().disabled_at is not None
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"parked"}
    assert a_release(data_request).pk
    assert OutboxMessage.objects.count() == 2


def test_ten_tries_then_it_is_parked(data_request, endpoint):
    a_release(data_request)
    at, waits = timezone.now(), []
    for _ in range(10):
        assert send(at, send=answering(503)) == 1
        message = OutboxMessage.objects.get()
        waits.append(message.next_attempt_at - at)
        at = message.next_attempt_at

    assert OutboxMessage.objects.get().state == "parked"
    assert send(at + timedelta(days=9), send=answering(204)) == 0
    for wait, planned in zip(waits, sender.WAITS[1:], strict=False):
        assert planned <= wait <= planned * 1.2


def test_a_wish_to_wait_longer_is_honoured_up_to_a_day():
    assert sender.wait_before(1, retry_after=3600, jitter=0) == timedelta(hours=1)
    assert sender.wait_before(1, retry_after=10**9, jitter=0) == timedelta(days=1)


def test_one_dead_address_costs_one_attempt_and_the_others_hear_at_once(data_request, listener, endpoint):
    dead = factories.request_to_read()
    operations.add_endpoint(
        organisation=dead.organisation, url="https://dead.example/hook", actor="key:2", at=timezone.now()
    )
    for _ in range(3):
        factories.release(request=dead)
    for _ in range(3):
        a_release(data_request)
    tried = []

    def hand_over(*, url, **parcel):
        tried.append(url)
        return post.UNREACHED if "dead" in url else post.send(url=url, **parcel)

    send(send=hand_over)

    assert tried.count("https://dead.example/hook") == 1
    assert len(listener.heard) == 3


def test_nothing_is_sent_while_another_sender_has_it(data_request, endpoint):
    a_release(data_request)
    at = timezone.now()

    def meanwhile(**parcel):
        return post.Reply(204)

    taken = sender._take(at=at, limit=10, without=set())

    assert len(taken) == 1
    assert send(at, send=meanwhile) == 0
    assert send(at + sender.LEASE, send=meanwhile) == 1


def test_a_dead_address_never_fails_a_withdrawal(data_request, endpoint, listener):
    release = a_release(data_request)
    WebhookEndpoint.objects.update(url="https://255.255.255.255/hook", secret="broken")

    operations.close_releases(consents=[release.consent], because="withdrawn", at=timezone.now())

    assert Release.objects.get(pk=release.pk).closed_at is not None
    assert OutboxMessage.objects.filter(state="waiting").count() == 2


def test_without_redis_the_deed_is_done_all_the_same(
    data_request, endpoint, monkeypatch, django_capture_on_commit_callbacks
):
    def no_redis(*args, **options):
        raise ConnectionError

    monkeypatch.setattr(operations.current_app, "send_task", no_redis)

    with django_capture_on_commit_callbacks(execute=True) as hints:
        a_release(data_request)

    assert len(hints) == 1
    assert OutboxMessage.objects.count() == 1


def test_the_hint_names_a_task_that_exists():
    assert tasks.send_messages.name == operations.SEND_MESSAGES


def test_the_secret_is_not_in_the_database(endpoint):
    stored, text = endpoint
    bare = text.removeprefix("whsec_")

    assert text.startswith("whsec_")
    assert bare not in WebhookEndpoint.objects.get(pk=stored.pk).secret
    assert bare not in str(vars(stored))
