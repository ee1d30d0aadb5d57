"""What the one door costs a record, beside the bare parts of it, and whether it stays flat as consents pile up.

Both end with the bytes that leave. Bare is the sealed rows by one SELECT, AES-GCM opened twice (the data key, then the
payload), and the JCS bytes of the same document: no lock, no question, no trace. The door asks who reads, locks and
judges each release, derives keys and checks them, compares digests, writes each read down and commits first. The second
line of each size adds to bare what no vault and no access log could leave out: the keys' derivation and the INSERT.

Both look along the indexes at every size. Left alone, the planner reads whole tables where they are small and not where
they are large, for one of the two sooner than for the other: then the ratio tells how it guessed.
"""

import json
import statistics
import time
from collections.abc import Callable
from uuid import UUID

import pytest
import rfc8785
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction
from django.utils import timezone

from marketplace.delivery import door, exports
from marketplace.delivery.models import Access, Release
from marketplace.demand.models import DataRequest
from marketplace.insights import keyring, vault
from tests import factories
from tests.benchmarks.grow import grow_consents

PAGE, PASSES, ROUNDS = 500, 4, 7
#: The real records come after every copy, so that a page is looked for among all of them.
FIRST = 100_000_000
AIM_BARE, AIM_FLAT = 1.3, 1.15
ROWS = """
SELECT sealed.id, sealed.purpose, sealed.household_id, sealed.subject_id, sealed.nonce, sealed.ciphertext,
       key.epoch, key.nonce, key.wrapped
FROM delivery_release release
JOIN insights_sealedobject sealed ON sealed.id = release.sealed_id
JOIN insights_datakey key ON key.sealed_id = sealed.id
WHERE release.request_id = %s AND release.number >= %s ORDER BY release.number LIMIT %s
"""
ALONG_INDEXES = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
READS = """
INSERT INTO delivery_access (release_id, reader, path, at)
SELECT id, 'bench', 'list', now() FROM delivery_release
WHERE request_id = %s AND number >= %s ORDER BY number LIMIT %s
"""


@pytest.fixture
def request_(committed_db) -> DataRequest:
    """A data request with a page of records, as the real writers leave them, each read before."""
    request, member = factories.request_to_read(), factories.member()
    for one in range(PAGE):
        factories.release(request=request, by=member, number=FIRST + one)
    through_the_door(request)
    with connection.cursor() as cursor:
        cursor.execute(ALONG_INDEXES)
    return request


def test_the_door_beside_its_bare_parts_and_among_ever_more_consents(request_, committed_db, is_full):
    sizes = [10_000, 100_000] + ([1_000_000] if is_full else [])
    costs: dict[int, float] = {}
    keys = cipher_keys(request_.pk)
    last = 0

    print(f"\nthe read gate, a page of {PAGE} records (microseconds a record, median of {ROUNDS} rounds)")
    for size in sizes:
        grow_consents(committed_db, request_id=request_.pk, first=last + 1, last=size - PAGE)
        last = size - PAGE
        costs[size], bare_cost, logged_cost = side_by_side(
            lambda: through_the_door(request_), lambda: bare(request_.pk, keys), lambda: logged(request_.pk)
        )
        told(f"{size:,} consents", costs[size], bare_cost, AIM_BARE, "bare SQL + AES-GCM + JCS")
        told("", costs[size], logged_cost, AIM_BARE, "the same with keys derived and reads written down")
    for size in sizes[1:]:
        told(f"{size:,} consents", costs[size], costs[sizes[0]], AIM_FLAT, f"the door at {sizes[0]:,}")

    assert Release.objects.count() == sizes[-1]
    assert Access.objects.filter(reader="key:bench").count() >= PAGE * PASSES * ROUNDS * len(sizes)


def through_the_door(request: DataRequest) -> None:
    reader = door.Reader(request.organisation, "key:bench", "list")
    found, _ = door._read_numbered(
        request=request, reader=reader, after=FIRST - 1, limit=PAGE, at=timezone.now(), newest_first=False
    )
    assert len(b"".join(exports.ndjson_pieces([found.records])).splitlines()) == PAGE


def bare(request_id: UUID, keys: dict[UUID, bytes]) -> None:
    for row, opened in data_keys(request_id):
        assert opened
        rfc8785.dumps(json.loads(payload(row, keys[row[0]])))


def logged(request_id: UUID) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        opened = data_keys(request_id)
        cursor.execute(READS, [request_id, FIRST, PAGE])
    for row, data_key in opened:
        rfc8785.dumps(json.loads(payload(row, vault._derived(data_key)[0])))


def data_keys(request_id: UUID) -> list[tuple[tuple, bytes]]:
    """Return each sealed row with its data key, unwrapped."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [request_id, FIRST, PAGE])
        rows = cursor.fetchall()
    assert len(rows) == PAGE
    wrapping = {row[6]: AESGCM(keyring.key_of(row[6])) for row in rows}
    return [(row, wrapping[row[6]].decrypt(row[7], row[8], vault._wrap_context(row[0], row[6]))) for row in rows]


def payload(row: tuple, key: bytes) -> bytes:
    sealed_id, purpose, household, subject, nonce, ciphertext, *_ = row
    context = vault._payload_context(sealed_id, purpose, household, subject)
    return AESGCM(key).decrypt(nonce, ciphertext, context)


def cipher_keys(request_id: UUID) -> dict[UUID, bytes]:
    """Derive the keys beforehand: deriving is the vault's own wish, not AES-GCM's."""
    return {row[0]: vault._derived(data_key)[0] for row, data_key in data_keys(request_id)}


def side_by_side(*acts: Callable[[], None]) -> list[float]:
    """Return the median cost a record of each act, taken in turns, so that a slow moment hits all of them."""
    took: list[list[float]] = [[] for _ in acts]
    for _ in range(ROUNDS + 1):
        for times, act in zip(took, acts, strict=True):
            begun = time.perf_counter()
            for _ in range(PASSES):
                act()
            times.append((time.perf_counter() - begun) / (PAGE * PASSES) * 1e6)
    return [statistics.median(times[1:]) for times in took]


def told(name: str, cost: float, beside: float, aim: float, what: str) -> None:
    missed = "" if cost <= aim * beside else f"  MISSED: the aim is {aim} x"
    print(f"  {name:<20} {cost:6.0f}  {cost / beside:.2f} x {what} ({beside:.0f}){missed}")
