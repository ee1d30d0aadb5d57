"""A read looks at as many rows when the journal has grown: counted, not timed (the bench times it)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rewards.ledger import as_of, journal
from rewards.ledger import operations as ledger
from rewards.ledger.journal import Filters
from rewards.ledger.models import FEES, Transfer
from rewards.redemption.queries import months_of
from rewards.treasury.policies import check_thanked_today
from tests import factories
from tests.rewards.ledger import books
from tests.rewards.ledger.growing import grow, rows_looked_at

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
#: Pages and stretches end where they end. What reads the journal, or all of an account, looks at thousands more.
FEW = 1000
MOMENT = timedelta(milliseconds=1)


def recorded_last():
    return Transfer.objects.latest("pk").recorded_at


def test_reads_look_at_as_many_rows_when_the_journal_has_grown():
    escrow, now = books.account("escrow", tokens=10**6), timezone.now()
    home = factories.household()
    wallet = ledger.open_wallet(household=home)
    books.post(credit=wallet.address)
    within = {"recorded_from": now - DAY, "recorded_to": now + DAY}
    reads = {
        "an escrow's period": lambda: as_of.statement_between(escrow, start=now - DAY, end=now + DAY),
        "the fees' period": lambda: as_of.statement_between(FEES, start=now - DAY, end=now + DAY),
        "the fees' period in the middle": lambda: as_of.statement_between(FEES, start=middle - MOMENT, end=middle),
        "the fees in the middle": lambda: as_of.standing_at(FEES, at=middle),
        "the trial balance in the middle": lambda: as_of.trial_balance_at(at=middle),
        "the journal between two times": lambda: journal.walk(Filters(**within)),
        "an account between two times": lambda: journal.walk(Filters(account=escrow, **within)),
        "the months of a wallet": lambda: months_of(home, at=now, posted=1),
        "what a home was thanked with": lambda: check_thanked_today([wallet.pk], tokens=1),
    }

    grow(payer=escrow, rows=1000)
    middle = recorded_last()
    grow(payer=escrow, rows=1000)
    before = {name: rows_looked_at(read) for name, read in reads.items()}
    grow(payer=escrow, rows=4000)
    after = {name: rows_looked_at(read) for name, read in reads.items()}

    assert {name: (before[name], after[name]) for name in reads if after[name] > before[name] + FEW} == {}
