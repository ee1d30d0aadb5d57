"""A member says that a conclusion is wrong: before an answer, after it, and who may not."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consent.records.errors import NotYourHousehold
from consent.records.models import Ask, Consent
from marketplace.appliances import operations as appliances
from marketplace.appliances.dialects import Method, Raw, Reading
from marketplace.appliances.models import Appliance, StreamFlag
from marketplace.brokerage import operations
from marketplace.brokerage.errors import AppliancePrivate, CalledWrong, NotJudged, StreamHeld
from marketplace.delivery.models import Release
from marketplace.insights import operations as insights
from marketplace.insights.models import Insight, Waiting, WrongWord
from marketplace.insights.queries import rule_counts
from rewards.ledger.models import Transfer
from rewards.ledger.queries import balance_of
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother():
    return factories.member()


@pytest.fixture
def home(mother):
    return mother.membership.household


def bad_air(home, *, at=None):
    """Half an hour of bad air, through the real way in, and what a rule made of it."""
    at = at or timezone.now()
    readings = [
        Reading(
            index=n, kind="air.pm25", value=Decimal(80 + n), unit="ug/m3", raw=Raw("80", "ug/m3"),
            source="urn:device:a", appliance_type="air_purifier",
            method=Method(type="sensor", name="test", version="1"),
            event_id=f"{at}{n}", observed_at=at - timedelta(minutes=5 * (8 - n)),
        )
        for n in range(9)
    ]  # fmt: skip
    insights.record_insights(household=home, items=readings, dialect="canonical", at=at)
    return Insight.objects.get(kind="air.bad_pm25", household=home)


@pytest.fixture
def ask(home):
    event = bad_air(home)
    factories.open_request(kinds=["air.bad_pm25"])
    operations.match_insights(at=timezone.now())
    return Ask.objects.get(subject=f"insight:{event.pk}")


def put_back(**which):
    """Let matching look once more."""
    now = timezone.now()
    Waiting.objects.bulk_create(Waiting(insight=one, ask_after=now) for one in Insight.objects.filter(**which))


def call(ask, by):
    return operations.call_wrong(ask_id=ask.pk, actor=by, at=timezone.now())


def test_a_buyer_asks_for_what_a_rule_concludes_and_gets_no_word_of_the_reason(mother, ask):
    shown = factories.shown(ask, by=mother)

    document = shown.preview.document
    assert document["kind"] == "air.bad_pm25"
    assert set(document["data"]) == {"value", "unit", "observed_at", "interval", "area"}
    assert "PM2.5" not in str(document)
    assert shown.preview.why.say("ko").startswith("지난 30분 동안 PM2.5가 55㎍/㎥를 넘었어요")
    assert factories.approve(ask, by=mother).release


def test_before_an_answer_the_question_is_taken_back_and_nothing_moves(mother, ask):
    transfers, held = Transfer.objects.count(), balance_of(ask.offer.request.escrow).held

    word = call(ask, mother)

    ask.refresh_from_db()
    assert ask.state == Ask.State.CANCELLED
    assert (word.rule, word.version, word.kind) == ("bad_pm25", 1, "air.bad_pm25")
    assert (Transfer.objects.count(), balance_of(ask.offer.request.escrow).held) == (transfers, held)
    assert not Consent.objects.exists()


def test_every_question_about_it_is_taken_back_and_no_new_one_comes(mother, home, ask):
    factories.open_request(kinds=["air.bad_pm25"])
    put_back(kind="air.bad_pm25")
    operations.match_insights(at=timezone.now())
    assert Ask.objects.count() == 2
    put_back(kind="air.bad_pm25")

    call(ask, mother)
    factories.open_request(kinds=["air.bad_pm25"])
    operations.match_insights(at=timezone.now())

    assert set(Ask.objects.values_list("state", flat=True)) == {Ask.State.CANCELLED}
    assert Ask.objects.count() == 2


def test_after_a_yes_what_left_is_withdrawn_and_the_tokens_stay(mother, ask):
    deal = factories.approve(ask, by=mother)
    earned = deal.payment

    call(ask, mother)

    assert Consent.objects.get(pk=deal.consent.pk).state(timezone.now()) == Consent.State.WITHDRAWN
    assert Release.objects.get(pk=deal.release.pk).sealed_id is None
    assert earned
    assert signed_in(mother).get("/api/v1/wallet").json()["available"] == 120


def test_after_a_no_only_the_word_is_kept(mother, ask):
    operations.deny_ask(ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now())

    call(ask, mother)

    ask.refresh_from_db()
    assert (ask.state, WrongWord.objects.count()) == (Ask.State.DENIED, 1)


def test_what_a_model_on_the_edge_concluded_can_be_wrong_too(mother, home):
    model = Method(type="model", name="m", version="1", sha256="a" * 64)
    sighting = {"kind": "pest.sighting", "value": "ant", "unit": "", "method": model, "confidence": Decimal("0.7")}
    ask = factories.ask(
        of=home,
        request=factories.open_request(kinds=["pest.sighting"], above=None, purpose="pest_control", retention_days=14),
        **sighting,
    )

    word = call(ask, mother)

    assert (word.rule, word.version, word.kind) == ("", None, "pest.sighting")


def test_what_a_sensor_measured_is_not_judged(mother, home):
    with pytest.raises(NotJudged):
        call(factories.ask(of=home), mother)


def test_it_is_said_once(mother, home, ask):
    call(ask, mother)

    with pytest.raises(CalledWrong):
        call(ask, factories.member(of=home))


@pytest.mark.parametrize("who", ["neighbour", "teen", "staff"])
def test_only_who_may_answer_may_say_so(home, ask, who):
    person = {
        "neighbour": factories.member, "teen": lambda: factories.member(of=home, role="teen"), "staff": factories.staff,
    }[who]()  # fmt: skip

    with pytest.raises(NotYourHousehold):
        call(ask, person)
    assert not WrongWord.objects.exists()


def test_the_word_only_grows(mother, ask):
    word = call(ask, mother)

    for change in (word.delete, lambda: WrongWord.objects.update(rule="x")):
        with pytest.raises(Exception, match=r"permission denied|only grows"), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic():
        WrongWord.objects.create(insight=word.insight, member=mother, kind="x", at=word.at)


# --- what is said of a stream holds for what was drawn from it ----------------------------------------------------


def test_a_stream_that_is_held_holds_what_was_drawn_from_it(mother, ask):
    shown = factories.shown(ask, by=mother).preview.sha256
    stream = (Appliance.objects.get().pk, "air.pm25")
    appliances.raise_flags(streams=[stream], reason=StreamFlag.Reason.FROZEN, at=timezone.now())

    with pytest.raises(StreamHeld):
        factories.approve(ask, by=mother, preview_sha256=shown)
    assert operations.cancel_void_asks(at=timezone.now()) == 1


def test_a_kind_that_a_home_shuts_shuts_what_was_drawn_from_it(mother, home, ask):
    shown = factories.shown(ask, by=mother).preview.sha256
    Appliance.objects.update(never_kinds=["air.pm25"])

    with pytest.raises(AppliancePrivate):
        factories.approve(ask, by=mother, preview_sha256=shown)
    assert operations.cancel_void_asks(at=timezone.now()) == 1
    put_back()
    factories.open_request(kinds=["air.bad_pm25"])
    operations.match_insights(at=timezone.now())
    assert Ask.objects.count() == 1


def test_raw_kinds_are_asked_for_as_before(home):
    request = factories.open_request()
    bad_air(home)

    operations.match_insights(at=timezone.now())

    assert Ask.objects.get().offer.request == request


# --- the pages ----------------------------------------------------------------------------------------------------


def test_the_card_says_why_and_takes_the_word_without_javascript(mother, ask):
    browser = signed_in(mother)

    page = browser.get(f"/inbox/{ask.pk}").text
    after = browser.post(f"/inbox/{ask.pk}/wrong", follow=True)
    again = browser.post(f"/inbox/{ask.pk}/wrong")

    assert "지난 30분 동안 PM2.5가 55㎍/㎥를 넘었어요 (7번 중 7번)." in page
    assert "확신 100%" in page
    assert "틀렸어요" in page
    assert "틀렸다고 하셔서 이 질문을 거두었어요. 나간 값은 없어요." in after.text
    assert f"{mother} 님이 틀린 일이라고 하셨어요." in after.text
    assert f"/inbox/{ask.pk}/wrong" not in after.text
    assert again.status_code == 409


def test_in_english_and_as_one_element(mother, ask):
    browser = signed_in(mother)

    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    page = browser.get(f"/inbox/{ask.pk}").text
    swapped = browser.post(f"/inbox/{ask.pk}/wrong", headers={"HX-Request": "true"})

    assert "PM2.5 was above 55 µg/m³ over the last 30 minutes (7 of 7 readings)." in page
    assert "<html" not in swapped.text
    assert f'id="ask-{ask.pk}"' in swapped.text


def test_the_records_say_why_and_that_it_was_wrong(mother, ask):
    deal = factories.approve(ask, by=mother)
    browser = signed_in(mother)

    before = browser.get(f"/history/{deal.consent.pk}").text
    browser.post(f"/inbox/{ask.pk}/wrong")
    after = browser.get(f"/history/{deal.consent.pk}").text

    assert "PM2.5가 55㎍/㎥를 넘었어요" in before
    assert f"/inbox/{ask.pk}/wrong" in before
    assert f"{mother} 님이 틀린 일이라고 하셨어요." in after
    assert f"/inbox/{ask.pk}/wrong" not in after


def test_the_api_says_why_and_takes_the_word(mother, ask):
    browser = signed_in(mother)

    told = browser.get(f"/api/v1/asks/{ask.pk}").json()["conclusion"]
    answer = browser.post(f"/api/v1/asks/{ask.pk}/wrong")
    again = browser.post(f"/api/v1/asks/{ask.pk}/wrong")

    assert told["rule"] == "bad_pm25@1"
    assert told["confidence"] == 1
    assert (answer.status_code, answer.json()) == (200, {"state": "cancelled", "consent": None})
    assert (again.status_code, again.json()["code"]) == (409, "called_wrong")


def test_admins_see_counts_by_rule_and_nobody_s_name(mother, home, ask):
    call(ask, mother)

    counted = next(one for one in rule_counts(at=timezone.now()) if one.name == "bad_pm25")
    page = signed_in(factories.admin(), second_factor=True).get("/admin/insights/wrongword/")

    assert (counted.version, counted.concluded, counted.wrong, counted.wrong_ever) == ("1", 1, 1, 1)
    assert page.status_code == 200
    assert "초미세먼지가 나쁨" in page.text
    assert home.name not in page.text
    assert mother.name not in page.text
    for person in (mother, factories.auditor()):
        assert signed_in(person, second_factor=True).get("/admin/insights/wrongword/").status_code != 200


def test_a_neighbour_finds_nothing_to_speak_about(ask):
    browser = signed_in(factories.member())

    assert browser.post(f"/inbox/{ask.pk}/wrong").status_code == 404
    assert browser.post(f"/api/v1/asks/{ask.pk}/wrong").status_code == 404


def test_a_list_of_conclusions_costs_no_statement_more_for_each(mother, home, ask):
    browser = signed_in(mother)
    browser.get("/inbox")
    counts = []
    for _ in range(2):
        with connection.execute_wrapper(counter := _Counter()):
            browser.get("/inbox")
        counts.append(counter.count)
        for _ in range(2):
            factories.open_request(kinds=["air.bad_pm25"])
        put_back(kind="air.bad_pm25")
        operations.match_insights(at=timezone.now())

    assert Ask.objects.count() > 2
    assert counts[0] == counts[1]


class _Counter:
    def __init__(self):
        self.count = 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        return execute(sql, params, many, context)
