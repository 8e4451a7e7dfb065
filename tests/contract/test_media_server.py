"""What a media server does with cameras, embedded or MediaMTX: records, shows, serves again, recovers.

Differences by design, each asserted below: the embedded server turns G.711 into AAC where MediaMTX records PCM; it
keeps sound and picture in one HLS playlist; it ends a segment on time to a tenth of a second.
"""

import asyncio
import time

import pytest

from tests.contract.footage import (
    box_kinds,
    header_duration_ms,
    read_footage,
    read_rtsp,
    start_us,
)
from tests.contract.media_servers import ServerUnderTest, until
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import VirtualCamera, virtual_camera
from tests.waiting import patiently

pytestmark = pytest.mark.timeout(90)


async def media_files(server: ServerUnderTest, name: str) -> tuple[str, list[str], str]:
    """Fetch a path's first media playlist; return its text, its segments' URIs and its init's."""
    index = await server.hls(f"{name}/index.m3u8")
    assert index.status == 200, index.text
    uri = next(line for line in index.text.splitlines() if line and not line.startswith("#"))
    playlist = await server.hls(f"{name}/{uri}")
    assert playlist.status == 200, playlist.text
    segments = [line for line in playlist.text.splitlines() if line and not line.startswith("#")]
    init = playlist.text.split('#EXT-X-MAP:URI="', 1)[1].split('"', 1)[0]
    return playlist.text, segments, init


async def test_a_camera_is_ready_with_its_tracks(server: ServerUnderTest) -> None:
    async with virtual_camera(ClipSpec(audio="aac")) as camera:
        await server.add_recorded("cam_rec", camera.url())
        await server.wait_ready("cam_rec")
        first = await server.path("cam_rec")
        await asyncio.sleep(1)
        second = await server.path("cam_rec")

    assert first["tracks"] == ["H264", "MPEG-4 Audio"]
    assert [track["codec"] for track in first["tracks2"]] == first["tracks"]
    assert second["tracks2"][0]["codecProps"]["width"] == 320
    assert second["tracks2"][1]["codecProps"]["sampleRate"] == 16000
    assert second["readyTime"] == first["readyTime"] is not None
    assert second["inboundBytes"] > first["inboundBytes"] >= 0
    assert second["bytesReceived"] == second["inboundBytes"]


@pytest.mark.parametrize(
    ("spec", "codec", "tag"),
    [
        (ClipSpec(audio="aac"), "h264", "avc1"),
        (ClipSpec(video="h265"), "hevc", "hvc1"),
        (ClipSpec(video="h265", audio="pcma"), "hevc", "hvc1"),
    ],
)
async def test_recordings_are_whole_and_decode_clean(
    server: ServerUnderTest, spec: ClipSpec, codec: str, tag: str
) -> None:
    async with virtual_camera(spec) as camera:
        await server.add_recorded("cam_rec", camera.url())
        await server.wait_files("cam_rec", 3)
        await server.api("PATCH", "config/paths/patch/cam_rec", {"record": False})
        await server.wait_finished("cam_rec")

    for path in await asyncio.to_thread(server.files, "cam_rec"):
        kinds = await asyncio.to_thread(box_kinds, path)
        assert kinds[:2] == ["ftyp", "moov"]
        assert set(kinds[2:]) == {"moof", "mdat"}
        footage = await asyncio.to_thread(read_footage, path)
        assert footage.video_codec == codec
        if server.is_embedded:
            assert footage.codec_tag == tag
        assert footage.first_is_key
        assert footage.frames == pytest.approx(footage.length_s * spec.fps, abs=1.5)
        assert footage.start_s < 0.5
        recorded_ms = await asyncio.to_thread(header_duration_ms, path)
        assert recorded_ms == pytest.approx(footage.length_s * 1000, abs=250)
        if spec.audio is None:
            assert footage.audio_codec is None
        else:
            is_pcm = spec.audio == "pcma" and not server.is_embedded
            assert (footage.audio_codec or "").startswith("pcm_" if is_pcm else "aac")
            assert footage.sound_packets > 0


async def test_segments_follow_one_another_without_a_gap(server: ServerUnderTest) -> None:
    began = time.time()
    async with virtual_camera() as camera:
        await server.add_recorded("cam_rec", camera.url())
        files = (await server.wait_files("cam_rec", 4))[:3]
    lengths = [(await asyncio.to_thread(read_footage, path)).length_s for path in files]
    starts = [start_us(path) / 1e6 for path in files]

    assert files[0].parent.parent.name == "cam_rec"
    assert began - 2 < starts[0] < began + patiently(10)
    for start, length, following in zip(starts, lengths, starts[1:], strict=False):
        # A camera may send its buffered pictures at connect: then media time runs ahead of the wall at first.
        assert following - start == pytest.approx(length, abs=1.1)
    assert lengths[1] == pytest.approx(3, abs=1.1)


