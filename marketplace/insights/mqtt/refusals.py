"""What is wrong with a publication, and what is wrong with the house: one is refused, the other waited out."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import DataError, IntegrityError, connection
from django.db.utils import Error as AnyDatabaseError

from consent.parties.errors import PartiesError
from marketplace.appliances.errors import AppliancesError
from marketplace.insights.errors import InsightsError
from marketplace.insights.mqtt.publications import Publication

logger = logging.getLogger(__name__)
#: What a publication is refused with that nothing here understands.
SET_ASIDE = "set_aside"
#: What a room says of a home, a key or a body.
Refusal = (AppliancesError, PartiesError)


class NotNow(Exception):
    """Database, disk or a key file does not do its part. Nothing is lost: the broker still holds what is not done."""


def is_of_the_house(exc: BaseException) -> bool:
    """Tell what is wrong with the house from what is wrong with a publication."""
    if isinstance(exc, DataError | IntegrityError):
        return False
    return isinstance(exc, AnyDatabaseError | OSError | MemoryError | InsightsError)


def refuse(publications: Iterable[Publication], code: str) -> None:
    """Refuse publications as a whole, under one code."""
    for one in publications:
        one.refuse(code)


def set_aside(publications: Iterable[Publication], exc: Exception) -> None:
    """Refuse what nobody foresaw. It is told by its kind alone: its words may hold what came."""
    logger.error("a publication was set aside: %s", type(exc).__name__)
    refuse(publications, SET_ASIDE)


@contextmanager
def refusing(*publications: Publication) -> Iterator[None]:
    """Turn a refusal inside the block into the outcome of its publications; anything unforeseen sets them aside."""
    try:
        yield
    except Refusal as refusal:
        refuse(publications, refusal.code)
    except Exception as exc:
        if is_of_the_house(exc):
            raise
        set_aside(publications, exc)


@contextmanager
def nothing_lost() -> Iterator[None]:
    """Say `NotNow` of what is wrong with the house, and leave no broken connection behind.

    Raises:
        NotNow: the database, the disk or a key file failed.
    """
    try:
        yield
    except Exception as exc:
        connection.close()
        if is_of_the_house(exc):
            raise NotNow(type(exc).__name__) from exc
        raise
