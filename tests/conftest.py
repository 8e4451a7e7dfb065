"""Fixtures every suite may use."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import settings

from gtvision_edge.storage import Database, open_database
from tests import parts
from tests.fakes.clock import FakeClock
from tests.waiting import PATIENCE

# How long an example takes tells of the machine's other guests, and a whole test has its limit anyway.
settings.register_profile("of the time of a whole test", deadline=None)
settings.load_profile("of the time of a whole test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a whole test take as much longer as each of its waits may."""
    for item in items:
        marker = item.get_closest_marker("timeout")
        seconds = float(marker.args[0] if marker else item.config.getini("timeout"))
        item.add_marker(pytest.mark.timeout(seconds * PATIENCE), append=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    parts.require(item)


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail the test in which our code blocks the event loop."""
    with blockbuster_ctx("gtvision_edge") as blockbuster:
        yield blockbuster


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """Logs without the default's pretty tracebacks: those read source files, which counts as blocking the loop."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("NOTSET"),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "edge.db") as opened:
        yield opened
