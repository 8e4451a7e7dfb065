import asyncio
import threading

import pytest

from gtvision_edge.cameras import names
from gtvision_edge.cameras.errors import CameraNameUnresolvedError
from gtvision_edge.cameras.names import NameResolver
from tests.fakes.clock import FakeClock


async def test_a_name_server_that_hangs_holds_up_no_address(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    answers = threading.Event()

    def hang(host: str) -> str:
        answers.wait(20)
        return "10.0.0.1"

    monkeypatch.setattr(names, "_look_up", hang)
    async with NameResolver(clock) as resolver:
        hanging = [
            asyncio.create_task(resolver.resolve(f"cam{number}.local", timeout_s=0.2))
            for number in range(20)
        ]
        await asyncio.sleep(0.01)
        assert await resolver.resolve("10.0.0.9", timeout_s=0.2) == "10.0.0.9"
        assert await resolver.resolve("fe80::1", timeout_s=0.2) == "fe80::1"
        outcomes = await asyncio.gather(*hanging, return_exceptions=True)
        answers.set()

    assert all(isinstance(outcome, CameraNameUnresolvedError) for outcome in outcomes)


async def test_a_good_answer_outlives_the_name_server(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    asked: list[str] = []

    def look_up(host: str) -> str:
        asked.append(host)
        if len(asked) > 1:
            raise OSError("no server")
        return "10.0.0.1"

    monkeypatch.setattr(names, "_look_up", look_up)
    async with NameResolver(clock) as resolver:
        for _ in range(3):
            assert await resolver.resolve("cam.local", timeout_s=1) == "10.0.0.1"
        assert len(asked) == 1
        await clock.advance(61)
        assert await resolver.resolve("cam.local", timeout_s=1) == "10.0.0.1"
        assert len(asked) == 2
