"""What a body comes to, said in one line a result."""

import json
from datetime import UTC, datetime

from marketplace.appliances.dialects import DIALECTS, Rejection
from marketplace.insights.normalise import normalise

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT, SECONDS = "2026-11-20T11:40:00.000Z", 1795174800
COOLER, FREEZER = "cooler", "freezer"
NOTHING = ["not_an_insight"]


def read(dialect, document, headers=None):
    """Parse and normalise one body, which may be bytes, text or anything JSON holds."""
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    parsed = DIALECTS[dialect](body, headers or {}, received_at=NOW)
    return [one if isinstance(one, Rejection) else normalise(one, received_at=NOW) for one in parsed]


def outcome(found):
    """Say a rejection by its code, and a reading by its kind, its value and its zone if it has one."""
    if isinstance(found, Rejection):
        return found.code
    return (found.kind, found.value, *([found.zone] if found.zone else []))


def outcomes(dialect, document, headers=None):
    return [outcome(found) for found in read(dialect, document, headers)]
