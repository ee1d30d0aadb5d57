"""A home that was lived in, and its people as they leave it."""

from django.utils import timezone

from consent.parties.models import User
from consent.records.models import Ask
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations
from marketplace.delivery import door
from tests import factories


def live(mother):
    """A lived-in home: one yes that was read, one that was not, one no, one question that waits, a key, an order."""
    request = factories.open_request()
    first, second = (factories.deal(by=mother, request=request, source=f"urn:{number}") for number in (1, 2))
    reader = door.Reader(organisation=first.release.organisation, name="key", path="api")
    door.read_record(request=first.release.request, release_id=first.release.pk, reader=reader, at=timezone.now())
    refused = factories.ask(of=mother.membership.household, request=request, source="urn:3")
    operations.deny_ask(ask_id=refused.pk, actor=mother, locale="ko", at=timezone.now())
    factories.ask(of=mother.membership.household, request=request, source="urn:4")
    factories.hub_key(of=mother.membership.household)
    factories.order(by=mother)
    return first, second


def leave(person):
    return operations.leave_maru(actor=User.objects.get(pk=person.pk), at=timezone.now())


def own(insight_source, person, request):
    """A question about something that is this person's alone."""
    ask = factories.ask(of=person.membership.household, request=request, source=insight_source)
    with factories.as_owner():
        Ask.objects.filter(pk=ask.pk).update(private_to=person.membership)
    Appliance.objects.filter(pk=ask.offer.insight.appliance_id).update(private_to=person.membership)
    return Ask.objects.select_related("household", "recipient").get(pk=ask.pk)
