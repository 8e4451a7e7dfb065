"""One camera's trouble is its own: of thirty-two, one dies and comes back."""

import asyncio
import itertools
from pathlib import Path

import av
import pytest

from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera

pytestmark = pytest.mark.timeout(240)

OTHERS = 31
FPS = 10
SPEC = ClipSpec(fps=FPS, key_every_s=1)


async def test_31_cameras_keep_every_frame_while_one_is_killed_and_recorded_again(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    streams = {f"c{number}": SPEC for number in range(OTHERS)}
    async with (
        virtual_camera(streams) as wall,
        virtual_camera(SPEC) as victim,
        running_daemon(site),
        logged_in(site) as admin,
    ):
        for name in streams:
            await admin.add_camera(name, wall.url(name), skip_probe=True)
        await admin.add_camera("victim", victim.url(), skip_probe=True)
        for camera_id in (*streams, "victim"):
            await admin.wait_state(camera_id, "recording", 30)
        await asyncio.sleep(3)

        await victim.kill()
        await admin.wait_state("victim", "offline", 30)
        await asyncio.sleep(5)
        await victim.start()
        took = await admin.wait_state("victim", "recording", 30)
        await asyncio.sleep(3)

    assert took <= 10, f"recording again {took:.1f} s after it was back"
    for name in streams:
        gaps, frames = await asyncio.to_thread(count_gaps, site.volume / f"{name}_rec")
        assert frames > FPS * 10, name
        assert gaps == [], f"{name} misses frames after {gaps}"


def count_gaps(directory: Path) -> tuple[list[float], int]:
    """Return after which times (s) frames are missing in a camera's only file, and how many frames it has."""
    (path,) = directory.rglob("*.mp4")
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        times = sorted(
            float(packet.pts * video.time_base)
            for packet in container.demux(video)
            if packet.pts is not None and video.time_base is not None
        )
    steps = itertools.pairwise(times)
    return [before for before, after in steps if after - before > 1.5 / FPS], len(times)
