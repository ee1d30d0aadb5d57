"""Ratios of one run on one server; SIZE=full of `make bench` measures with millions of rows."""

import os

import pytest


@pytest.fixture(scope="session")
def is_full() -> bool:
    return os.environ.get("MARU_BENCH_SIZE") == "full"
