"""Coming in with a code: once, within ten minutes, by who holds it, and by nobody who guesses."""

import hashlib
import json
import logging
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from consent.parties.errors import NotPermitted
from consent.parties.models import AuditEntry, MachineKey, Membership
from marketplace.appliances import codes, operations
from marketplace.appliances.errors import TooManyCodes
from marketplace.appliances.models import Appliance, MissedCode, PairedKey, Pairing, PairingCode
from tests import factories
from tests.marketplace.appliances.hubs import Hub, code_for, event, pair, public_text, signed_headers

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother():
    return factories.member(name="지우")


def test_a_hub_comes_in_with_its_public_key(mother):
    key = Ed25519PrivateKey.generate()

    answer = pair(code_for(mother), key=key)

    told = answer.json()
    assert answer.status_code == 201
    assert (told["appliance"], told["key"]["type"]) == (None, "ed25519")
    assert "api_key" not in told["key"]
    assert Pairing.objects.get(pk=told["id"]).household == mother.membership.household
    assert "no-store" in answer["Cache-Control"]


def test_what_cannot_sign_gets_a_key_to_carry_shown_once(mother):
    told = pair(code_for(mother)).json()

    text = told["key"]["api_key"]
    secret = text.split("_", 2)[2]
    assert secret not in str(MachineKey.objects.values().get())
    assert MachineKey.objects.get().secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    sent = Client().post(
        "/api/v1/insights", [event()], content_type="application/cloudevents-batch+json",
        headers={"authorization": f"Bearer {text}"},
    )  # fmt: skip
    assert [one["status"] for one in sent.json()["results"]] == ["accepted"]


def test_an_appliance_that_speaks_for_itself_is_there_at_once(mother):
    told = pair(code_for(mother, type="air_purifier", label="안방 청정기"), key=Ed25519PrivateKey.generate()).json()

    appliance = Appliance.objects.get(pk=told["appliance"])
    # What the home calls it may tell of its rooms: it is no model, which a buyer may ask for.
    assert (appliance.type, appliance.name, appliance.model) == ("air_purifier", "안방 청정기", "")
    assert appliance.household == mother.membership.household
    assert not appliance.never_share


def test_everything_such_an_appliance_says_is_its_own_whatever_it_calls_its_parts(mother):
    hub = Hub(mother, type="air_purifier")

    hub.send([event(source="urn:device:pm"), event(24, source="urn:device:t", kind="climate.temperature", unit="Cel")])

    purifier = Appliance.objects.get()
    assert str(purifier.pk) == hub.told["appliance"]
    assert purifier.insights.count() == 2


@pytest.mark.parametrize("typed", [str.lower, lambda c: f" {c[:4]} {c[4:8]}-{c[8:]} ", lambda c: codes.grouped(c)])
def test_however_it_is_typed_the_code_is_the_code(mother, typed):
    assert pair(typed(code_for(mother))).status_code == 201


def test_a_code_is_kept_only_as_a_keyed_hash(mother):
    code = code_for(mother)

    (row,) = PairingCode.objects.values()
    assert code not in str(row)
    assert row["code_hash"] == codes.hash_of(code)


def test_no_two_letters_of_a_code_are_taken_for_one_another():
    assert not set(codes.ALPHABET) & set("01258BILOSUVZ")
    assert len(codes.ALPHABET) ** codes.LENGTH > 2**54


def test_a_code_works_once(mother):
    code = code_for(mother)
    pair(code)

    again = pair(code, key=Ed25519PrivateKey.generate())

    assert (again.status_code, again.json()["code"]) == (404, "pairing_code_unknown")
    assert Pairing.objects.count() == 1


def test_what_is_used_withdrawn_late_or_made_up_looks_the_same(mother):
    used = code_for(mother)
    pair(used)
    withdrawn = operations.ask_for_code(actor=mother, label="x", type="", at=timezone.now())
    operations.cancel_code(code_id=withdrawn.pk, actor=mother, at=timezone.now())
    late = code_for(mother, at=timezone.now() - timedelta(minutes=10))

    answers = [pair(code) for code in (used, codes.code_of(withdrawn.pk), late, "ACDE-3467-KMNP", "집", "x" * 40)]

    told = {(answer.status_code, answer.json()["code"], answer.json()["detail"]) for answer in answers}
    assert len(told) == 1
    assert told.pop()[0] == 404


def test_a_code_lives_to_the_last_second_of_ten_minutes(mother):
    code = code_for(mother, at=timezone.now() - timedelta(minutes=9, seconds=57))

    assert pair(code).status_code == 201


def test_a_new_code_ends_the_one_before(mother):
    first = code_for(mother)
    second = code_for(mother)

    assert [pair(first).status_code, pair(second).status_code] == [404, 201]


def test_the_code_of_somebody_who_has_left_lets_nobody_in(mother):
    father = factories.member(of=mother.membership.household)
    code = code_for(father)

    Membership.objects.filter(user=father).delete()

    assert pair(code).status_code == 404


def test_another_adult_s_code_is_left_alone(mother):
    father = factories.member(of=mother.membership.household)
    first, second = code_for(mother), code_for(father)

    assert [pair(first).status_code, pair(second).status_code] == [201, 201]


