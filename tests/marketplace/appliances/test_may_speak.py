"""Who may speak is said twice, for lists and for the door: both say the same of every state that a key can be in."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from consent.parties.models import MachineKey
from marketplace.appliances.models import Appliance, PairedKey, Pairing
from marketplace.appliances.queries import may_speak
from tests import factories
from tests.marketplace.appliances.hubs import Hub, code_for, pair

pytestmark = pytest.mark.django_db
NOW = timezone.now()
BEFORE, AFTER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
STATES = list(product((None, BEFORE), (None, BEFORE, NOW, AFTER), (None, BEFORE)))


def signing_hub() -> PairedKey:
    return PairedKey.objects.get(pk=Hub(factories.member()).key_id)


def carrying_appliance() -> PairedKey:
    paired = pair(code_for(factories.member(), type="air_purifier")).json()
    return PairedKey.objects.get(pairing=paired["id"])


@pytest.mark.parametrize(("revoked", "expires", "ended"), STATES)
@pytest.mark.parametrize("let_in", [signing_hub, carrying_appliance])
def test_the_door_and_the_lists_say_the_same_of_every_key(let_in, revoked, expires, ended):
    key = let_in()
    kept_in = PairedKey.objects.filter(pk=key.pk) if key.signs else MachineKey.objects.filter(paired=key)
    kept_in.update(revoked_at=revoked, expires_at=expires)
    Pairing.objects.filter(pk=key.pairing_id).update(ended_at=ended)

    listed = PairedKey.objects.open(NOW).filter(pk=key.pk, pairing__ended_at=None).exists()

    assert may_speak(key_id=key.pk, at=NOW) is listed
    assert listed is (revoked is None and expires in (None, AFTER) and ended is None)


def test_what_has_left_its_home_speaks_no_more():
    key = carrying_appliance()
    assert may_speak(key_id=key.pk, at=NOW)

    Appliance.objects.filter(pk=key.pairing.appliance_id).update(left_at=BEFORE, never_share=True)

    assert not may_speak(key_id=key.pk, at=NOW)
