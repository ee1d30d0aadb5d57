"""What a seal vouches for is bound as JCS bytes; rows sealed long ago open only while these bytes stay the same."""

from uuid import UUID

from consent.parties.canonical import canonical_bytes
from marketplace.insights import vault

ID, HOME, SUBJECT = (UUID(int=number) for number in (1, 2, 3))


def test_the_payloads_context_is_jcs():
    assert vault._payload_context(ID, "insight", HOME, SUBJECT) == canonical_bytes(
        {
            "p": "maru/payload/1",
            "id": str(ID),
            "purpose": "insight",
            "household": str(HOME),
            "subject": str(SUBJECT),
        }
    )


def test_the_data_keys_context_is_jcs():
    assert vault._wrap_context(ID, "e1") == canonical_bytes({"p": "maru/data-key/1", "id": str(ID), "epoch": "e1"})
