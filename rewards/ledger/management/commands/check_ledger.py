"""`manage.py check_ledger`: do the books hold?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rewards.ledger import invariants


class Command(BaseCommand):
    help = "Check every invariant of the token ledger; exit 1 and name the broken ones."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = []
        for name, rows in invariants.counted_invariants():
            self.stdout.write(f"{name}: {rows or 'holds'}")
            broken += [f"{name}: {rows}"] if rows else []
        if broken:
            raise CommandError("; ".join(broken))
        self.stdout.write(f"{len(invariants.INVARIANTS)} invariants hold")
