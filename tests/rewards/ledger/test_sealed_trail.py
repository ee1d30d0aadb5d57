"""From a deal up to the checkpoint over it, as an auditor reads it in a page."""

from rewards.ledger import sealing
from tests import factories
from tests.browsers import signed_in
from tests.rewards.ledger.tree import sealed


def test_the_page_of_a_deal_names_the_checkpoint_that_covers_it(committed_db):
    deal = factories.deal()
    desk = signed_in(factories.auditor(), second_factor=True)
    sealed()
    size = sealing.latest_checkpoint().tree_size

    page = desk.get(f"/audit/transfers/{deal.consent.op_id}").content.decode()

    assert f"잎 {size}개까지 서명한 봉인에 들어 있어요" in page
    assert f"/api/v1/ledger/transfers/{deal.consent.op_id}/proof" in page
    assert "아직 봉인을 기다려요" not in page
