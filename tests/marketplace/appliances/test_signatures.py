"""Signatures as Standard Webhooks has them, against its library and published vectors, and what must not pass."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from marketplace.appliances import signatures
from marketplace.appliances.errors import ClockTooFarOff, KeyUnusable, SignatureRefused
from tests.marketplace.appliances.hubs import public_text, raw_public, signed_headers

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
BODY = b'[{"id":"1"}]'

#: RFC 8032 section 7.1: the Ed25519 vectors "TEST 1" to "TEST 3", as secret, public, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]  # fmt: skip


def read(**changed):
    headers = signed_headers(KEY, BODY, message_id="msg_1", at=AT)
    return signatures.read_headers({**headers, **{name.replace("_", "-"): value for name, value in changed.items()}})


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_signs_and_checks_as_rfc_8032_does(secret, public, message, signature):
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))

    assert raw_public(key).hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature


def test_frames_the_message_as_the_published_vector_of_standard_webhooks():
    # The symmetric vector that the reference libraries share; the frame under v1 and v1a is the same.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signatures.Signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, ())

    content = signatures.signed_content(signed, b'{"test": 2432232314}')

    found = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    assert found == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("body", ["[]", '{"단위":"µg/m³"}', '{"a":"b.c.d"}'])
def test_frames_the_message_as_the_standardwebhooks_library(body):
    secret = base64.b64encode(b"s" * 32).decode()
    theirs = Webhook(secret).sign("msg.with.dots", AT, body)

    content = signatures.signed_content(signatures.Signed("msg.with.dots", int(AT.timestamp()), ()), body.encode())

    mine = base64.b64encode(hmac.new(b"s" * 32, content, hashlib.sha256).digest()).decode()
    assert theirs == f"v1,{mine}"


def test_lets_pass_what_the_holder_of_the_key_signed():
    signatures.check_signature(read(), BODY, public_key=raw_public(KEY))


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (BODY + b" ", {}),
        (b"", {}),
        (BODY, {"webhook_id": "msg_2"}),
        (BODY, {"webhook_timestamp": str(int(AT.timestamp()) + 1)}),
        (b"1." + BODY, {"webhook_id": "msg"}),
    ],
)
def test_one_changed_byte_anywhere_is_refused(body, changed):
    with pytest.raises(SignatureRefused):
        signatures.check_signature(read(**changed), body, public_key=raw_public(KEY))


def test_another_key_s_signature_is_refused():
    other = Ed25519PrivateKey.generate()

    with pytest.raises(SignatureRefused):
        signatures.check_signature(read(), BODY, public_key=raw_public(other))


def test_one_of_several_signatures_is_enough_while_keys_change():
    mine = signed_headers(KEY, BODY, message_id="msg_1", at=AT)["webhook-signature"]
    theirs = signed_headers(Ed25519PrivateKey.generate(), BODY, message_id="msg_1", at=AT)["webhook-signature"]

    signed = read(webhook_signature=f"v1,abc {theirs} {mine}")

    signatures.check_signature(signed, BODY, public_key=raw_public(KEY))


@pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
def test_five_minutes_to_both_sides_are_fine(seconds):
    signatures.check_clock(read(), at=AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 86_400, -86_400])
def test_beyond_them_it_is_a_replay_or_a_wrong_clock(seconds):
    with pytest.raises(ClockTooFarOff):
        signatures.check_clock(read(), at=AT + timedelta(seconds=seconds))


def test_what_was_signed_in_the_second_in_which_the_key_came_is_of_this_home():
    signatures.check_not_before(read(), made_at=AT + timedelta(milliseconds=999))
    with pytest.raises(ClockTooFarOff):
        signatures.check_not_before(read(), made_at=AT + timedelta(seconds=1))


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_id": ""},
        {"webhook_id": "a b"},
        {"webhook_id": "x" * 129},
        {"webhook_id": "집"},
        {"webhook_timestamp": ""},
        {"webhook_timestamp": "-5"},
        {"webhook_timestamp": "1e9"},
        {"webhook_timestamp": "9" * 12},
        {"webhook_timestamp": "٣"},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,abc"},
        {"webhook_signature": "v1a,"},
        {"webhook_signature": "v1a,@@@@"},
        {"webhook_signature": "v1a," + base64.b64encode(b"x" * 63).decode()},
        {"webhook_signature": "v1a," + base64.urlsafe_b64encode(b"\xff" * 64).decode()},
        {"webhook_signature": " ".join(["v1a," + base64.b64encode(b"x" * 64).decode()] * 5)},
        {"webhook_signature": "v1a," + "A" * 100_000},
    ],
)
def test_headers_out_of_order_are_refused(changed):
    with pytest.raises(SignatureRefused):
        read(**changed)


def test_reads_a_public_key():
    assert signatures.read_public_key(public_text(KEY)) == raw_public(KEY)


P = 2**255 - 19


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whpk_",
        "whsk_" + base64.b64encode(bytes(32)).decode(),
        base64.b64encode(raw_public(KEY)).decode(),
        "whpk_" + base64.b64encode(raw_public(KEY)[:31]).decode(),
        "whpk_" + base64.b64encode(raw_public(KEY) + b"\0").decode(),
        "whpk_" + base64.b64encode(raw_public(KEY)).decode().rstrip("="),
        "whpk_" + "A" * 5000,
        # The same 32 bytes under a second spelling: the last letter before "=" carries two bits that say nothing.
        public_text(KEY)[:-2] + chr(ord(public_text(KEY)[-2]) + 1) + "=",
        # P-256 in its usual wrapping is longer; a P-256 coordinate alone cannot be told apart, and cannot sign either.
        "whpk_" + base64.b64encode(b"\x04" + bytes(64)).decode(),
        "whpk_" + base64.b64encode((P + 2).to_bytes(32, "little")).decode(),
    ],
)
def test_what_is_no_ed25519_public_key_is_refused(text):
    with pytest.raises(KeyUnusable):
        signatures.read_public_key(text)


def test_keys_under_which_anybody_signs_are_refused():
    for y in signatures._WEAK_Y:
        for sign in (0, 1 << 255):
            weak = (y | sign).to_bytes(32, "little")
            with pytest.raises(KeyUnusable):
                signatures.read_public_key("whpk_" + base64.b64encode(weak).decode())


def test_those_keys_are_the_points_whose_order_divides_eight():
    # Source: the curve equation of RFC 8032 section 5.1. Doubling three times must end at the neutral point.
    d = -121665 * pow(121666, P - 2, P) % P
    for y in signatures._WEAK_Y:
        xx = (y * y - 1) * pow(d * y * y + 1, P - 2, P) % P
        x = pow(xx, (P + 3) // 8, P)
        x = x if x * x % P == xx else x * pow(2, (P - 1) // 4, P) % P
        assert x * x % P == xx
        point = (x, y)
        for _ in range(3):
            (a, b), k = point, d * point[0] ** 2 * point[1] ** 2 % P
            point = 2 * a * b * pow(1 + k, P - 2, P) % P, (b * b + a * a) * pow(1 - k, P - 2, P) % P
        assert point == (0, 1)
