"""`manage.py thank`: an organisation thanks every home of an area, or every home that is named, at once."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from consent.parties.errors import PartiesError
from consent.parties.models import Organisation, User
from rewards.treasury import operations
from rewards.treasury.errors import BudgetTooSmall, TreasuryError
from rewards.treasury.models import Thanks
from rewards.treasury.operations import Outcome
from rewards.treasury.queries import purse_of, wallets_in


class Command(BaseCommand):
    help = (
        "Thank many homes at once from what an organisation has. The same --batch goes on where it stopped; "
        "no home is thanked twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--batch", required=True, help="the name of this thank-you; once used, it stays what it was"
        )
        parser.add_argument("--by", required=True, help="email address of the admin who answers for it")
        parser.add_argument(
            "--organisation", type=UUID, help="who thanks and pays: Maru itself, and nobody else so far"
        )
        parser.add_argument("--tokens", required=True, type=int, help="for each home")
        parser.add_argument("--why-ko", required=True, help="why, as homes read it in Korean")
        parser.add_argument("--why-en", required=True, help="the same in English")
        homes = parser.add_mutually_exclusive_group(required=True)
        homes.add_argument("--area", help="code of an area; what lies in it is thanked too")
        homes.add_argument("--homes", help="a file with one household's id per line, or - for standard input")
        homes.add_argument("--everybody", action="store_true", help="every home")
        parser.add_argument("--dry-run", action="store_true", help="count and check the budget; write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = User.objects.filter(email__iexact=options["by"]).first()
        if actor is None:
            raise CommandError("Nobody has this email address.")
        addresses = self._addresses(options)
        terms = {
            "batch": options["batch"],
            "organisation": self._organisation(options["organisation"]),
            "tokens": options["tokens"],
            "words_ko": options["why_ko"],
            "words_en": options["why_en"],
        }
        try:
            if options["dry_run"]:
                return self._rehearse(terms, addresses)
            thanks = operations.begin_thanks(**terms, actor=actor, at=timezone.now())
            self._thank(thanks, addresses)
        except BudgetTooSmall as refusal:
            raise CommandError(f"{refusal.needed:,} tokens are needed, {refusal.available:,} are there.") from refusal
        except (TreasuryError, PartiesError) as refusal:
            raise CommandError(str(refusal)) from refusal
        return None

    def _organisation(self, given: UUID | None) -> Organisation:
        wanted = {"pk": given} if given else {"kind": Organisation.Kind.PLATFORM}
        found = Organisation.objects.filter(**wanted).first()
        if found is None:
            raise CommandError("There is no such organisation.")
        return found

    def _addresses(self, options: dict[str, Any]) -> list[str]:
        wallets = wallets_in(area=options["area"] or "")
        if options["homes"]:
            wallets = wallets.filter(household__in=self._named(options["homes"]))
        found = list(wallets.values_list("account__address", flat=True))
        if not found:
            raise CommandError("No home was found.")
        return found

    def _named(self, file: str) -> list[UUID]:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        try:
            return [UUID(line.strip()) for line in text.splitlines() if line.strip()]
        except ValueError as exc:
            raise CommandError("A line is not the id of a household.") from exc

    def _rehearse(self, terms: dict[str, Any], addresses: list[str]) -> None:
        thanks = Thanks.objects.filter(batch=terms["batch"]).select_related("organisation").first()
        needed = operations.check_budget(thanks or Thanks(**terms), addresses=addresses)
        purse = purse_of(terms["organisation"])
        self.stdout.write(
            f"{len(addresses):,} homes, {needed:,} tokens still to give from {purse}. Nothing was written."
        )

    def _thank(self, thanks: Thanks, addresses: list[str]) -> None:
        began, total = time.monotonic(), len(addresses)

        def report(done: Outcome) -> None:
            self.stdout.write(f"{done.homes:,} of {total:,} homes, {time.monotonic() - began:.1f} s")
            self.stdout.flush()

        done = operations.thank_homes(thanks=thanks, addresses=addresses, report=report)
        self.stdout.write(
            f"Thanked {done.thanked:,} homes with {thanks.tokens:,} tokens each; "
            f"{done.before:,} had theirs before, {done.closed:,} are closed."
        )
