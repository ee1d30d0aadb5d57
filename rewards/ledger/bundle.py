"""The books in one file that needs no Maru to be checked: `verify_bundle.py` reads it."""

import json
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection, transaction

from rewards.ledger import liabilities, sealing, signed_notes, witnesses
from rewards.ledger.models import Checkpoint, Liabilities

#: The file that checks a bundle, for those who take one along.
VERIFIER = Path(__file__).with_name("verify_bundle.py")

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
        archive.writestr("witnesses", "".join(f"{line}\n" for line in settings.WITNESS_KEYS))
        archive.writestr("checkpoint", witnesses.note_of(newest))
        for older in _older(before=newest.tree_size):
            archive.writestr(f"checkpoints/{older.tree_size}", witnesses.note_of(older))
        _write_leaves(archive, newest.tree_size)
        claims = {
            "tree_size": newest.tree_size,
            "standing": _standing(newest.tree_size),
            "seeds": _seeds(newest.tree_size),
        }
        archive.writestr("claims.json", json.dumps(claims))


def _older(*, before: int) -> list[Checkpoint]:
    """Return one checkpoint an hour, and the last that each witness has signed."""
    return list(
        Checkpoint.objects.raw(
            """SELECT * FROM ledger_checkpoint WHERE tree_size IN (
                   SELECT max(tree_size) FROM ledger_checkpoint WHERE tree_size < %(before)s
                       GROUP BY date_trunc('hour', sealed_at)
                   UNION SELECT max(checkpoint_id) FROM ledger_cosignature WHERE checkpoint_id < %(before)s
                       GROUP BY witness)
               ORDER BY tree_size""",
            {"before": before},
        )
    )


def _write_leaves(archive: zipfile.ZipFile, size: int) -> None:
    """Write every leaf's row with its salts, made anew as it stands, and beside it the hash that was sealed."""
    hashes, lengths = [], []
    with archive.open("leaves", "w", force_zip64=True) as file, connection.cursor() as cursor:
        for first in range(0, size, CHUNK):
            cursor.execute(LEAVES, [first, min(first + CHUNK, size)])
            for digest, content in cursor.fetchall():
                hashes.append(bytes(digest))
                if content is not None:  # a row that is gone: the verifier names its leaf
                    file.write(content)
                    lengths.append(len(content))
    archive.writestr("lengths", struct.pack(f">{len(lengths)}I", *lengths))
    archive.writestr("hashes", b"".join(hashes))


def _standing(size: int) -> dict[str, list[int]]:
    """Return where every account stood when the tree had `size` leaves."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [size])
        return {address: [posted, held, version] for address, posted, held, version in cursor.fetchall()}


def _seeds(size: int) -> dict[int, str]:
    """Return the salt of the newest tree of what is owed: whoever reads a bundle sees every balance anyway."""
    newest = Liabilities.objects.filter(tree_size__lt=size).order_by("-tree_size").first()
    return {newest.tree_size: liabilities.seed_of(newest.tree_size).hex()} if newest else {}


LEAVES = "SELECT hash, content FROM ledger_records(%s, %s) ORDER BY index"
STANDING = "SELECT address, credits - debits, held, version FROM ledger_standings(%s)"
