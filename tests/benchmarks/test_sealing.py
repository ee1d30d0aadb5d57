"""How fast what is committed gets its seal, beside bare hashing; never on the path of a write."""

import time
from hashlib import sha256

from django.db import connection

from rewards.ledger import liabilities, sealing
from rewards.ledger.models import Leaf, Transfer
from tests.benchmarks.ledger_books import open_books, pay_many
from tests.rewards.ledger.tree import recomputed, unsealed

ROWS = 50_000


def test_sealing_beside_bare_hashing(committed_db):
    open_books()
    pay_many(ROWS)
    rows = Transfer.objects.count()

    begun = time.perf_counter()
    sealed = sealing.seal(seconds=600)
    took = time.perf_counter() - begun
    begun = time.perf_counter()
    assert liabilities.tell()
    told = time.perf_counter() - begun

    contents = sealing.contents_of(list(Leaf.objects.order_by("index").values_list("index", flat=True)[:20_000]))
    begun = time.perf_counter()
    for made in contents.values():
        sha256(b"\1" + sha256(b"\0" + made.content).digest() * 2).digest()
    hashing = (time.perf_counter() - begun) / len(contents)

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('ledger_leaf') + pg_total_relation_size('ledger_node')")
        (size,) = cursor.fetchone()
    print(f"\nsealing {sealed} leaves of {rows} transfers, {sealing.BATCH} rows a batch, while nobody writes")
    each = took / sealed
    print(f"  {1 / each:8.0f} leaves/s, {each * 1e6:.1f} us each: {each / hashing:.1f} x bare hashing")
    print(f"  {size / sealed:8.0f} bytes of tree a leaf")
    print(f"  what is owed, over {liabilities.latest_liabilities().shares // 2} accounts: {told:.2f} s")

    newest = sealing.latest_checkpoint()
    assert (unsealed(), bytes(newest.root)) == (0, recomputed(newest.tree_size))
