"""Fixtures every suite may use."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from gtvision_edge.storage import Database, open_database
from tests.fakes.clock import FakeClock


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail the test in which our code blocks the event loop."""
    with blockbuster_ctx("gtvision_edge") as blockbuster:
        yield blockbuster


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "edge.db") as opened:
        yield opened
