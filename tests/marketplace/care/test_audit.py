"""The auditor sees every row of the books and what stands behind it, never a value; nobody else sees the desk."""

import re
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.brokerage.operations import deny_ask, withdraw_consent
from marketplace.brokerage.proofs import PROOFS
from rewards.ledger import operations as ledger
from rewards.ledger.addresses import buyer_account, escrow_account
from rewards.ledger.models import GUARANTEE
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db
PAGES = [
    "/audit",
    "/audit/transfers",
    "/audit/transfers/2f1d7c52-6a0e-4b0f-9f53-0c6f1f0f4a11",
    "/audit/accounts",
    "/audit/accounts/orders",
    "/audit/trial-balance",
    "/audit/exceptions",
    "/audit/matches",
]


@pytest.fixture(autouse=True)
def forgotten():
    cache.clear()


@pytest.fixture
def desk():
    """A browser in which an auditor signed in with a second factor."""
    return signed_in(factories.auditor(), second_factor=True)


def text_of(answer):
    assert answer.status_code == 200, answer
    return answer.content.decode()


def told(answer):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text_of(answer))


@pytest.mark.parametrize("page", PAGES)
def test_sends_a_stranger_to_the_login(client, page):
    answer = client.get(page)

    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize("seat", [factories.member, factories.staff, factories.admin])
@pytest.mark.parametrize("page", PAGES)
def test_does_not_exist_for_any_other_seat(seat, page):
    assert signed_in(seat(), second_factor=True).get(page).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_asks_an_auditor_for_a_second_factor(page):
    answer = signed_in(factories.auditor()).get(page)

    assert (answer.status_code, answer.url) == (302, "/accounts/2fa/")


def test_asks_an_auditor_who_has_a_second_factor_to_show_it(monkeypatch):
    monkeypatch.setattr("marketplace.care.views.audit.is_mfa_enabled", lambda user: True)

    answer = signed_in(factories.auditor()).get("/audit?x=1")

    assert answer.url == "/accounts/2fa/reauthenticate/?next=%2Faudit%3Fx%3D1"


def test_shows_books_that_agree(desk):
    factories.deal()

    page = text_of(desk.get("/audit"))

    assert "장부가 맞아요" in page
    assert '<b id="difference">0</b>' in page
    assert all(proof.name in page for proof in PROOFS)


def test_shows_books_that_disagree(desk, monkeypatch):
    monkeypatch.setattr("marketplace.brokerage.proofs.STATUS", "SELECT 3, 2, 3, 1")

    assert "장부가 어긋났어요" in text_of(desk.get("/audit"))


def test_leads_from_the_books_to_the_hashes_in_two_clicks(desk):
    deal = factories.deal()

    books = text_of(desk.get("/audit"))
    link = re.search(rf'href="(/audit/transfers/{deal.consent.op_id})"', books)
    trail = text_of(desk.get(link[1]))

    assert str(deal.consent.pk) in trail
    assert str(deal.release.pk) in trail
    assert "두 지문이 같아요" in trail
    assert re.search(r'data-state="ok">맞아요', trail)


def test_shows_legs_that_make_zero(desk):
    deal = factories.deal()

    trail = desk.get(f"/audit/transfers/{deal.consent.op_id}").context["trail"]

    assert trail.total == 0
    assert sorted(leg.change for leg in trail.legs)[0] < 0
    assert trail.legs[0].name == deal.release.organisation.name


def test_never_shows_a_value_a_person_or_a_home(desk):
    person = factories.member(name="김마루")
    deal = factories.deal(by=person, value=61.7)

    pages = [f"/audit/transfers/{deal.consent.op_id}", "/audit", "/audit/transfers"]
    shown = "".join(text_of(desk.get(page)) for page in pages)

    assert "61.7" not in shown
    for secret in ("김마루", person.email, person.membership.household.name, str(person.membership.household.pk)):
        assert secret not in shown


def test_tells_of_a_withdrawal(desk):
    deal = factories.deal()
    withdraw_consent(consent_id=deal.consent.pk, actor=deal.consent.decided_by, at=timezone.now())

    assert "철회" in text_of(desk.get(f"/audit/transfers/{deal.consent.op_id}"))


def test_shows_a_no_like_an_ask_that_nobody_answered(desk):
    person = factories.member()
    to_ask = factories.ask(of=person.membership.household)
    hold = told(desk.get(f"/audit/transfers?q={to_ask.pk}"))
    op_id = desk.get("/audit/transfers?kind=hold").context["rows"][0].op_id
    before = told(desk.get(f"/audit/transfers/{op_id}"))

    deny_ask(ask_id=to_ask.pk, actor=person, locale="ko", at=timezone.now())

    assert told(desk.get(f"/audit/transfers?q={to_ask.pk}")) == hold
    assert told(desk.get(f"/audit/transfers/{op_id}")) == before


