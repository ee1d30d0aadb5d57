"""Column types that Django has no field for."""

from typing import Any

from django.db import models


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
