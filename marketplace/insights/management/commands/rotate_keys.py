"""`manage.py rotate_keys`: a new key-encryption key, the living data keys wrapped for it, the old one destroyed."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from marketplace.insights import keyring, rotation, vault
from marketplace.insights.errors import KeyAway, RotationUnfinished

ACTOR = "system:rotate_keys"


class Command(BaseCommand):
    help = "Begin a new epoch of the vault's key and wrap the living keys for it. Killed, it goes on where it stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--epoch-ends",
            choices=["now", "later"],
            default="later",
            help="now: destroy the old key at once, so that no backup made before opens anything; "
            "later (default): keep it for MARU_KEY_OVERLAP_DAYS, so that backups can still be restored",
        )
        parser.add_argument("--batch", type=int, default=rotation.BATCH, help="data keys a transaction")
        parser.add_argument("--seconds", type=int, default=10, help="how long to wait for the key table's file")
        parser.add_argument(
            "--give-up-unreadable",
            action="store_true",
            help="destroy the old key although some data keys could not be wrapped anew; what they seal is lost",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        overlap = timedelta(0) if options["epoch_ends"] == "now" else timedelta(days=settings.KEY_OVERLAP_DAYS)
        try:
            vault.check_keys_are_there()
        except KeyAway as exc:
            if not options["give_up_unreadable"]:
                raise CommandError(f"{exc} (MARU_KEYS; --give-up-unreadable)") from exc
        self._begin(at)
        rotation.end_older(ends_at=at + overlap, at=at)
        self._rewrap(options["batch"])
        try:
            gone = rotation.destroy_ended(
                actor=ACTOR, at=timezone.now(), gives_up_unreadable=options["give_up_unreadable"]
            )
        except RotationUnfinished as exc:
            raise CommandError(f"{exc} (--give-up-unreadable)") from exc
        self._sweep(options["seconds"])
        self._tell(gone)

    def _begin(self, at: datetime) -> None:
        if rotation.is_unfinished(at=at):
            self._say(f"going on with the rotation to {keyring.epochs()[-1]} that was cut short")
        else:
            self._say(f"epoch {rotation.begin_epoch(actor=ACTOR, at=at)} begins")

    def _rewrap(self, batch: int) -> None:
        total, moved, unreadable = rotation.keys_left(), 0, 0
        for progress in rotation.rewrap_all(batch=batch):
            moved, unreadable = progress.moved, progress.unreadable
            self._say(f"{moved:,} of {total:,} keys wrapped anew")
        if unreadable:
            self._say(f"{unreadable:,} keys cannot be opened any more, and stay as they are")
        elif not moved:
            self._say("no key was left to wrap")

    def _sweep(self, seconds: int) -> None:
        if not rotation.sweep_file(seconds=seconds):
            self._say("the key table is in use; its file was only vacuumed. Run `manage.py shred` in a quieter moment")

    def _tell(self, gone: list[str]) -> None:
        newest = keyring.epochs()[-1]
        for epoch in gone:
            self._say(f"the key of {epoch} is destroyed")
        waiting = [epoch for epoch in keyring.epochs() if epoch != newest]
        if waiting:
            self._say(f"kept until their end, for backups: {', '.join(waiting)}")
        else:
            made = timezone.localtime(keyring.made_at(newest))
            self._say(f"copies of the database from before {made:%Y-%m-%d %H:%M} open nothing any more")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
