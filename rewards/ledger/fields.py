"""Column types and defaults that Django has none of."""

from typing import Any

from django.db import models
from django.db.models import Func


class NameField(models.TextField):
    """Text compared byte by byte, without the second LIKE index that Django adds to unique text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["db_collation"] = "C"
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["db_collation"]
        return name, path, args, kwargs

    def db_type(self, connection: Any) -> str:
        return "character varying"

    def rel_db_type(self, connection: Any) -> str:
        return "character varying"


class TransactionIdField(models.Field):
    """PostgreSQL's xid8: which database transaction wrote the row; the sealer's watermark reads it."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class CurrentTransaction(Func):
    """The database transaction that writes the row."""

    function = "pg_current_xact_id"
    output_field = TransactionIdField()
