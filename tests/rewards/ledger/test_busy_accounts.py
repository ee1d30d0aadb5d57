"""What everybody meets keeps no running balance, so nobody waits for it; an escrow belongs to one data request."""

import pytest

from rewards.ledger.models import BREAKAGE, FEES, ISSUANCE, Account, Balance, Transfer
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", [ISSUANCE, FEES, BREAKAGE])
def test_no_row_of_a_balance_is_locked_for_what_everybody_meets(address):
    home = books.account(tokens=5)
    debit, credit = (ISSUANCE, home) if address == ISSUANCE else (home, address)

    books.post(debit=debit, credit=credit, amount=2)

    met = Account.objects.get(address=address)
    row = Transfer.objects.latest("pk")
    side = (row.debit_version, row.debit_after) if address == ISSUANCE else (row.credit_version, row.credit_after)
    assert (met.has_balance, side) == (False, (None, None))
    assert not Balance.objects.filter(account=met).exists()
    assert Balance.objects.filter(account__address=home).exists()
