"""Codes that are read off one screen and typed into another."""

from uuid import UUID

from consent.parties.secrets import keyed_name

#: Without 0 O, 1 I L, 2 Z, 5 S, 8 B and U V: what a person takes for one another, no code holds.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
LENGTH = 12
_GROUP = 4


def code_of(code_id: UUID) -> str:
    """Return the code of an invitation: twelve letters that only the key file beside the database can make.

    So the page can show it again until it is used, and the database never holds it. 23^12 is 54 bits.
    """
    number = int(keyed_name("pairing-code", str(code_id)), 16)
    letters = []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[digit])
    return "".join(letters)


def hash_of(code: str) -> str:
    """Return what is kept of a code, however it was typed: spaces, hyphens and small letters do not matter."""
    plain = "".join(code.split()).replace("-", "").upper()
    return keyed_name("pairing-code-hash", plain[: LENGTH + 1])


def grouped(code: str) -> str:
    """Write a code as people read it aloud: `ACDE-3467-KMNP`."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))
