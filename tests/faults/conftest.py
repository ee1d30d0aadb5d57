"""Faults take as long as one gives them: MARU_FAULT_SECONDS bounds a run, and what did not fit is named."""

import os
import time
from collections.abc import Iterator

import pytest

from tests.faults.clusters import Cluster

BEGUN = time.monotonic()
BUDGET_SECONDS = float(os.environ.get("MARU_FAULT_SECONDS") or "inf")


#: What a slice must not miss comes first; the rest as far as the time goes.
FIRST = ["test_many_hands", "test_kills", "test_supervisor_is_killed"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST)

    if items and all("faults" in item.path.parts for item in items):
        items.sort(key=place)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() - BEGUN > BUDGET_SECONDS:
        pytest.skip(f"the slice of {BUDGET_SECONDS:.0f} s is over; make faults runs everything")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out: pytest's own summary only counts it."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section(f"{len(skipped)} left out of this run")
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {report.longrepr[2].removeprefix('Skipped: ')}")


@pytest.fixture
def seconds_left() -> float:
    """How much of the slice is left; a long test does as many rounds as fit."""
    return BUDGET_SECONDS - (time.monotonic() - BEGUN)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory, django_db_blocker) -> Iterator[Cluster]:
    """A PostgreSQL of our own that waits for the disk; whoever kills it starts it again."""
    server = Cluster(tmp_path_factory.mktemp("cluster") / "var")
    with django_db_blocker.unblock():
        server.start()
        try:
            server.migrate()
            yield server
        finally:
            server.stop()


@pytest.fixture
def own_database(cluster, django_db_blocker) -> Iterator[str]:
    """A migrated database in our own cluster; Django means it too. Its URL is the owner's."""
    with django_db_blocker.unblock(), cluster.database() as url:
        yield url
