"""Tokens go from the buyer's account into the escrow of one data request, once per key."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from consent.parties.errors import NotPermitted, OrganisationSuspended
from marketplace.demand import operations, queries
from marketplace.demand.errors import RequestNotInState
from rewards.ledger.errors import IdempotencyMismatch, InsufficientTokens, InvalidAmount
from rewards.ledger.queries import balance_of
from tests import factories


def fund(request, tokens=1_000, *, key="k1", by=None):
    return operations.fund_request(
        request_id=request.pk,
        actor_organisation=by or request.organisation,
        tokens=tokens,
        key=key,
        actor="test",
        at=timezone.now(),
    )


def close(request):
    return operations.close_request(
        request_id=request.pk, actor_organisation=request.organisation, actor="test", at=timezone.now()
    )


def test_moves_tokens_from_the_buyer_to_the_escrow(buyer):
    request = factories.draft_request(of=buyer)

    fund(request, 1_000)

    assert balance_of(request.escrow).available == 1_000
    assert balance_of(request.account).available == 99_000


def test_the_same_key_funds_once(buyer):
    request = factories.draft_request(of=buyer)

    fund(request, 1_000)
    fund(request, 1_000)
    fund(request, 500, key="k2")

    assert balance_of(request.escrow).posted == 1_500


def test_the_same_key_with_another_amount_is_refused(buyer):
    request = factories.draft_request(of=buyer)
    fund(request, 1_000)

    with pytest.raises(IdempotencyMismatch):
        fund(request, 2_000)

    assert balance_of(request.escrow).posted == 1_000


def test_two_requests_may_use_the_same_key(buyer):
    one, other = factories.draft_request(of=buyer), factories.draft_request(of=buyer)

    fund(one)
    fund(other)

    assert balance_of(one.escrow).posted == balance_of(other.escrow).posted == 1_000


def test_leaves_nothing_behind_when_the_buyer_cannot_pay(db):
    poor = factories.tokens_for(factories.organisation(), 999)
    request = factories.draft_request(of=poor)

    with pytest.raises(InsufficientTokens):
        fund(request, 1_000)

    assert queries.budget(request) == queries.Budget(funded=0, spent=0, refundable=0)
    assert balance_of(request.account).available == 999


def test_the_same_key_works_once_the_buyer_can_pay(db):
    poor = factories.tokens_for(factories.organisation(), 999)
    request = factories.draft_request(of=poor)
    with pytest.raises(InsufficientTokens):
        fund(request, 1_000)

    factories.tokens_for(poor, 1)
    fund(request, 1_000)

    assert balance_of(request.escrow).posted == 1_000


@pytest.mark.parametrize("tokens", [0, -5, True, 1.5, 2**53])
def test_refuses_what_is_no_amount(buyer, tokens):
    request = factories.draft_request(of=buyer)

    with pytest.raises(InvalidAmount):
        fund(request, tokens)


def test_another_organisation_cannot_fund_it(buyer):
    request = factories.draft_request(of=buyer)

    with pytest.raises(NotPermitted):
        fund(request, by=factories.organisation())


def test_a_suspended_buyer_cannot_fund(buyer):
    request = factories.draft_request(of=buyer)
    buyer.suspended_at = timezone.now()
    buyer.save(update_fields=["suspended_at"])

    with pytest.raises(OrganisationSuspended):
        fund(request, by=buyer)


def test_nothing_goes_into_a_closed_request_but_a_retry_is_still_answered(buyer):
    request = factories.draft_request(of=buyer)
    fund(request, key="before")
    close(request)

    fund(request, key="before")
    with pytest.raises(RequestNotInState):
        fund(request, key="after")

    assert balance_of(request.escrow).posted == 1_000


def test_two_threads_with_one_key_fund_once(committed_db, django_db_blocker):
    start = Barrier(2)

    def race():
        with django_db_blocker.unblock():
            try:
                start.wait()
                return fund(request, 1_000).pk
            finally:
                connection.close()

    with django_db_blocker.unblock():
        request = factories.draft_request()
        with ThreadPoolExecutor(2) as threads:
            results = [future.result() for future in [threads.submit(race), threads.submit(race)]]
        posted, left = balance_of(request.escrow).posted, balance_of(request.account).posted

    assert results == [request.pk, request.pk]
    assert (posted, left) == (1_000, 99_000)
