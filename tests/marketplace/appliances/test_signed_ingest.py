"""What a paired key signs is taken in once; everything else is refused, and logged without what it brought."""

import gzip
import json
import logging
from datetime import timedelta

import pytest
from backports import zstd
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from consent.parties.models import MachineKey
from consent.parties.strict_json import loads
from marketplace.appliances import operations
from marketplace.appliances.models import PairedKey, SeenMessage
from marketplace.insights import operations as insights
from marketplace.insights import vault
from marketplace.insights.models import Insight
from tests import factories
from tests.marketplace.appliances.hubs import BATCH, Hub, code_for, event, pair, signed_headers

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother():
    return factories.member()


@pytest.fixture
def hub(mother):
    return Hub(mother)


def code_of(answer):
    return answer.status_code, answer.json()["code"]


def test_what_the_key_signed_is_taken_in(hub, mother):
    answer = hub.send([event()])

    assert [one["status"] for one in answer.json()["results"]] == ["accepted"]
    assert Insight.objects.get().household == mother.membership.household


def test_every_dialect_takes_signed_requests(hub):
    answer = hub.send(
        {"software_version": "1", "sensordatavalues": [{"value_type": "SDS_P2", "value": "12.5"}]},
        path="/api/v1/ingest/airrohr", content_type="application/json",
    )  # fmt: skip

    assert answer.status_code == 200


def test_the_same_message_twice_is_refused_and_told_apart(hub):
    said = [event()]
    hub.send(said, message_id="msg_1")

    assert code_of(hub.send(said, message_id="msg_1")) == (409, "message_repeated")
    assert code_of(hub.send([event()], message_id="msg_1")) == (409, "message_repeated")
    assert Insight.objects.count() == 1


def test_the_same_id_of_another_key_is_another_message(hub):
    other = Hub(factories.member())
    hub.send([event()], message_id="msg_1")

    assert other.send([event()], message_id="msg_1").status_code == 200


@pytest.mark.parametrize("seconds", [301, -305, 4_000, -400_000])
def test_a_replay_after_five_minutes_or_a_wrong_clock_is_refused(hub, seconds):
    answer = hub.send([event()], at=timezone.now() - timedelta(seconds=seconds))

    assert code_of(answer) == (401, "timestamp_outside_window")
    assert "WWW-Authenticate" in answer
    assert not Insight.objects.exists()


def test_a_replay_outlives_the_store_and_is_still_refused(hub):
    sent_at = timezone.now() - timedelta(seconds=290)
    PairedKey.objects.update(made_at=sent_at)
    hub.send([event()], message_id="msg_1", at=sent_at)

    operations.prune(at=timezone.now() + timedelta(minutes=16))

    assert not SeenMessage.objects.exists()
    later = timezone.now() - timedelta(seconds=301)
    assert code_of(hub.send([event()], message_id="msg_1", at=later)) == (401, "timestamp_outside_window")


def test_the_store_keeps_a_message_for_as_long_as_its_timestamp_is_good(hub):
    hub.send([event()], message_id="msg_1", at=timezone.now() + timedelta(seconds=299))

    operations.prune(at=timezone.now() + timedelta(seconds=600))

    assert SeenMessage.objects.count() == 1


def test_the_sender_s_own_id_is_not_kept(hub):
    hub.send([event()], message_id="livingroom-of-jiu")

    assert "livingroom" not in str(list(SeenMessage.objects.values()))


def test_what_was_not_taken_in_is_not_spent(hub, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("the vault is away")

    with monkeypatch.context() as away:
        away.setattr(insights, "store_new", broken)
        with pytest.raises(RuntimeError):
            hub.send([event()], message_id="msg_1")

    assert hub.send([event()], message_id="msg_1").status_code == 200


@pytest.mark.parametrize("packed", [gzip.compress, zstd.compress])
def test_the_signature_is_over_the_bytes_as_sent(hub, packed):
    body = packed(json.dumps([event()]).encode())
    encoding = "gzip" if packed is gzip.compress else "zstd"

    assert hub.send(body, **{"content-encoding": encoding}).status_code == 200
    unpacked = json.dumps([event()]).encode()
    signed = signed_headers(hub.secret, unpacked)
    answer = Client().post(
        "/api/v1/insights", packed(unpacked), content_type=BATCH,
        headers={"maru-key": hub.key_id, "content-encoding": encoding, **signed},
    )  # fmt: skip
    assert code_of(answer) == (401, "signature_refused")


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (gzip.compress(b" " * 8_000_000), "gzip", (413, "body_too_large")),
        (zstd.compress(b" " * 8_000_000), "zstd", (413, "body_too_large")),
        (b"[]", "br", (415, "unsupported_content_encoding")),
        (b"[]", "gzip", (400, "cannot_unpack")),
        (gzip.compress(gzip.compress(b"[]")), "gzip, gzip", (415, "unsupported_content_encoding")),
    ],
    # Named, since a packed body carries the second in which it was packed.
    ids=["gzip bomb", "zstd bomb", "unknown packing", "not packed", "packed twice"],
)
def test_a_bomb_or_another_packing_is_refused(hub, body, encoding, code):
    assert code_of(hub.send(body, **{"content-encoding": encoding})) == code


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"[" * 5000, ""), (b"\xff", ""), (gzip.compress(b" " * 8_000_000), "gzip"), (b"not packed", "zstd")],
    ids=["too deep", "no text", "gzip bomb", "not packed"],
)
def test_nobody_looks_into_what_the_key_did_not_sign(hub, body, encoding):
    answer = hub.send(body, secret=Ed25519PrivateKey.generate(), **({"content-encoding": encoding} if encoding else {}))

    assert code_of(answer) == (401, "signature_refused")


