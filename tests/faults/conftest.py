"""Faults take as long as one gives them: MARU_FAULT_SECONDS bounds a run, and what did not fit is named."""

import os
import time

import pytest

BEGUN = time.monotonic()
BUDGET_SECONDS = float(os.environ.get("MARU_FAULT_SECONDS") or "inf")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() - BEGUN > BUDGET_SECONDS:
        pytest.skip(f"the slice of {BUDGET_SECONDS:.0f} s is over; make faults runs everything")


@pytest.fixture
def seconds_left() -> float:
    """How much of the slice is left; a long test does as many rounds as fit."""
    return BUDGET_SECONDS - (time.monotonic() - BEGUN)
