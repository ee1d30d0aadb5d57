"""Who is given the statement of an account, from when on, and how far it reaches."""

import pytest
from django.test import Client

from rewards.ledger import liabilities
from rewards.ledger.errors import NotSealedYet, UnknownCheckpoint
from rewards.ledger.models import Share
from rewards.ledger.queries import wallet_address
from rewards.ledger.statements import statement_of
from tests import factories
from tests.browsers import signed_in
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import fill, sealed


def proof_of(address: str) -> str:
    return f"/api/v1/ledger/accounts/{address}/proof"


MINE = "/api/v1/wallet/proof"


def test_only_an_auditor_gets_it_and_only_once_it_is_told(committed_db):
    mother, auditor = factories.member(), factories.auditor()
    home = factories.tokens_in_wallet(mother.membership.household, 5)
    proof = proof_of(wallet_address(home))

    assert signed_in(auditor, second_factor=True).get(proof).json()["code"] == "not_sealed_yet"
    sealed()
    liabilities.tell()
    assert signed_in(auditor, second_factor=True).get(proof).json()["address"] == wallet_address(home)
    assert Client().get(proof).status_code in (401, 403)
    for somebody in (mother, factories.staff(), factories.staff(of=factories.organisation())):
        assert signed_in(somebody, second_factor=True).get(proof).status_code == 403
    assert signed_in(auditor, second_factor=True).get(proof_of("household:nobody")).status_code == 404
    assert signed_in(auditor, second_factor=True).get(proof, {"kept": 10**9}).json()["code"] == "unknown_checkpoint"
    assert signed_in(auditor, second_factor=True).get(proof, {"kept": [1] * 11}).status_code == 400


def test_a_home_s_adults_take_their_own_and_nobody_else_does(committed_db):
    mother = factories.member()
    home = factories.tokens_in_wallet(mother.membership.household, 5)
    assert signed_in(mother).get(MINE).json()["code"] == "not_sealed_yet"
    assert signed_in(mother).get("/wallet/proof").status_code == 409
    sealed()
    liabilities.tell()

    told = signed_in(mother).get(MINE).json()
    page = signed_in(mother).get("/wallet/proof")

    assert (told["address"], told["posted"]) == (wallet_address(home), 5)
    assert page.json() == told
    assert page["content-disposition"].startswith('attachment; filename="maru-statement-2')
    for role, code in (("teen", "only_adults_prove"), ("child", "wallet_not_shown")):
        young = signed_in(factories.member(of=home, role=role))
        assert (young.get(MINE).status_code, young.get(MINE).json()["code"]) == (403, code)
        assert young.get("/wallet/proof").status_code == 403
    for somebody in (factories.auditor(), factories.staff(), factories.staff(of=factories.organisation())):
        assert signed_in(somebody, second_factor=True).get(MINE).status_code == 403
    neighbour = factories.member(of=factories.tokens_in_wallet(factories.household(), 7))
    assert signed_in(neighbour).get(MINE).json()["code"] == "not_sealed_yet"
    assert Client().get(MINE).status_code in (401, 403)
    assert signed_in(mother).get(MINE, {"kept": 10**9}).json()["code"] == "unknown_checkpoint"


def test_a_statement_reaches_as_far_as_what_was_told(committed_db):
    home = factories.tokens_in_wallet(factories.household(), 5)
    address = wallet_address(home)
    sealed()
    with pytest.raises(NotSealedYet):
        statement_of(address)
    liabilities.tell()
    factories.tokens_in_wallet(home, 6)
    sealed()

    assert (statement_of(address)["posted"], statement_of(address)["version"]) == (5, 1)
    with pytest.raises(UnknownCheckpoint):
        statement_of(address, kept=list(range(1, 12)))


def test_the_tree_of_what_is_owed_is_kept_for_the_newest_only(committed_db):
    homes = [books.account() for _ in range(20)]
    for home in homes:
        books.post(credit=home, amount=10)
    sealed()
    liabilities.tell()
    first = set(Share.objects.filter(level=0).values_list("hash"))
    fill(1)
    sealed()
    liabilities.tell()

    newest = liabilities.latest_liabilities()
    assert Share.objects.filter(level=0).count() == newest.shares
    assert Share.objects.filter(level=4).count() == newest.shares // 16
    assert not first & set(Share.objects.filter(level=0).values_list("hash")), "salts are used again"
