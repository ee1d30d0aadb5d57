"""Behind PgBouncer in transaction mode no connection stays a client's own: the ledger asks nothing of the session."""

import itertools
import uuid

import pytest
from django.db import connection, connections

from consent.parties.roles import RUNTIME_ROLE
from rewards.ledger import liabilities, sealing
from rewards.ledger.errors import HoldResolved, IdempotencyMismatch, InsufficientTokens
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import FEES
from rewards.ledger.queries import balance_of
from rewards.ledger.statements import statement_of
from tests.faults.clusters import pointed_at
from tests.faults.ledger.run import check_seals
from tests.faults.ledger.servers import a_pool
from tests.rewards.ledger import books
from tests.threads import all_at_once

HANDS, ROUNDS, CONNECTIONS = 16, 12, 3


@pytest.fixture
def pooled(cluster, django_db_blocker):
    """A database that Django reaches through a pool of three connections.

    The pool cannot carry a role from each client, so the role is the login's own in this database.
    """
    with django_db_blocker.unblock(), cluster.database():
        name = connections["default"].settings_dict["NAME"]
        with cluster.connect("postgres") as admin:
            admin.execute(f'ALTER ROLE postgres IN DATABASE "{name}" SET role = {RUNTIME_ROLE}')
        with a_pool(of=cluster, database=name, size=CONNECTIONS) as through, pointed_at(through, pooled=True):
            yield name
        with cluster.connect("postgres") as admin:
            admin.execute(f'ALTER ROLE postgres IN DATABASE "{name}" RESET role')


def test_many_clients_share_few_connections_and_the_books_are_right(pooled):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (RUNTIME_ROLE,)
    escrows = [books.account("escrow", tokens=1000) for _ in range(2)]
    homes = [books.account() for _ in range(4)]
    keys = itertools.count()

    def hand(number: int) -> tuple[int, int]:
        paid = refused = 0
        for turn in range(ROUNDS):
            if number == 0:
                sealing.seal()
                continue
            placed = books.hold(debit=escrows[turn % 2], amount=7, key=f"pool:{number}:{turn}")
            assert books.hold(debit=escrows[turn % 2], amount=7, key=f"pool:{number}:{turn}").replayed
            books.capture((homes[number % 4], 4), (FEES, 1), hold=placed.key, key=f"paid:{number}:{turn}")
            paid += 1
            for poisoned in (
                lambda placed=placed: books.capture((homes[0], 1), hold=placed.key, key=f"again:{next(keys)}"),
                lambda turn=turn: books.hold(debit=escrows[turn % 2], amount=8, key=f"pool:{number}:{turn}"),
                lambda number=number: books.post(debit=homes[number % 4], credit=FEES, amount=10**9),
            ):
                try:
                    poisoned()
                except (HoldResolved, IdempotencyMismatch, InsufficientTokens):
                    refused += 1
        return paid, refused

    answers = all_at_once(hand, hands=HANDS)

    assert answers[1:] == [(ROUNDS, 3 * ROUNDS)] * (HANDS - 1), answers
    paid = ROUNDS * (HANDS - 1)
    assert sum(balance_of(home).posted for home in homes) == 4 * paid
    assert sum(balance_of(escrow).posted for escrow in escrows) == 2000 - 5 * paid
    assert sum(balance_of(escrow).held for escrow in escrows) == 0
    check_seals()
    assert liabilities.tell()
    assert statement_of(homes[0])["version"] == balance_of(homes[0]).version
    assert broken_invariants() == {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [pooled])
        assert cursor.fetchone()[0] <= CONNECTIONS, "the clients were not pooled"


def test_nothing_of_a_client_stays_on_the_connection_that_it_gives_back(pooled):
    def seen(_: int) -> tuple[object, ...]:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT current_user, (SELECT count(*) FROM pg_prepared_statements),
                          (SELECT count(*) FROM pg_cursors),
                          (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
                          current_setting('transaction_isolation')"""
            )
            return tuple(cursor.fetchone())

    home = books.account()
    for _ in range(8):  # as often as psycopg needs to prepare a statement, were it allowed to
        books.post(credit=home, key=str(uuid.uuid4()))
    sealing.seal()
    liabilities.tell()
    statement_of(home)

    assert set(all_at_once(seen, hands=2 * CONNECTIONS)) == {(RUNTIME_ROLE, 0, 0, 0, "read committed")}
