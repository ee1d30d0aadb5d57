"""Many hands at once: threads with connections of their own, released together."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

HANDS = 20


def all_at_once(act: Callable[[int], Any], *, hands: int = HANDS) -> list[Any]:
    """Run `act(number)` in that many threads, released together; return what each answered or raised."""
    gate, answers = threading.Barrier(hands), [None] * hands

    def hand(number: int) -> None:
        try:
            gate.wait(timeout=30)
            answers[number] = act(number)
        except Exception as exc:
            answers[number] = exc
        finally:
            connection.close()

    threads = [threading.Thread(target=hand, args=(number,)) for number in range(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers
