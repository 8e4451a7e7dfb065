import asyncio
import socket
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.runtime.pulse import Pulse
from tests.fakes.clock import FakeClock


async def test_the_pulse_counts_beats_and_feeds_the_watchdog(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(tmp_path / "notify")
    registry = CollectorRegistry()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "2000000")
        beating = asyncio.create_task(Pulse(clock, registry=registry).run())
        await asyncio.sleep(0)

        await clock.advance(2.6)
        beating.cancel()

        assert receiver.recv(100) == b"WATCHDOG=1"
        assert receiver.recv(100) == b"WATCHDOG=1"
        with pytest.raises(BlockingIOError):
            receiver.recv(100)
    assert registry.get_sample_value("gtvision_edge_loop_lag_seconds_count") == 52
