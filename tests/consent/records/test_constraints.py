"""Every rule of the record that the database keeps, broken once each."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from consent.parties.models import Area, AuditEntry, MachineKey
from consent.records.models import Answer, Ask, Consent, ConsentEnd, Preference, Receipt, StandingNo
from marketplace.brokerage import operations
from marketplace.brokerage.models import Offer
from marketplace.delivery.models import Access, Release
from marketplace.demand.models import Review
from marketplace.insights.models import Insight
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother():
    return factories.member()


@pytest.fixture
def deal(mother):
    return factories.deal(by=mother)


def refuses(name, act):
    with pytest.raises(IntegrityError) as caught, factories.as_owner():
        act()
    assert name in str(caught.value)


def another_ask(mother):
    request = Offer.objects.get().request
    return factories.ask(of=mother.membership.household, request=request, source="urn:device:b")


def again(row, **changes):
    """The same row under a new key."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row).objects.create(**{**values, row._meta.pk.attname: uuid4(), **changes})


def test_an_ask_is_decided_exactly_when_it_has_a_time_of_decision(deal):
    refuses("ask_decided_iff_decided_at", lambda: Ask.objects.update(decided_at=None))
    refuses("ask_decided_iff_decided_at", lambda: Ask.objects.update(state=Ask.State.PENDING))


def test_an_ask_ends_after_it_begins(deal):
    refuses("ask_ends_after_start", lambda: Ask.objects.update(expires_at=timezone.now() - timedelta(days=99)))


def test_a_member_answers_an_ask_once_a_round(deal):
    refuses("answer_once_per_member_and_round", lambda: again(Answer.objects.get()))


def test_a_yes_names_what_was_shown(deal):
    refuses("answer_approves_what_was_shown", lambda: again(Answer.objects.get(), preview_sha256="", round=2))


def test_an_ask_has_one_consent(deal):
    refuses("ask_id", lambda: again(deal.consent, op_id=uuid4()))


def test_a_payment_belongs_to_one_consent(mother, deal):
    ask = another_ask(mother)
    refuses("op_id", lambda: again(deal.consent, ask_id=ask.pk))


@pytest.mark.parametrize("missing", [{"ends_at": None}, {"op_id": None}, {"payload_digest": ""}])
def test_a_yes_has_an_end_a_digest_and_a_payment(mother, missing):
    deal = factories.deal(by=mother)
    ask = another_ask(mother)
    changes = {"ask_id": ask.pk, "op_id": uuid4(), **missing}
    refuses("consent_given_iff", lambda: again(deal.consent, **changes))


def test_a_no_has_none_of_them(mother):
    ask = factories.ask(of=mother.membership.household)
    consent = operations.deny_ask(ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now())
    other = another_ask(mother)
    refuses("consent_given_iff", lambda: again(consent, ask_id=other.pk, payload_digest="0" * 64))


def test_a_consent_ends_once(mother, deal):
    end = operations.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())
    refuses("consent_id", lambda: again(end))


def test_an_act_has_one_receipt(deal):
    refuses("receipt_once_per_act", lambda: again(Receipt.objects.get()))


def test_one_insight_is_offered_to_one_request_once(deal):
    offer = Offer.objects.get()
    ask = again(Ask.objects.get())
    refuses("offer_once_per_insight_and_request", lambda: again(offer, ask_id=ask.pk))


def test_a_price_covers_its_tokens(deal):
    refuses("offer_price_covers_its_tokens", lambda: Offer.objects.update(price_tokens=1))


def test_an_event_of_an_appliance_is_stored_once(deal):
    refuses("insight_once_per_event", lambda: again(Insight.objects.get(), sealed_id=None))


def test_quiet_hours_have_both_ends(mother):
    refuses("preference_quiet_hours", lambda: Preference.objects.update(quiet_from="21:00"))


def test_a_standing_no_names_one_thing(mother):
    home, at = mother.membership.household, timezone.now()
    both = {"household": home, "topic": "air", "organisation": factories.organisation(), "since": at}
    refuses("standing_no_names_one_thing", lambda: StandingNo.objects.create(**both))
    StandingNo.objects.create(household=home, topic="air", since=at)
    refuses("standing_no_said_once", lambda: StandingNo.objects.create(household=home, topic="air", since=at))


def test_an_area_points_at_nobody():
    few = {"code": "X", "name_ko": "골목", "name_en": "Alley", "households": 999}
    refuses("area_has_enough_households", lambda: Area.objects.create(**few))


def test_a_key_belongs_to_one_party(mother):
    home, school = mother.membership.household, factories.organisation()
    for owners in ({}, {"household": home, "organisation": school}):
        key = {"prefix": uuid4().hex[:8], "secret_sha256": "0" * 64, "label": "x", "scopes": ["ingest"]}
        refuses(
            "machine_key_belongs_to_one_party",
            lambda key=key, owners=owners: MachineKey.objects.create(**key, **owners),
        )


GROWING = (AuditEntry, Answer, Consent, ConsentEnd, Receipt, Review, Access)


@pytest.mark.parametrize("model", GROWING, ids=lambda model: model.__name__)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_every_change_of_what_only_grows_even_to_the_owner(model, statement):
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        refuses("only grows", lambda: cursor.execute(statement.format(model._meta.db_table)))


def test_a_release_is_closed_for_a_reason_and_keeps_no_copy(deal):
    refuses("release_closed_for_a_reason", lambda: Release.objects.update(closed_at=timezone.now(), sealed=None))
    refuses(
        "release_closed_keeps_no_copy",
        lambda: Release.objects.update(closed_at=timezone.now(), closed_because="expired"),
    )
