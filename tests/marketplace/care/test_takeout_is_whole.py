"""Everything about me is everything: each table that knows a home or a person is in it, or says here why not."""

import json

import pytest
from django.apps import apps
from django.utils import timezone

from consent.parties.models import Household, Membership, User
from marketplace.care.takeout import parts_about
from tests import factories
from tests.browsers import signed_in

#: table -> the part of the document that holds what it says of a home or a person.
TOLD = {
    "parties.User": "person",
    "parties.Household": "household",
    "parties.Membership": "members",
    "parties.Invitation": "invitations",
    "parties.MachineKey": "pairings",
    "account.EmailAddress": "sign_ins",
    "mfa.Authenticator": "sign_ins",
    "usersessions.UserSession": "sign_ins",
    "records.Preference": "limits",
    "records.StandingNo": "limits",
    "records.Ask": "asks",
    "records.Answer": "answers",
    "records.Consent": "consents",
    "records.ConsentEnd": "consents",
    "appliances.Appliance": "appliances",
    "appliances.Pairing": "pairings",
    "insights.Insight": "insights",
    "insights.SealedObject": "insights",
    "insights.WrongWord": "wrong_words",
    "ledger.Wallet": "wallet",
    "redemption.Order": "orders",
    "redemption.GiftAddress": "gift_numbers",
    "redemption.Gift": "gifts",
    "treasury.ExpiryNotice": "expiries",
}
#: table -> why nothing of it belongs into a home's document.
LEFT_OUT = {
    "appliances.PairingCode": "a hash of a code that lets an appliance in once; what came of it is a pairing",
    "insights.RuleMemory": "what a rule still has to remember of readings that are told in full",
    "appliances.StreamFlag": "names the admin who looked at a stream",
    "demand.Review": "names the admin who reviewed a buyer's request",
    "treasury.Issuance": "names the admins who issued tokens",
    "treasury.IssuanceStep": "names the admins who issued tokens",
    "treasury.Thanks": "names the admin who thanked; the tokens are in the wallet",
    "parties.Seat": "an organisation's people, who have no home's document",
    "parties.User_groups": "rights in the admin's rooms",
    "parties.User_user_permissions": "rights in the admin's rooms",
    "admin.LogEntry": "what admins did in their rooms",
}


def knows_somebody(model):
    related = {field.related_model for field in model._meta.concrete_fields}
    names = {field.name for field in model._meta.concrete_fields}
    return model in (User, Household) or bool(related & {User, Household, Membership}) or "household_id" in names


def test_every_table_that_knows_a_home_or_a_person_is_told_or_says_why_not():
    knowing = {model._meta.label for model in apps.get_models(include_auto_created=True) if knows_somebody(model)}

    assert knowing == set(TOLD) | set(LEFT_OUT)
    assert not set(TOLD) & set(LEFT_OUT)


@pytest.mark.django_db
def test_every_part_that_is_named_is_there():
    parts = set(parts_about(factories.member(), at=timezone.now())) | {"person", "household"}

    assert set(TOLD.values()) <= parts


@pytest.mark.django_db
def test_holds_ones_own_answers_and_the_ways_one_signs_in_and_no_secret():
    mother = factories.member()
    father = factories.member(of=mother.membership.household)
    factories.deal(by=mother)
    factories.hub_key(of=mother.membership.household)
    browser, other = signed_in(mother), signed_in(father)

    mine, theirs = (json.loads(one.get("/privacy/export").getvalue()) for one in (browser, other))

    assert [answer["answer"] for answer in mine["answers"]] == ["approve"]
    assert theirs["answers"] == []
    assert [key["label"] for key in mine["pairings"]] == ["우리 집 허브"]
    assert not any("secret" in name for part in mine["pairings"] + mine["sign_ins"] for name in part)