def test_nobody_withdraws_another_s_code(mother):
    father = factories.member(of=mother.membership.household)
    invited = operations.ask_for_code(actor=mother, label="x", type="", at=timezone.now())

    for person in (father, factories.member()):
        with pytest.raises(PairingCode.DoesNotExist):
            operations.cancel_code(code_id=invited.pk, actor=person, at=timezone.now())
    assert pair(codes.code_of(invited.pk)).status_code == 201


def test_guessing_is_stopped_and_another_place_is_not(mother):
    code = code_for(mother)

    tries = [pair("ACDE-3467-KMNP").status_code for _ in range(11)]

    assert tries == [404] * 10 + [429]
    refused = pair(code)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 600
    assert pair(code, address="198.51.100.7").status_code == 201


def test_right_codes_are_not_held_against_anybody(mother):
    for _ in range(12):
        assert pair(code_for(mother)).status_code == 201
    assert not MissedCode.objects.exists()


def test_where_a_guess_came_from_is_kept_only_as_a_hash(mother):
    pair("ACDE-3467-KMNP", address="203.0.113.77")

    assert "203.0.113" not in str(list(MissedCode.objects.values()))


def test_tries_are_forgotten_after_ten_minutes(mother):
    for _ in range(10):
        pair("ACDE-3467-KMNP")
    MissedCode.objects.update(at=timezone.now() - timedelta(minutes=10, seconds=1))

    assert pair(code_for(mother)).status_code == 201


def test_a_home_asks_for_codes_only_so_often(mother):
    for _ in range(operations.pairing.MAX_CODES):
        code_for(mother)

    with pytest.raises(TooManyCodes):
        code_for(mother)
    code_for(mother, at=timezone.now() + timedelta(hours=1))


def test_only_an_adult_lets_in():
    for person in (factories.member(role=Membership.Role.TEEN), factories.staff()):
        with pytest.raises(NotPermitted):
            code_for(person)


def test_a_second_home_is_refused_the_same_key_and_not_told_whose_it_is(mother):
    key = Ed25519PrivateKey.generate()
    Hub(mother, key=key)
    neighbour = factories.member()
    code = code_for(neighbour)

    answer = pair(code, key=key)

    assert (answer.status_code, answer.json()["code"]) == (409, "key_already_paired")
    assert str(mother.membership.household_id) not in answer.text
    assert not Pairing.objects.filter(household=neighbour.membership.household).exists()
    # The same words as to the home that has it, and the code is not used up.
    assert pair(code_for(mother), key=key).json()["detail"] == answer.json()["detail"]
    assert pair(code, key=Ed25519PrivateKey.generate()).status_code == 201


def test_nobody_brings_a_key_they_do_not_hold(mother):
    victim, thief = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    body = b'{"code":"%s","public_key":"%s"}' % (code_for(mother).encode(), public_text(victim).encode())

    for headers in ({}, signed_headers(thief, body), signed_headers(victim, body + b" ")):
        answer = Client().post("/api/v1/pairings", body, content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "signature_refused")
    assert not PairedKey.objects.exists()


def test_what_was_signed_more_than_five_minutes_ago_lets_nobody_in(mother):
    key, code = Ed25519PrivateKey.generate(), code_for(mother)
    body = json.dumps({"code": code, "public_key": public_text(key)}).encode()
    headers = signed_headers(key, body, at=timezone.now() - timedelta(seconds=301))

    answer = Client().post("/api/v1/pairings", body, content_type="application/json", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "timestamp_outside_window")
    assert pair(code, key=key).status_code == 201


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 400),
        ({"code": 5}, 404),
        ({"code": "x" * 41}, 400),
        ({"serial": "SN-0001"}, 400),
        ({"code": "ACDE3467KMNP", "public_key": "whsk_AAAA"}, 422),
        ({"code": "ACDE3467KMNP", "public_key": "whpk_" + "A" * 43 + "="}, 422),
        ({"code": "ACDE3467KMNP", "public_key": ""}, 400),
        ([], 400),
        ("code", 400),
        ({"code": "x", "more": "y" * 5000}, 413),
    ],
)
def test_a_serial_a_wrong_key_or_nonsense_lets_nobody_in(said, status):
    answer = Client().post("/api/v1/pairings", said, content_type="application/json")

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert not Pairing.objects.exists()


def test_neither_code_nor_key_stands_in_logs_or_the_audit_trail(mother, caplog):
    code = code_for(mother)
    with caplog.at_level(logging.DEBUG):
        text = pair(code).json()["key"]["api_key"]
        pair("ACDE-3467-KMNP")

    written = caplog.text + str(list(AuditEntry.objects.values()))
    assert code not in written
    assert "ACDE" not in written
    assert text.split("_", 2)[2] not in written
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"pairing.invite", "pairing.arrive"}


def test_the_clock_forgets_what_pairing_left_behind(mother):
    Hub(mother)
    pair("ACDE-3467-KMNP")

    operations.prune(at=timezone.now() + timedelta(days=3))

    assert not PairingCode.objects.exists()
    assert not MissedCode.objects.exists()
    assert Pairing.objects.count() == 1
