"""Ratios of one run on one server; SIZE=full of `make bench` measures with millions of rows."""

import os
import threading
from collections.abc import Iterator

import pytest
from django.db import connection

from rewards.ledger.sealing import seal

SEAL_EVERY_SECONDS = 2.0


@pytest.fixture(scope="session")
def is_full() -> bool:
    return os.environ.get("MARU_BENCH_SIZE") == "full"


@pytest.fixture
def sealer(bench) -> Iterator[None]:
    """The clock's sealer, at work while what is measured runs on the books of `bench`."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(SEAL_EVERY_SECONDS):
            seal()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    is_over.set()
    thread.join()
