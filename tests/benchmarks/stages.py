"""Where the time goes: each watched function's own seconds, without those of the watched functions it calls."""

import functools
import time
from collections import defaultdict
from typing import Any

import pytest


class Stages:
    """Seconds by the name of the stage, over everything that is called meanwhile in this thread."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._patch = patch
        self._within: list[float] = []

    def watch(self, stage: str, module: Any, name: str) -> None:
        """Count `module.name` to a stage; several functions may be one stage."""
        real = getattr(module, name)

        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            self._within.append(0.0)
            try:
                return real(*args, **kwargs)
            finally:
                took, inner = time.perf_counter() - began, self._within.pop()
                self.spent[stage] += took - inner
                if self._within:
                    self._within[-1] += took

        self._patch.setattr(module, name, watched)

    def shares_of(self, whole: float) -> str:
        """Say each stage's share of the whole, and what is left."""
        rest = whole - sum(self.spent.values())
        return ", ".join(f"{stage} {spent / whole:.0%}" for stage, spent in (self.spent | {"the rest": rest}).items())
