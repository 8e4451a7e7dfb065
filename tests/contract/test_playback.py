"""What was recorded plays in a browser: across another picture size, a gap and midnight, with the wall clock right."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from gtvision_edge.recordings.model import CameraNo
from gtvision_edge.storage import Database
from tests.contract.media_servers import ServerUnderTest
from tests.contract.playing import playing, read_recorded
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import START_US, record
from tests.fakes.virtual_camera import virtual_camera

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(120)]

S = 1_000_000
OUTAGE_S = 3
_ANY = CameraNo(1)
CLIP = ClipSpec(seconds=4, key_every_s=1)
LARGE = replace(CLIP, width=640, height=360)


def ball_us(ball: float) -> int:
    """Return how far into its clip a picture is."""
    return round(ball * CLIP.seconds * S)


async def test_it_plays_across_a_new_size_a_gap_and_midnight_with_the_clock_right(
    database: Database, tmp_path: Path
) -> None:
    midnight = START_US
    files = {
        midnight - 10 * S: CLIP,
        midnight - 6 * S: CLIP,
        midnight - 2 * S: CLIP,  # spans midnight
        midnight + 2 * S: LARGE,
        midnight + 60 * S: CLIP,  # after a gap
    }

    def write() -> None:
        for start_us, spec in files.items():
            record(tmp_path / "volume" / "cam01_rec", spec, start_us=start_us)

    await asyncio.to_thread(write)
    async with playing(
        database, tmp_path / "state", tmp_path / "volume", midnight - 10 * S, midnight + 70 * S
    ) as player:
        duration = await player.duration()
        shown = [await player.shown(at) for at in (0.9, 5.2, 9.3, 11.1, 14.0, 18.5, 2.6)]
        frames = await player.play_to_the_end(rate=2, within_s=40)
        fatal = await player.fatal_errors()

    assert duration == pytest.approx(20, abs=0.3)
    assert not fatal
    assert frames >= 200
    assert [each["width"] for each in shown] == [320, 320, 320, 320, 640, 320, 320]
    for each in shown:
        date_us = each["date"] * 1000
        begin_us = max(start_us for start_us in files if start_us <= date_us)
        truth_us = begin_us + ball_us(each["ball"])
        assert abs(date_us - truth_us) < 200_000, each


async def test_what_a_media_server_recorded_of_a_g711_camera_plays(
    server: ServerUnderTest, database: Database, tmp_path: Path
) -> None:
    async with virtual_camera(ClipSpec(audio="pcma", key_every_s=1)) as camera:
        await server.add_recorded("cam01_rec", camera.url())
        await server.wait_files("cam01_rec", 3)
        await camera.kill()
        await server.wait_ready("cam01_rec", ready=False)
        await asyncio.sleep(OUTAGE_S)
        camera.streams["stream"] = replace(CLIP, audio="pcma", width=640, height=360)
        await camera.start()
        await server.wait_files("cam01_rec", 6)
        await camera.kill()
        await server.wait_ready("cam01_rec", ready=False)
    await server.api("POST", "config/paths/delete/cam01_rec")
    segments = await asyncio.to_thread(read_recorded, server.volume / "cam01_rec", _ANY)
    shown_s = sum(each.media_us for each in segments) / S
    assert any(after.start_us - before.end_us > S for before, after in pairwise(segments))

    async with playing(
        database,
        tmp_path / "state",
        server.volume,
        segments[0].start_us,
        segments[-1].end_us,
    ) as player:
        duration = await player.duration()
        shown = await player.shown(duration - 1.5)
        frames = await player.play_to_the_end(rate=2, within_s=60)
        fatal = await player.fatal_errors()

    assert not fatal
    assert duration == pytest.approx(shown_s, abs=1)
    assert shown["width"] == 640
    assert frames > shown_s * 10
