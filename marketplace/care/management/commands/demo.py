"""`manage.py demo`: play the story against a running Maru, then write demo.json."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.care import story
from marketplace.care.browser import Refused
from marketplace.care.management.commands.cast import FILE_NAME


class Command(BaseCommand):
    help = "Play the demo's story over HTTP and write var/demo.json."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The story is for a demo only: set MARU_DEMO=1.")
        folder = Path(settings.VAR_DIR)
        logins = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        try:
            story.play(base_url=settings.BASE_URL, logins=logins, tell=self.stdout.write)
        except (Refused, story.StoryStuck) as exc:
            raise CommandError(str(exc)) from exc
        _write(folder / "demo.json", {"base_url": settings.BASE_URL, **logins})
        (folder / FILE_NAME).unlink()


def _write(file: Path, document: dict[str, Any]) -> None:
    """Write it whole or not at all: whoever finds the file may rely on it."""
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as new:
        json.dump(document, new, ensure_ascii=False, indent=2)
    draft.rename(file)
