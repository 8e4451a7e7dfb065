from collections.abc import AsyncIterator

import pytest

from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.runtime.clock import SystemClock


@pytest.fixture
async def resolver() -> AsyncIterator[NameResolver]:
    async with NameResolver(SystemClock()) as opened:
        yield opened
