"""`manage.py rotate_receipt_key`: let a new key sign receipts; the old ones go on proving what they signed."""

from typing import Any

from django.core.management.base import BaseCommand

from consent.records.signing import rotate_key


class Command(BaseCommand):
    """Makes a key, and keeps only the public half of the one before. Nothing has to be started anew."""

    help = "Let a new key sign receipts. Old receipts stay valid: the public half of every key is kept."

    def handle(self, *args: Any, **options: Any) -> None:
        key = rotate_key()
        self.stdout.write(f"Key {key.number} signs from now on: {key.kid}")
