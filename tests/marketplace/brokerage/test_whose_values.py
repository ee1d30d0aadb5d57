"""Pages and API show what a yes released to the same people, also when the appliance became one member's own since."""

import re

import pytest

from consent.parties.models import Membership
from consent.records.models import Ask
from consent.records.receipts import is_genuine
from marketplace.appliances.models import Appliance
from marketplace.brokerage.models import Offer
from marketplace.brokerage.policies import may_see_value
from marketplace.insights.models import Conclusion, Evidence, Insight
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

PLACES = ("/inbox/{ask}", "/history/{consent}", "/api/v1/asks/{ask}")
VALUE = re.compile(r"62(</b>)?(&nbsp;|\xa0)µg/m³|\"value\": ?62\b")
#: Whose the appliance was when it was asked about, whose it is now, and who sees the value.
TABLE = [
    ("home", "home", {"mother", "father", "teen"}),
    ("home", "mother", {"mother"}),
    ("home", "teen", {"teen"}),
    ("teen", "home", {"teen"}),
    ("teen", "mother", set()),
]


@pytest.fixture
def deal():
    return factories.deal(by=factories.member())


@pytest.fixture
def browsers(deal):
    mother = deal.consent.decided_by
    home = mother.membership.household
    people = {
        "mother": mother, "father": factories.member(of=home),
        "teen": factories.member(of=home, role=Membership.Role.TEEN),
    }  # fmt: skip
    return {name: signed_in(person) for name, person in people.items()}


def belongs(row, name):
    """Let an ask or an appliance be the home's or one member's, as it would be after this person's own click."""
    role = {"mother": Membership.Role.ADULT, "teen": Membership.Role.TEEN}.get(name)
    owner = Membership.objects.filter(role=role).order_by("since", "pk").first() if role else None
    with factories.as_owner():
        row.update(private_to=owner)


def test_a_value_is_for_whose_the_appliance_is_now_on_every_page_and_in_the_api(deal, browsers):
    paths = [place.format(ask=deal.consent.ask_id, consent=deal.consent.pk) for place in PLACES]
    for asked_of, now_of, seen_by in TABLE:
        belongs(Ask.objects.all(), asked_of)
        belongs(Appliance.objects.all(), now_of)

        shown = {
            name: {path for path in paths if VALUE.search(browser.get(path).text)} for name, browser in browsers.items()
        }

        assert shown == {name: set(paths) if name in seen_by else set() for name in browsers}, (asked_of, now_of)


def test_whoever_it_belongs_to_now_the_receipt_stays_provable_for_all(deal, browsers):
    belongs(Appliance.objects.all(), "teen")

    for name, browser in browsers.items():
        page = browser.get(f"/history/{deal.consent.pk}").text
        document = browser.get(f"/history/{deal.consent.pk}/receipt").json()
        assert is_genuine(document["receipt"], document["signature"]) == (True, "ok")
        assert deal.consent.payload_digest in page
        assert "맞아요, Ed25519" in page
        assert ("그 식구만 볼 수 있어요" in page) == (name != "teen")


@pytest.mark.parametrize("now_of", [None, "mother", "father"])
def test_what_was_drawn_from_several_appliances_is_for_whose_all_of_them_are_now(deal, now_of):
    mother = deal.consent.decided_by.membership
    people = {"mother": mother, "father": factories.member(of=mother.household).membership}
    door = factories.insight(of=mother.household, source="urn:device:door").appliance
    with factories.as_owner():
        Insight.objects.filter(offers__ask=deal.consent.ask).update(kind="presence.cooled_while_away")
        drawn = Conclusion.objects.create(
            insight=Insight.objects.get(offers__ask=deal.consent.ask), rule="r", version=1, at=deal.consent.at
        )
        Evidence.objects.create(conclusion=drawn, appliance=door, kind="presence.absence")
    Appliance.objects.filter(pk=door.pk).update(private_to=people.get(now_of))

    offer = Offer.objects.get()

    seen_by = {name for name, person in people.items() if may_see_value(offer, membership=person)}
    assert seen_by == ({now_of} if now_of else set(people))
