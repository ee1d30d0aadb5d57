"""What matching takes in hand: rows of one statement, which takes insights together with their homes, as rows.

No model instances and no objects for ids: most insights end without an ask, and are looked at for microseconds.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models
from django.db.models.functions import Cast

from consent.parties.models import Household
from consent.records.models import Preference
from marketplace.appliances.models import Appliance
from marketplace.brokerage.joining import joined_as_written
from marketplace.insights.models import Waiting


class Noticed(NamedTuple):
    """One insight on the work list, its appliance's switches and its home's place; ids are text.

    Attributes:
        sealed_id: None where the value is destroyed.
        city_id: the city around the home's district, if it lies in one.
    """

    pk: str
    kind: str
    assurance: str
    sealed_id: str | None
    appliance_id: str
    private_to_id: str | None
    never_share: bool
    never_kinds: list[str]
    manufacturer_id: str | None
    household_id: str
    area_id: str
    city_id: str | None

    @property
    def areas(self) -> tuple[str, ...]:
        return (self.area_id, self.city_id) if self.city_id else (self.area_id,)

    @property
    def switches(self) -> tuple[str | None, bool, list[str]]:
        """Whose the appliance is, and what its home shuts."""
        return self.private_to_id, self.never_share, self.never_kinds

    @property
    def stream(self) -> tuple[str, str]:
        return self.appliance_id, self.kind


#: Where each of the columns stands, seen from a row of the work list; ids are cast to text.
_INSIGHT, _APPLIANCE, _HOME = "insight__", "insight__appliance__", "insight__household__"
_COLUMNS = (
    *(_INSIGHT + name for name in ("id", "kind", "assurance", "sealed_id")),
    *(_APPLIANCE + name for name in ("id", "private_to_id", "never_share", "never_kinds", "manufacturer_id")),
    *(_HOME + name for name in ("id", "area_id", "area__parent_id")),
)
#: Beside the row of the list: the home's line, so that no two matchings spend one week; and the home as whoever brings
#: something holds it, so that nobody comes, goes or closes it meanwhile. What another has in hand is left to them.
_LOCKING = f"""
FOR UPDATE OF "{Waiting._meta.db_table}", "{Preference._meta.db_table}" SKIP LOCKED
FOR SHARE OF "{Household._meta.db_table}" SKIP LOCKED"""
#: Stands for the time, in a statement that is composed once.
_AT = datetime.min.replace(tzinfo=UTC)


def take(*, at: datetime, limit: int) -> list[Noticed]:
    """Take insights that may be asked about at `at`, with their homes; a home without a line is none of them.

    Several may take at once: each gets homes that nobody else has in hand, and waits for nobody.
    """
    statement, parameters = _taking(limit)
    with joined_as_written(), connection.cursor() as cursor:
        cursor.execute(statement, [at if one == _AT else one for one in parameters])
        return list(map(Noticed._make, cursor.fetchall()))


def moved_since(taken: Collection[Noticed]) -> set[str]:
    """Return those of these insights whose appliance is not any more as it was when they were taken.

    What is switched after a statement has begun, that statement does not see, whatever it locks.
    """
    named = {UUID(insight.appliance_id) for insight in taken}
    now = Appliance.objects.filter(pk__in=named).values_list("pk", "private_to", "never_share", "never_kinds")
    found = {str(pk): (str(owner) if owner else None, *switches) for pk, owner, *switches in now}
    return {insight.pk for insight in taken if found[insight.appliance_id] != insight.switches}


@lru_cache(maxsize=8)
def _taking(limit: int) -> tuple[str, tuple[Any, ...]]:
    due = Waiting.objects.due(_AT).filter(insight__household__preference__isnull=False).order_by("ask_after")
    statement, parameters = due.values_list(*map(_as_text, _COLUMNS))[:limit].query.sql_with_params()
    return statement + _LOCKING, parameters


def _as_text(column: str) -> Any:
    is_id = column.endswith(("__id", "_id"))
    return Cast(column, models.TextField()) if is_id else models.F(column)