def test_finds_the_rows_of_an_operation_a_consent_an_ask_a_release(desk):
    deal = factories.deal()
    factories.deal(request=deal.release.request)

    for named in (
        deal.consent.op_id,
        deal.consent.pk,
        deal.consent.ask_id,
        deal.release.pk,
        f"consent:{deal.consent.pk}",
    ):
        rows = desk.get("/audit/transfers", {"q": str(named)}).context["rows"]
        assert deal.consent.op_id in {row.op_id for row in rows}, named
        assert {row.event_ref for row in rows} <= {f"consent:{deal.consent.pk}", f"ask:{deal.consent.ask_id}"}


def test_finds_an_account_by_its_address(desk):
    deal = factories.deal()
    address = escrow_account(deal.release.request_id)

    answer = desk.get("/audit/transfers", {"q": address}, follow=True)

    assert address in text_of(answer)
    assert answer.context["period"].closing.version == answer.context["lines"][0][0].version


@pytest.mark.parametrize("words", ["nobody", "consent:", "%", "'; --", "\x01", "1" * 300])
def test_finds_nothing_for_words_that_name_nothing(desk, words):
    factories.deal()

    assert desk.get("/audit/transfers", {"q": words}).context["rows"] == []


def test_walks_the_journal_page_by_page_without_losing_a_row(desk, monkeypatch):
    monkeypatch.setattr("marketplace.care.views.journal.ROWS", 2)
    factories.deal()
    whole = desk.get("/audit/transfers").context

    seen, href = [row.pk for row in whole["rows"]], whole["next_href"]
    while href:
        page = desk.get(f"/audit/transfers{href}").context
        seen, href = seen + [row.pk for row in page["rows"]], page["next_href"]

    assert len(seen) > 4
    assert seen == sorted(set(seen), reverse=True)


def test_refuses_a_cursor_of_another_list(desk, monkeypatch):
    monkeypatch.setattr("marketplace.care.views.journal.ROWS", 2)
    factories.deal()
    href = desk.get("/audit/transfers").context["next_href"]

    assert desk.get(f"/audit/transfers{href}&kind=hold").status_code == 400
    assert desk.get("/audit/accounts/orders?cursor=x").status_code == 400


def test_an_operation_or_account_nobody_made_is_not_found(desk):
    assert desk.get(f"/audit/transfers/{uuid4()}").status_code == 404
    for address in ("household:nobody", "escrow:nobody", f"escrow:{uuid4()}", "escrow:"):
        assert desk.get(f"/audit/accounts/{address}").status_code == 404, address


@pytest.mark.parametrize("name", ["nobody", "{pk.hex}"])
def test_an_escrow_under_another_name_than_the_rooms_give_has_its_page_too(desk, name):
    address = f"escrow:{name.format(pk=factories.draft_request().pk)}"
    ledger.open_account(address=address, kind="escrow")

    assert address in text_of(desk.get("/audit/accounts?kind=escrow"))
    assert address in text_of(desk.get(f"/audit/accounts/{address}"))


def test_a_row_of_an_event_under_another_name_has_its_trail_too(desk):
    buyer = factories.tokens_for(factories.organisation())
    moved = {"debit": buyer_account(buyer.pk), "credit": GUARANTEE, "amount": 1, "actor": "system:test"}
    row = ledger.post(key="odd", event_type="settle", event_ref="consent:nobody", **moved)

    assert "consent:nobody" in text_of(desk.get(f"/audit/transfers/{row.op_id}"))


@pytest.mark.parametrize(
    "page",
    [
        "/audit", "/audit/transfers", "/audit/transfers?actor=x&recorded_from=2020-01-01", "trail", "account",
        "/audit/accounts", "/audit/trial-balance", "/audit/exceptions", "/audit/matches",
    ],
)  # fmt: skip
def test_asks_the_database_as_often_for_many_deals_as_for_one(desk, page):
    deal = factories.deal()
    page = {
        "trail": f"/audit/transfers/{deal.consent.op_id}",
        "account": f"/audit/accounts/escrow:{deal.release.request_id}",
    }.get(page, page)
    text_of(desk.get(page))
    cache.clear()
    with CaptureQueriesContext(connection) as one:
        text_of(desk.get(page))
    for _ in range(3):
        factories.deal(request=deal.release.request)
    cache.clear()
    with CaptureQueriesContext(connection) as many:
        text_of(desk.get(page))

    assert len(many) == len(one) <= 26


# --- looked through, account by account, as it stood ----------------------------------------------------------------


def test_filters_of_the_journal_combine_and_say_when_nothing_fits(desk):
    deal = factories.deal()
    escrow = escrow_account(deal.release.request_id)
    today = timezone.localdate().isoformat()

    def found(**asked):
        return [row.kind for row in desk.get("/audit/transfers", asked).context["rows"]]

    assert set(found(account=escrow, kind="capture", recorded_from=today, recorded_to=today)) == {"capture"}
    assert found(account=escrow, kind="capture", recorded_to="2020-01-01") == []
    assert found(event_type="consent", sealed="yes") == []
    nothing = text_of(desk.get("/audit/transfers", {"actor": "user:nobody"}))
    assert "찾으시는 거래가 없어요" in nothing
    assert "아직 아무 거래도 없어요" not in nothing


