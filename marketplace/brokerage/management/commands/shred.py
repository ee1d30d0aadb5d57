"""`manage.py shred`: destroy everything whose time is over, with progress. The clock does the same bit by bit."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count
from django.utils import timezone

from consent.parties import operations as parties
from marketplace.brokerage import operations
from marketplace.delivery import operations as delivery
from marketplace.insights import memories, rotation, twin
from marketplace.insights.errors import RotationUnfinished
from marketplace.insights.models import SealedObject

ACTOR = "system:shred"


class Command(BaseCommand):
    help = (
        "Destroy insights past their keeping time, copies of records past their end, months of what appliances said, "
        "memories no rule needs and keys of epochs that have ended, then write the key table's file anew. Killed, it "
        "goes on where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="objects a transaction")
        parser.add_argument("--seconds", type=int, default=10, help="how long to wait for the key table's file")

    def handle(self, *args: Any, **options: Any) -> None:
        at, batch = timezone.now(), options["batch"]
        self._run("insights past their keeping time", operations.forget_insights, at, batch)
        self._run("copies of records past their end", delivery.close_due_releases, at, batch)
        self._run("months of what appliances said", twin.close_books, at, batch)
        self._say(f"{twin.drop_months(at=at):,} tables of such months dropped")
        self._run("memories that no rule needs", memories.forget_unused, at, batch)
        self._say(f"{parties.forget_sessions(at=at):,} traces of browsers that are not signed in any more destroyed")
        self._destroy_epochs(at)
        if rotation.sweep_file(seconds=options["seconds"]):
            self._say("the key table's file is written anew; nothing of a destroyed key is left in it")
        else:
            self._say("the key table is in use; its file was only vacuumed")
        kept = SealedObject.objects.order_by("purpose").values_list("purpose").annotate(number=Count("pk"))
        self._say(f"still sealed: {', '.join(f'{number:,} {purpose}' for purpose, number in kept) or 'nothing'}")

    def _run(self, what: str, destroy: Callable[..., int], at: datetime, batch: int) -> None:
        total = 0
        while done := destroy(at=at, limit=batch):
            total += done
            self._say(f"{total:,} {what} destroyed")
        if not total:
            self._say(f"no {what}")

    def _destroy_epochs(self, at: datetime) -> None:
        for _ in rotation.rewrap_all():
            pass
        try:
            gone = rotation.destroy_ended(actor=ACTOR, at=at)
        except RotationUnfinished as exc:
            raise CommandError(str(exc)) from exc
        self._say(f"keys of ended epochs destroyed: {', '.join(gone) or 'none was due'}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
