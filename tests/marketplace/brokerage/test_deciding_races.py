"""What changes while a yes waits for its ask, with real commits: it is decided on what stands then, not before."""

import threading
from typing import Any

from django.db import transaction

from consent.parties.models import Organisation
from consent.records.models import Ask, Consent
from marketplace.brokerage.errors import OfferChanged
from tests import factories
from tests.marketplace.brokerage.test_matching_races import wait_for_a_waiting_backend
from tests.threads import all_at_once


def test_nobody_says_yes_to_a_buyer_that_was_stopped_while_the_yes_waited(committed_db):
    mother, answers = factories.member(), list[Any]()
    ask = factories.ask(of=mother.membership.household)
    digest = factories.shown(ask, by=mother).preview.sha256
    yes = threading.Thread(
        target=lambda: answers.extend(
            all_at_once(lambda _: factories.approve(ask, by=mother, preview_sha256=digest), hands=1)
        )
    )

    with transaction.atomic():
        Ask.objects.lock(ask.pk)
        yes.start()
        wait_for_a_waiting_backend()
        # Another hand's commit could not be told from this one, which lets the ask go with it.
        Organisation.objects.filter(pk=ask.recipient_id).update(verified_at=None)
    yes.join(60)

    assert [type(answer) for answer in answers] == [OfferChanged]
    assert not Consent.objects.exists()