async def test_recording_is_switched_while_people_watch(server: ServerUnderTest) -> None:
    async with virtual_camera() as camera:
        await server.add_recorded("cam_rec", camera.url(), record=False)
        await server.wait_ready("cam_rec")
        await asyncio.sleep(1)
        assert await asyncio.to_thread(server.files, "cam_rec") == []
        ready = (await server.path("cam_rec"))["readyTime"]

        await server.api("PATCH", "config/paths/patch/cam_rec", {"record": True})
        await server.wait_files("cam_rec", 1)
        await asyncio.sleep(1.5)
        await server.api("PATCH", "config/paths/patch/cam_rec", {"record": False})
        files = await server.wait_finished("cam_rec")
        await asyncio.sleep(1.5)

        assert await asyncio.to_thread(server.files, "cam_rec") == files
        assert await asyncio.to_thread(header_duration_ms, files[-1]) > 0
        assert (await server.path("cam_rec"))["readyTime"] == ready
        assert camera.reader_count == 1


async def test_hls_plays(server: ServerUnderTest) -> None:
    async with virtual_camera(ClipSpec(audio="aac")) as camera:
        await server.add_recorded("cam_rec", camera.url())
        await server.wait_ready("cam_rec")
        index = await server.hls("cam_rec/index.m3u8")

        async def has_two_segments() -> bool:
            return len((await media_files(server, "cam_rec"))[1]) >= 2

        await until(has_two_segments, 10, "two segments are listed")
        playlist, segments, init = await media_files(server, "cam_rec")
        bodies = [(await server.hls(f"cam_rec/{uri}")) for uri in (init, *segments)]
        gone = await server.hls("cam_rec/0123456789ab_seg7.mp4")

    assert index.content_type == "application/vnd.apple.mpegurl"
    assert 'CODECS="avc1.' in index.text
    assert "RESOLUTION=320x180" in index.text
    assert "#EXT-X-PROGRAM-DATE-TIME:20" in playlist
    assert {body.status for body in bodies} == {200}
    footage = await asyncio.to_thread(read_footage, b"".join(body.body for body in bodies))
    assert footage.first_is_key
    assert footage.frames == pytest.approx(footage.length_s * 15, abs=1)
    assert gone.status == 404


async def test_hls_of_what_is_not_there(server: ServerUnderTest) -> None:
    async with virtual_camera() as camera:
        url = camera.url()
    await server.add("cam_rec", {"source": url})
    await server.add(
        "cam_live", {"source": url, "sourceOnDemand": True, "sourceOnDemandStartTimeout": "1s"}
    )
    await asyncio.sleep(0.5)

    down = await server.hls("cam_rec/index.m3u8")
    late = await server.hls("cam_live/index.m3u8")
    unknown = await server.hls("unknown/index.m3u8")
    media = await server.hls("cam_rec/main_stream.m3u8")

    assert (down.status, late.status, unknown.status, media.status) == (404, 500, 500, 401)
    assert "no stream is available" in down.json()["error"]
    assert "timed out" in late.json()["error"]
    assert "not configured" in unknown.json()["error"]


async def test_an_on_demand_source_opens_for_readers_only(server: ServerUnderTest) -> None:
    async with virtual_camera() as camera:
        await server.add(
            "cam_live",
            {"source": camera.url(), "sourceOnDemand": True, "sourceOnDemandCloseAfter": "1s"},
        )
        await asyncio.sleep(1)
        assert camera.reader_count == 0

        kinds, keys = await asyncio.to_thread(read_rtsp, f"{server.rtsp_url}/cam_live", 20)
        assert kinds == ["video"]
        assert keys >= 1

        await until(lambda: nobody_reads(camera), 8, "the source is closed")
        await server.wait_ready("cam_live", ready=False)


async def nobody_reads(camera: VirtualCamera) -> bool:
    return camera.reader_count == 0


async def test_streams_are_served_again_over_rtsp(server: ServerUnderTest) -> None:
    async with virtual_camera(ClipSpec(audio="aac")) as camera:
        await server.add("cam_rec", {"source": camera.url()})
        await server.wait_ready("cam_rec")

        kinds, keys = await asyncio.to_thread(read_rtsp, f"{server.rtsp_url}/cam_rec", 90)

        assert sorted(kinds) == ["audio", "video"]
        assert keys >= 1
        assert camera.reader_count == 1


