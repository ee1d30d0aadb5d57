"""Threads that each keep a connection to the database, because Django's are not for event loops."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections, connections

T = TypeVar("T")


class Workers:
    """Several threads. What belongs to one pairing is always done by the same one, in the order in which it came."""

    def __init__(self, count: int) -> None:
        self._threads = [ThreadPoolExecutor(1, thread_name_prefix=f"worker-{number}") for number in range(count)]

    def divided(self, things: Sequence[T], name: Callable[[T], object]) -> list[tuple[int, list[T]]]:
        """Return each worker that has something to do, with its share; things of one name are one worker's."""
        found: dict[int, list[T]] = {}
        for thing in things:
            found.setdefault(hash(name(thing)) % len(self._threads), []).append(thing)
        return list(found.items())

    async def do(self, worker: int, act: Callable[[], T]) -> T:
        """Let one thread do something, and wait for it without holding anybody up."""
        return await asyncio.get_running_loop().run_in_executor(self._threads[worker], _with_living_connection, act)

    def close(self) -> None:
        """Let every thread end, with its connection."""
        for thread in self._threads:
            thread.submit(connections.close_all).result()
            thread.shutdown()


def _with_living_connection(act: Callable[[], T]) -> T:
    close_old_connections()
    return act()