@pytest.mark.parametrize(
    "asked", [{"min_amount": "x"}, {"recorded_from": "soon"}, {"effective_to": "0001-01-01"}, {"kind": "gift"},
              {"account": "household:none"}, {"max_amount": 0}],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_explained(desk, asked):
    factories.deal()

    answer = desk.get("/audit/transfers", asked)

    assert "고칠 것이 하나 있어요" in text_of(answer)
    assert answer.context["rows"] == []


def test_a_key_leads_to_what_came_of_it(desk):
    deal = factories.deal()

    rows = desk.get("/audit/transfers", {"q": f"settle:{deal.consent.ask_id}"}).context["rows"]

    assert {row.op_id for row in rows} == {deal.consent.op_id}


def test_the_trail_tells_the_hold_the_versions_and_the_seal(desk):
    deal = factories.deal()

    answer = desk.get(f"/audit/transfers/{deal.consent.op_id}")
    page, trail = text_of(answer), answer.context["trail"]

    (life,) = trail.operation.holds
    assert life.kept == sum(row.amount for row in trail.rows)
    first = trail.rows[0]
    assert f'/audit/accounts/{first.debit.address}?version={first.debit_version}"' in page
    assert "아직 봉인을 기다려요" in page
    assert trail.receipt_digest[:4] in page
    assert str(deal.consent.decided_by_id) not in page


def test_no_shortened_address_ends_a_sentence_of_the_trail(desk):
    desk.cookies["django_language"] = "en"

    page = text_of(desk.get(f"/audit/transfers/{factories.deal().consent.op_id}"))

    assert "Paid household:" in page
    assert "…." not in page


def test_a_statement_opens_at_the_version_that_is_named(desk):
    deal = factories.deal()
    address = escrow_account(deal.release.request_id)

    lines = desk.get(f"/audit/accounts/{address}?version=2").context["lines"]

    assert [line.version for line, _ in lines] == [2, 1]


def test_a_statement_of_days_opens_runs_and_closes(desk):
    deal = factories.deal()
    address, today = escrow_account(deal.release.request_id), timezone.localdate().isoformat()

    told = desk.get(f"/audit/accounts/{address}", {"start": today, "end": today}).context
    empty = text_of(desk.get(f"/audit/accounts/{address}", {"end": "2020-01-01"}))

    lines = [(line.change, after) for line, after in told["lines"]]
    assert (told["period"].opening.posted, told["period"].closing.posted) == (0, lines[0][1])
    assert sum(change for change, _ in lines) == lines[0][1]
    assert "이 기간에는 아무 거래도 없어요" in empty
    backwards = desk.get(f"/audit/accounts/{address}", {"start": "2026-02-02", "end": "2026-02-01"})
    assert "첫날이 마지막 날보다 뒤예요" in text_of(backwards)


def test_an_account_without_a_balance_runs_too_and_counts_no_rows(desk, monkeypatch):
    monkeypatch.setattr("marketplace.care.views.accounts.ROWS", 1)
    deal = factories.deal()
    factories.deal(request=deal.release.request)
    first = desk.get("/audit/accounts/platform:fees")

    second = desk.get(f"/audit/accounts/platform:fees{first.context['next_href']}")

    (line, after), (older, left) = first.context["lines"][0], second.context["lines"][0]
    assert (after - line.change, left) == (left, older.change)
    assert "모두가 만나는 계정이라 세지 않아요" in text_of(first)


def test_the_accounts_are_listed_by_kind(desk):
    deal = factories.deal()

    answer = desk.get("/audit/accounts?kind=escrow")

    assert {account.kind for account, _, _ in answer.context["rows"]} == {"escrow"}
    assert deal.release.organisation.name in text_of(answer)
    assert text_of(desk.get("/audit/accounts?kind=gold"))


@pytest.mark.parametrize("by", ["recorded", "effective"])
def test_the_trial_balance_looks_back(desk, by):
    factories.deal()

    now = desk.get("/audit/trial-balance").context["trial"]
    then = desk.get("/audit/trial-balance", {"as_of": "2020-01-01T00:00", "by": by}).context["trial"]

    assert (now.difference, now.credits > 0) == (0, True)
    assert (then.difference, then.credits) == (0, 0)
    assert "고칠 것이 하나 있어요" in text_of(desk.get("/audit/trial-balance", {"as_of": "then", "by": by}))
    assert "고칠 것이 하나 있어요" in text_of(desk.get("/audit/trial-balance", {"as_of": "9999-12-31T23:59", "by": by}))


@pytest.mark.parametrize("address", ["/audit/exceptions", "/.well-known/jwks.json"])
def test_head_is_answered_as_get_without_a_body(desk, address):
    got, asked = desk.get(address), desk.head(address)

    assert (got.status_code, asked.status_code, asked.content) == (200, 200, b"")
    assert asked["Content-Type"] == got["Content-Type"]


def test_the_exceptions_lead_to_their_rows(desk):
    deal = factories.deal()

    page = text_of(desk.get("/audit/exceptions?list=issued"))

    assert page.count('aria-current="true"') == 1
    assert "/api/v1/ledger/export/exceptions/issued" in page
    assert text_of(desk.get("/audit/exceptions?list=gossip"))
    assert str(deal.consent.decided_by_id) not in page