async def test_a_path_may_be_fed_from_another_path(server: ServerUnderTest) -> None:
    async with virtual_camera() as camera:
        await server.add("cam_rec", {"source": camera.url(), "rtspTransport": "tcp"})
        await server.add(
            "cam_ai",
            {
                "source": f"{server.rtsp_url}/cam_rec",
                "sourceOnDemand": True,
                "rtspTransport": "tcp",
            },
        )
        await server.wait_ready("cam_rec")

        kinds, keys = await asyncio.to_thread(read_rtsp, f"{server.rtsp_url}/cam_ai", 30)
        index = await server.hls("cam_ai/index.m3u8")

        assert kinds == ["video"]
        assert keys >= 1
        assert index.status == 200
        assert camera.reader_count == 1


async def test_a_camera_comes_back_and_its_neighbour_notices_nothing(
    server: ServerUnderTest,
) -> None:
    async with virtual_camera() as camera, virtual_camera() as neighbour:
        await server.add_recorded("cam_rec", camera.url())
        await server.add_recorded("other_rec", neighbour.url())
        await server.wait_files("cam_rec", 1)
        await server.wait_files("other_rec", 1)
        await server.hls("cam_rec/index.m3u8")

        await camera.kill()
        await server.wait_ready("cam_rec", ready=False)
        assert (await server.hls("cam_rec/index.m3u8")).status == 404
        await asyncio.sleep(2)
        before = await asyncio.to_thread(server.files, "cam_rec")
        await camera.start()
        back = time.monotonic()
        await server.wait_files("cam_rec", len(before) + 1)
        resumed_after = time.monotonic() - back
        index = await server.hls("cam_rec/index.m3u8")
        _, segments, init = await media_files(server, "cam_rec")
        last = await server.hls(f"cam_rec/{segments[-1]}")
        await server.api("PATCH", "config/paths/patch/other_rec", {"record": False})
        await server.wait_finished("other_rec")

    assert resumed_after <= patiently(10)
    assert index.status == last.status == 200
    assert init
    for path in before:
        assert (await asyncio.to_thread(read_footage, path)).frames > 0
    neighbours = await asyncio.to_thread(server.files, "other_rec")
    footage = [await asyncio.to_thread(read_footage, path) for path in neighbours]
    wall_s = (start_us(neighbours[-1]) - start_us(neighbours[0])) / 1e6 + footage[-1].length_s
    assert sum(item.frames for item in footage) == pytest.approx(wall_s * 15, abs=17)


async def test_changed_parameters_start_a_new_file(server: ServerUnderTest) -> None:
    async with virtual_camera() as camera:
        await server.add_recorded("cam_rec", camera.url())
        await server.wait_files("cam_rec", 1)
        count = len(await asyncio.to_thread(server.files, "cam_rec"))

        await camera.change("stream", ClipSpec(video="h265", width=640, height=360))
        await server.wait_files("cam_rec", count + 1)
        await server.api("PATCH", "config/paths/patch/cam_rec", {"record": False})
        await server.wait_finished("cam_rec")

    files = await asyncio.to_thread(server.files, "cam_rec")
    codecs = [(await asyncio.to_thread(read_footage, path)).video_codec for path in files]
    assert codecs[0] == "h264"
    assert codecs[-1] == "hevc"


async def test_a_replaced_source_is_used(server: ServerUnderTest) -> None:
    async with virtual_camera() as first, virtual_camera(ClipSpec(video="h265")) as second:
        await server.add_recorded("cam_rec", first.url())
        await server.wait_ready("cam_rec")

        await server.api("PATCH", "config/paths/patch/cam_rec", {"source": second.url()})

        async def is_second() -> bool:
            return (await server.path("cam_rec")).get("tracks") == ["H265"]

        await until(is_second, 10, "the second camera is shown")
        await until(lambda: nobody_reads(first), 5, "the first camera is let go")


async def test_deleting_a_path_finishes_its_recording(server: ServerUnderTest) -> None:
    async with virtual_camera() as camera:
        await server.add_recorded("cam_rec", camera.url())
        await server.wait_files("cam_rec", 1)
        await asyncio.sleep(1)

        await server.api("DELETE", "config/paths/delete/cam_rec")
        await until(lambda: nobody_reads(camera), 5, "the camera is let go")

        assert await server.wait_finished("cam_rec")
        assert not await server.path("cam_rec")


async def test_recording_goes_on_after_a_restart(server: ServerUnderTest) -> None:
    async with virtual_camera() as camera:
        await server.add_recorded("cam_rec", camera.url())
        await server.wait_files("cam_rec", 1)
        await server.restart()
        before = await asyncio.to_thread(server.files, "cam_rec")

        await server.add_recorded("cam_rec", camera.url())
        files = await server.wait_files("cam_rec", len(before) + 1)
        await asyncio.sleep(1)

    for path in files[: len(before)]:
        assert (await asyncio.to_thread(read_footage, path)).frames > 0
