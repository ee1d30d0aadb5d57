"""`manage.py cast`: make the demo's people and organisations, and keep their logins beside the demo."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace.care import cast

#: Logins wait here until the story has been told; `manage.py demo` turns the file into demo.json.
FILE_NAME = "demo.cast.json"


class Command(BaseCommand):
    help = "Make the demo's people and organisations in an empty Maru."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The cast is for a demo only: set MARU_DEMO=1.")
        file = Path(settings.VAR_DIR) / FILE_NAME
        if cast.is_assembled() and file.exists():
            return
        logins = cast.assemble(at=timezone.now())
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as new:
            json.dump(logins, new, ensure_ascii=False, indent=2)
