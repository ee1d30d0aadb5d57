"""What an operation was made under, kept as a digest: the paper may be erased, the match remains."""

from uuid import UUID

from django.db import IntegrityError, connection, transaction

from rewards.ledger.errors import EvidenceStands


def keep_evidence(*, op_id: UUID, digest: bytes) -> None:
    """Keep the digest of the paper that an operation is about to be made under. Keeping it again changes nothing.

    It is sealed together with the operation. Whoever holds the paper can prove that this payment was made under it;
    whoever holds only the digest learns nothing, as long as the paper has something in it that cannot be guessed.

    Args:
        op_id: of the operation that follows in the same transaction.
        digest: SHA-256 over the paper's bytes.

    Raises:
        EvidenceStands: the operation was made already, or under another paper.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:  # savepoint: a refusal leaves the caller's usable
            cursor.execute("SELECT ledger_keep_evidence(%s, %s)", [op_id, digest])
    except IntegrityError as exc:
        raise EvidenceStands(str(op_id)) from exc
