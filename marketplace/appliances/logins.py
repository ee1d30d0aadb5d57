"""Mosquitto's two files: who may sign in, and under which topics they may speak. Pure text; a command writes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.appliances import topics


@dataclass(frozen=True)
class Login:
    """One name and the hash of its password, as `operations.hash_password` makes it."""

    name: str
    password_hash: str


def password_file(logins: Iterable[Login]) -> str:
    """Return the password file, one line a login, in the order of their names."""
    return "".join(f"{one.name}:{one.password_hash}\n" for one in sorted(logins, key=lambda one: one.name))


def access_file(*, bridge: str) -> str:
    """Return the access file. It never changes: the broker puts the name that somebody signed in with for %u.

    Args:
        bridge: the name that the bridge signs in with.
    """
    return f"""\
# The bridge takes in what homes send, and answers them.
user {bridge}
topic read {topics.ALL_THAT_COMES}
topic write out/#

# Everybody else speaks and listens under the name they signed in with, and nowhere else.
pattern write in/%u/#
pattern read out/%u/#
"""
