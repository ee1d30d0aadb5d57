"""A refund from many hands at once: what is left goes back once, and what comes in late goes back too."""

from django.utils import timezone

from marketplace.demand import operations
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import Transfer
from rewards.ledger.queries import balance_of
from tests import factories
from tests.marketplace.demand.test_escrow import close, give_back_later, hold, pay, release
from tests.threads import all_at_once

HANDS = 8


def test_of_many_clocks_one_gives_back_what_is_left(committed_db):
    request = factories.open_request(tokens=1_000)
    pay(request, 144)
    due = close(request, timezone.now()).refund_due_at

    answers = all_at_once(lambda _: operations.return_escrow(request_id=request.pk, at=due), hands=HANDS)

    assert sorted(answers) == [0] * (HANDS - 1) + [856]
    assert Transfer.objects.filter(event_type="request.refunded").count() == 1
    assert (balance_of(request.escrow).posted, balance_of(request.account).posted) == (0, 99_856)


def test_what_comes_in_and_is_freed_meanwhile_goes_back_and_no_token_twice(committed_db):
    request = factories.open_request(tokens=1_000)
    key = hold(request, 144)
    due = close(request, timezone.now()).refund_due_at

    def act(number: int) -> int:
        if number == 0:
            release(key)
        elif number == 1:
            give_back_later(request, 50)
        else:
            return operations.return_escrow(request_id=request.pk, at=due)
        return 0

    answers = all_at_once(act, hands=HANDS)
    answers.append(operations.return_escrow(request_id=request.pk, at=due))

    assert sum(answers) == 1_050
    assert (balance_of(request.escrow).posted, balance_of(request.account).posted) == (0, 100_050)
    assert broken_invariants() == {}
