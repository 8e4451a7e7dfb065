"""The media server under test: every test runs against the embedded one and, where it is, against MediaMTX."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.media_servers import (
    ServerUnderTest,
    embedded_under_test,
    mediamtx_under_test,
)


@pytest.fixture(params=["embedded", pytest.param("mediamtx", marks=pytest.mark.mediamtx)])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    opener = embedded_under_test if request.param == "embedded" else mediamtx_under_test
    async with opener(tmp_path) as running:
        yield running
