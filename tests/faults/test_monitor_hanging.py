"""200 addresses that hang: the round ends with its time limit and the loop breathes."""

import asyncio
from pathlib import Path

import pytest

from tests.bench.reachability import hanging_round

COUNT = 200


@pytest.mark.timeout(30)
async def test_cameras_that_hang_hold_up_nobody(tmp_path: Path) -> None:
    silent = await asyncio.get_running_loop().create_server(
        asyncio.Protocol, "127.0.0.1", 0, backlog=COUNT
    )
    async with silent:
        found = await hanging_round(
            silent.sockets[0].getsockname()[1], COUNT, tmp_path, timeout_s=5.0
        )

    assert found.answers == COUNT
    assert 4.9 <= found.ended_s <= 6.0
    assert found.lag_p99_ms < 20