def test_another_packing_is_told_which_ones_are_read(hub):
    answer = hub.send(b"[]", **{"content-encoding": "br"})

    assert answer["Accept-Encoding"] == "gzip, zstd"


def test_a_carried_key_may_send_packed_too(mother):
    text = pair(code_for(mother)).json()["key"]["api_key"]

    answer = Client().post(
        "/api/v1/insights", gzip.compress(json.dumps([event()]).encode()), content_type=BATCH,
        headers={"authorization": f"Bearer {text}", "content-encoding": "gzip"},
    )  # fmt: skip

    assert answer.status_code == 200


def test_a_revoked_key_is_refused_from_the_next_request_on(hub, mother):
    assert hub.send([event()]).status_code == 200

    operations.end_hub_key(key_id=hub.key.pk, actor=mother, at=timezone.now())

    assert code_of(hub.send([event()])) == (401, "signature_refused")


def test_an_ended_key_is_refused_at_its_very_instant(hub):
    PairedKey.objects.update(expires_at=timezone.now())

    assert code_of(hub.send([event()])) == (401, "signature_refused")


@pytest.mark.parametrize(
    "headers",
    [
        {"maru-key": ""},
        {"maru-key": "not-a-number"},
        {"maru-key": "00000000-0000-0000-0000-000000000000"},
        {"maru-key": "x" * 8000},
        {"webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhPkZ2pj9o9NDN/H/pI4="},
        {"webhook-signature": "v1a," + "A" * 7000},
        {"webhook-id": "x" * 7000},
        {"webhook-timestamp": "9" * 7000},
        {"webhook-id": ""},
    ],
)
def test_other_keys_kinds_of_signature_and_huge_headers_look_alike(hub, headers):
    answer = hub.send([event()], **headers)

    assert code_of(answer) == (401, "signature_refused")
    assert not Insight.objects.exists()


def test_another_home_s_key_cannot_sign_for_this_one(hub):
    other = Hub(factories.member())

    assert code_of(hub.send([event()], secret=other.secret)) == (401, "signature_refused")
    assert code_of(hub.send([event()], secret=Ed25519PrivateKey.generate())) == (401, "signature_refused")


def test_a_carried_key_s_number_is_not_a_signing_key(hub, mother):
    text = pair(code_for(mother)).json()
    hub.key_id = text["key"]["id"]

    assert code_of(hub.send([event()])) == (401, "signature_refused")


def test_a_refused_signature_is_not_saved_by_a_good_bearer(hub, mother):
    text = factories.hub_key(of=mother.membership.household)

    answer = hub.send([event()], message_id="a b", authorization=f"Bearer {text}")

    assert code_of(answer) == (401, "signature_refused")


def test_a_signature_opens_nothing_but_the_way_in(hub):
    raw = b"{}"
    headers = {"maru-key": hub.key_id, **signed_headers(hub.secret, raw)}

    for path in ("/api/v1/wallet", "/api/v1/asks", "/api/v1/data-requests"):
        assert Client().get(path, headers=headers).status_code in (401, 403)


def test_refusals_are_logged_by_code_and_key_and_hold_no_payload(hub, mother, caplog):
    canary = "canary-7c1d"
    operations.end_hub_key(key_id=hub.key.pk, actor=mother, at=timezone.now())

    with caplog.at_level(logging.DEBUG):
        hub.send([{**event(), "id": canary, "source": canary}], message_id=canary)
        hub.send([event()], **{"maru-key": canary})

    said = [record.getMessage() for record in caplog.records if record.name.startswith("marketplace.appliances")]
    assert said == [
        f"signed request refused: signature_refused, key {hub.key_id}",
        "signed request refused: signature_refused, key unreadable",
    ]
    assert canary not in caplog.text


def test_last_used_is_remembered_to_the_minute(hub):
    assert hub.key.last_used_at is None

    hub.send([event()])
    first = hub.key.last_used_at
    hub.send([event()])

    assert first is not None
    assert hub.key.last_used_at == first


@pytest.mark.parametrize(
    ("type", "signs", "assurance"),
    [
        ("air_purifier", True, "signed"),
        ("air_purifier", False, "bearer"),
        ("", True, "hub_signed"),
        ("", False, "hub_bearer"),
    ],
)
def test_how_sure_it_is_is_sealed_with_what_was_said(mother, type, signs, assurance):
    if signs:
        Hub(mother, type=type).send([event()])
    else:
        text = pair(code_for(mother, type=type)).json()["key"]["api_key"]
        Client().post("/api/v1/insights", [event()], content_type=BATCH, headers={"authorization": f"Bearer {text}"})

    insight = Insight.objects.select_related("sealed__data_key").get()
    assert loads(vault.open_sealed(insight.sealed))["assurance"] == assurance
    assert insight.assurance == assurance


def test_a_key_from_before_pairing_is_a_hub_s_and_is_remembered(mother):
    text = factories.hub_key(of=mother.membership.household)

    for _ in range(2):
        Client().post("/api/v1/insights", [event()], content_type=BATCH, headers={"authorization": f"Bearer {text}"})

    key = PairedKey.objects.get()
    assert key.machine_key == MachineKey.objects.get()
    assert key.pairing.appliance is None
    assert key.last_used_at is not None
