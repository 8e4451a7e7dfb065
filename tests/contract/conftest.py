"""The media server under test (every test runs against the embedded one and, where it is, against MediaMTX), and the hub's broker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.contract.media_servers import (
    ServerUnderTest,
    embedded_under_test,
    mediamtx_under_test,
)
from tests.rabbitmq import Hub, RabbitMq, hub_at, running_rabbitmq


@pytest.fixture(params=["embedded", pytest.param("mediamtx", marks=pytest.mark.mediamtx)])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    opener = embedded_under_test if request.param == "embedded" else mediamtx_under_test
    async with opener(tmp_path) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RabbitMq]:
    """A RabbitMQ for a module's tests; to start one takes longer than most of them."""
    async with running_rabbitmq(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
async def hub(broker: RabbitMq) -> AsyncIterator[Hub]:
    """The hub on its broker, as new; who kills that or takes its memory uses ``own_hub``."""
    async with hub_at(broker) as made:
        yield made


@pytest.fixture
async def own_hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """The hub on a broker that no other test needs."""
    async with running_rabbitmq(tmp_path / "broker") as running, hub_at(running) as made:
        yield made
