"""What must hold for every body whatsoever, and how much work one costs."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from consent.parties.errors import UnreadableBody
from marketplace.appliances.dialects import DIALECTS, Parsed, Reading, Rejection
from marketplace.insights.normalise import NormalReading, normalise
from tests.fuzz.grammar import CANARY_WORDS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEADERS = {"X-Sensor": "esp8266-1"}


def keep(dialect: str, body: bytes) -> Parsed:
    """Read a body as the door does, and hold every promise to it.

    Raises:
        AssertionError: something that is no result came out, a kind that was not promised, or a dropped word.
        Exception: whatever escaped from the dialect, which nothing may but an `UnreadableBody`.
    """
    results: Parsed = []
    with suppress(UnreadableBody):
        results = DIALECTS[dialect](body, HEADERS, received_at=NOW)
    kinds = {result.kind for result in results if isinstance(result, Reading)}
    assert kinds <= DIALECTS[dialect].kinds, f"{dialect} read a kind it does not promise"
    for text in (text for result in results for text in kept_of(result)):
        assert not any(word in text for word in CANARY_WORDS), f"{dialect} let a dropped word through"
    return results


def kept_of(result: object) -> Iterator[str]:
    """Walk every text of a result that may be kept or said: all but the source, which only an HMAC sees."""
    assert isinstance(result, Reading | Rejection)
    yield from _texts({**asdict(result), "source": None})
    if isinstance(result, Reading):
        normal = normalise(result, received_at=NOW)
        assert isinstance(normal, NormalReading | Rejection)
        if isinstance(normal, NormalReading):
            yield normal.payload(assurance="signed").decode()


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _texts(value)
    else:
        yield str(node)


def effort(dialect: str, body: bytes) -> int:
    """Count the calls that reading a body takes: the same on every machine and under every load."""
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with suppress(UnreadableBody):
            DIALECTS[dialect](body, HEADERS, received_at=NOW)
    finally:
        sys.setprofile(before)
    return calls
