"""kill -9 of the embedded media server: what is on disk is whole, and nearly all of it is there."""

import asyncio
import contextlib
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from tests.contract.footage import box_kinds, header_duration_ms, read_footage, start_us
from tests.contract.media_servers import until
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.ports import free_port
from tests.waiting import patiently

pytestmark = pytest.mark.timeout(60)

SPECS = {
    "cam01": ClipSpec(),
    "cam02": ClipSpec(audio="aac", key_every_s=2.0),
    "cam03": ClipSpec(video="h265"),
    "cam04": ClipSpec(audio="pcma"),
}


def segments_of(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.mp4"))


async def test_killed_each_camera_loses_little_and_every_file_decodes(tmp_path: Path) -> None:
    api = f"http://127.0.0.1:{(api_port := free_port())}/v3"
    async with virtual_camera(SPECS) as host, aiohttp.ClientSession() as session:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.contract.embedded_process"),
            *(str(api_port), str(free_port()), str(free_port()), str(tmp_path)),
        )

        async def answers() -> bool:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{api}/info") as answer:
                    return answer.status == 200
            return False

        await until(answers, 15, "the server answers")
        for name in SPECS:
            await asyncio.to_thread((tmp_path / f"{name}_rec").mkdir)
            fields = {"source": host.url(name), "record": True, "recordSegmentDuration": "4s"}
            async with session.post(f"{api}/config/paths/add/{name}_rec", json=fields) as answer:
                assert answer.status == 200

        async def recorded() -> bool:
            each = [await asyncio.to_thread(segments_of, tmp_path / f"{n}_rec") for n in SPECS]
            return all(len(files) >= 2 for files in each)

        await until(recorded, 20, "two segments of each camera")
        await asyncio.sleep(1.3)
        process.kill()
        killed_at = time.time()
        await process.wait()

    unfinished = 0
    for name in SPECS:
        files = await asyncio.to_thread(segments_of, tmp_path / f"{name}_rec")
        for path in files:
            assert "cut" not in await asyncio.to_thread(box_kinds, path)
            assert (await asyncio.to_thread(read_footage, path)).frames > 0
        assert await asyncio.to_thread(header_duration_ms, files[0]) > 0
        unfinished += await asyncio.to_thread(header_duration_ms, files[-1]) == 0
        last = await asyncio.to_thread(read_footage, files[-1])
        assert killed_at - (start_us(files[-1]) / 1e6 + last.length_s) <= patiently(1.5)
    # One of them may have been between two files.
    assert unfinished >= len(SPECS) - 1
