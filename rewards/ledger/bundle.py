"""The books in one file that needs no Maru to be checked: `verify_bundle.py` reads it."""

import json
import struct
import tempfile
import zipfile
from typing import IO, Any

from django.db import connection, transaction

from rewards.ledger import sealing, signed_notes
from rewards.ledger.models import Account, Checkpoint

CHUNK = 2000
IN_MEMORY = 16 * 1024 * 1024


def write_bundle() -> IO[bytes]:
    """Return the bundle of the newest checkpoint, ready to be read from its beginning.

    Everything is read from one snapshot.

    Raises:
        NotSealedYet: nothing was sealed so far.
    """
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the caller reads and closes it)
    try:
        _write(file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


@transaction.atomic
def _write(file: IO[bytes]) -> None:
    with connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    newest = sealing.latest_checkpoint()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("key", signed_notes.verifier_key() + "\n")
        archive.writestr("checkpoint", newest.note)
        for older in _one_an_hour(before=newest.tree_size):
            archive.writestr(f"checkpoints/{older.tree_size}", older.note)
        _write_leaves(archive, newest.tree_size)
        archive.writestr("accounts.json", json.dumps(_accounts()))
        claims = {"tree_size": newest.tree_size, "standing": _standing(newest.tree_size)}
        archive.writestr("claims.json", json.dumps(claims))


def _one_an_hour(*, before: int) -> list[Checkpoint]:
    return list(
        Checkpoint.objects.raw(
            """SELECT DISTINCT ON (date_trunc('hour', sealed_at)) * FROM ledger_checkpoint WHERE tree_size < %s
               ORDER BY date_trunc('hour', sealed_at), tree_size DESC""",
            [before],
        )
    )


def _write_leaves(archive: zipfile.ZipFile, size: int) -> None:
    """Write every leaf's content, made anew from the journal, and beside it the hash that was sealed."""
    hashes = []
    with archive.open("leaves", "w", force_zip64=True) as file, connection.cursor() as cursor:
        for first in range(0, size, CHUNK):
            cursor.execute(LEAVES, [first, min(first + CHUNK, size)])
            for digest, content in cursor.fetchall():
                hashes.append(bytes(digest))
                if content is not None:  # a row that is gone: the verifier names its leaf
                    file.write(struct.pack(">I", len(content)) + bytes(content))
    archive.writestr("hashes", b"".join(hashes))


def _accounts() -> list[Any]:
    return list(Account.objects.order_by("id").values("id", "address", "kind", "floor", "has_balance"))


def _standing(size: int) -> dict[str, list[int]]:
    """Return where every account stood when the tree had `size` leaves: today's balance, less what came since."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [size])
        return {address: [int(posted), int(held), version] for address, posted, held, version in cursor.fetchall()}


LEAVES = """
SELECT l.hash, CASE WHEN t.id IS NOT NULL THEN ledger_leaf_content(t, d.address, c.address) END
FROM ledger_leaf l LEFT JOIN ledger_transfer t ON t.id = l.transfer_id
LEFT JOIN ledger_account d ON d.id = t.debit_id LEFT JOIN ledger_account c ON c.id = t.credit_id
WHERE l.index >= %s AND l.index < %s ORDER BY l.index
"""

STANDING = """
WITH since AS MATERIALIZED (
    SELECT t.* FROM ledger_transfer t
    WHERE NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id AND l.index < %s)
),
changed AS (
    SELECT debit_id AS account_id, CASE WHEN credit_id IS NULL THEN 0 ELSE -amount END AS posted,
           CASE kind WHEN 'hold' THEN amount ELSE 0 END AS held, 1 AS version FROM since
    UNION ALL SELECT credit_id, amount, 0, 1 FROM since WHERE credit_id IS NOT NULL
    UNION ALL SELECT s.debit_id, 0, -h.amount, 0
        FROM since s JOIN ledger_transfer h ON h.id = s.hold_id WHERE s.hold_leg = 1
),
undone AS (
    SELECT account_id, sum(posted) AS posted, sum(held) AS held, sum(version) AS version FROM changed GROUP BY 1
)
SELECT a.address,
       CASE WHEN a.has_balance THEN b.credits - b.debits ELSE
            (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE credit_id = a.id AND credit_version IS NULL)
          - (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE debit_id = a.id AND debit_version IS NULL)
       END - coalesce(u.posted, 0),
       coalesce(b.held, 0) - coalesce(u.held, 0),
       CASE WHEN a.has_balance THEN b.version - coalesce(u.version, 0) ELSE 0 END::bigint
FROM ledger_account a
LEFT JOIN ledger_balance b ON b.account_id = a.id LEFT JOIN undone u ON u.account_id = a.id
ORDER BY a.address
"""
