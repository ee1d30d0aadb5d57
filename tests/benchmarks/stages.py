"""Where the time goes: each watched function's own processor time, without that of the watched functions it calls."""

import functools
import time
from collections import defaultdict
from typing import Any

import pytest


class Stages:
    """Processor seconds of this thread by the name of the stage, from the moment this is made.

    What is left of the clock's time the thread waited, and nearly all it waits for is the database.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._patch = patch
        self._within: list[float] = []
        self._began, self._worked = time.perf_counter(), time.thread_time()

    def watch(self, stage: str, module: Any, name: str) -> None:
        """Count `module.name` to a stage; several functions may be one stage."""
        real = getattr(module, name)

        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            self._within.append(0.0)
            try:
                return real(*args, **kwargs)
            finally:
                took, inner = time.thread_time() - began, self._within.pop()
                self.spent[stage] += took - inner
                if self._within:
                    self._within[-1] += took

        self._patch.setattr(module, name, watched)

    def tell(self, items: int) -> str:
        """Say what one of some items took by the clock, and each stage's share of it."""
        whole, worked = time.perf_counter() - self._began, time.thread_time() - self._worked
        spent = {**self.spent, "the rest": worked - sum(self.spent.values()), "the database": whole - worked}
        shares = ", ".join(f"{stage} {seconds / whole:.0%}" for stage, seconds in spent.items())
        return f"{whole / items * 1e6:.0f} us each, {worked / items * 1e6:.0f} of them Python's: {shares}"
