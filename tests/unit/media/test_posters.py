"""Posters beside a disk that hangs."""

import asyncio
import threading
from pathlib import Path

import pytest

from gtvision_edge.media import posters as module
from gtvision_edge.media.model import CameraOnAir
from gtvision_edge.media.paths import PathUse
from gtvision_edge.media.posters import Posters
from gtvision_edge.media.upstream import Upstream, open_lines
from gtvision_edge.runtime.errors import DiskHangsError
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.waiting import patiently


async def nothing_live() -> None:
    return None


async def test_a_disk_that_hangs_takes_no_thread_of_the_decoders(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DISK_PATIENCE_S", 0.1)
    released = threading.Event()

    def hangs(_: CameraOnAir) -> Path | None:
        released.wait(10)
        return None

    async with open_lines() as lines:
        posters = Posters(
            Upstream("http://127.0.0.1:9", lines, None), recordings=hangs, clock=clock
        )
        asked = [
            posters.picture(
                FakeCamera(f"cam{n:02}", f"uuid-{n}"),
                PathUse.RECORD,
                nothing_live,
                has_memory=False,
            )
            for n in range(4)
        ]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        async with asyncio.timeout(patiently(2)):
            decoded = await posters._in_thread(lambda: "decoded")
        released.set()
        await posters.close()

    assert [type(each) for each in outcomes] == [DiskHangsError] * 4
    assert decoded == "decoded"
