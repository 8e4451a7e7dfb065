"""The probe against cameras that work, cameras that misbehave, and GStreamer's."""

import asyncio
import io
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Literal

import psutil
import pytest
from PIL import Image
from pydantic import SecretStr

from gtvision_edge.cameras.address import Address, check_address
from gtvision_edge.cameras.errors import CameraError, CameraNoDataError, CameraUnauthorizedError
from gtvision_edge.cameras.model import ProbeRequest
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.probe import MAX_PROBES, CameraProber
from gtvision_edge.errors import EdgeError
from gtvision_edge.media.embedded.rtsp import Credentials
from gtvision_edge.runtime.clock import SystemClock
from tests.e2e.gstreamer_cameras import gstreamer_cameras
from tests.fakes.clips import ClipSpec
from tests.fakes.hostile_camera import Fault, hostile_camera
from tests.fakes.scripted_rtsp import Request, Script, scripted_camera
from tests.fakes.virtual_camera import VirtualCamera, virtual_camera
from tests.waiting import becomes, patiently

PASSWORD = "p@ss:w/rd#1?%ç"


@pytest.fixture
async def resolver() -> AsyncIterator[NameResolver]:
    async with NameResolver(SystemClock()) as opened:
        yield opened


@pytest.fixture
def prober(resolver: NameResolver) -> CameraProber:
    return CameraProber(resolver=resolver, clock=SystemClock(), timeout_s=5.0)


@pytest.fixture
def impatient(resolver: NameResolver) -> CameraProber:
    """A prober of half the time: whatever a camera does scales with it.

    A busy machine needs the other half to start the probe's process, and is still judged with some to spare.
    """
    return CameraProber(resolver=resolver, clock=SystemClock(), timeout_s=min(patiently(2.5), 5.0))


def address(
    main_url: str, sub_url: str | None = None, *, user: str = "", password: str = ""
) -> Address:
    return check_address(
        ProbeRequest(
            vendor="generic_rtsp",
            username=user,
            password=SecretStr(password),
            main_url=main_url,
            sub_url=sub_url,
            http_port=9,  # nobody listens there
        )
    )


def both(camera: VirtualCamera) -> Address:
    return address(camera.url("main"), camera.url("sub"))


def codes(warnings: object) -> list[str]:
    assert isinstance(warnings, tuple)
    return [warning["code"] for warning in warnings]


async def test_everything_is_seen_within_the_time(prober: CameraProber) -> None:
    streams = {
        "main": ClipSpec(audio="pcma", width=1280, height=720, fps=20, key_every_s=1.0),
        "sub": ClipSpec(video="h265", fps=10, key_every_s=2.0),
    }
    async with virtual_camera(streams, credentials=Credentials("admin", PASSWORD)) as camera:
        report = await prober.probe(both(camera))

    main, sub = report.main, report.sub
    assert (main.codec, main.width, main.height, main.audio_codec) == ("h264", 1280, 720, "pcma")
    assert main.fps == pytest.approx(20, rel=0.1)
    assert main.keyframe_interval_s == pytest.approx(1.0, abs=0.15)
    assert not main.keyframe_interval_is_minimum
    assert main.bitrate_bps == pytest.approx(200_000, rel=0.8)
    assert sub is not None
    assert (sub.codec, sub.width, sub.height, sub.audio_codec) == ("h265", 320, 180, None)
    assert codes(report.warnings) == ["h265_in_browser"]
    assert report.elapsed_s <= patiently(5.0)
    assert report.snapshot is not None
    with Image.open(io.BytesIO(report.snapshot)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 360))


async def test_a_long_group_of_pictures_is_told_as_a_minimum(prober: CameraProber) -> None:
    async with virtual_camera(ClipSpec(key_every_s=8.0, seconds=8.0)) as camera:
        report = await prober.probe(address(camera.url()))

    assert report.main.keyframe_interval_is_minimum
    assert report.main.keyframe_interval_s is not None
    assert report.main.keyframe_interval_s > 3.75
    assert codes(report.warnings) == ["no_sub_stream", "long_keyframe_interval"]


async def test_a_missing_sub_stream_does_not_fail_the_main_one(prober: CameraProber) -> None:
    async with virtual_camera(ClipSpec()) as camera:
        report = await prober.probe(address(camera.url(), camera.url() + "-not-there"))

    assert report.sub is None
    assert codes(report.warnings) == ["no_sub_stream"]


async def test_a_hanging_sub_stream_does_not_fail_the_main_one(prober: CameraProber) -> None:
    async with (
        virtual_camera(ClipSpec()) as camera,
        hostile_camera(Fault.NO_PACKETS) as sub,
    ):
        report = await prober.probe(address(camera.url(), sub.url))

    assert report.main.codec == "h264"
    assert report.sub is None
    assert report.elapsed_s <= patiently(5.0)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.NEVER_ANSWERS, "camera_timeout"),
        (Fault.DRIBBLES, "camera_timeout"),
        (Fault.ENDLESS_HEADER, "camera_bad_response"),
        (Fault.ALWAYS_UNAUTHORIZED, "camera_unauthorized"),
        (Fault.SHA256_ONLY, "camera_unauthorized"),
        (Fault.NOT_FOUND, "camera_path_not_found"),
        (Fault.BUSY, "camera_busy"),
        (Fault.NO_VIDEO, "camera_no_video"),
        (Fault.NO_PACKETS, "camera_no_data"),
        (Fault.REDIRECTS_FOREVER, "camera_bad_response"),
    ],
)
async def test_each_way_to_fail_has_its_own_words_in_time(
    impatient: CameraProber, fault: Fault, code: str
) -> None:
    async with hostile_camera(fault) as camera:
        started = time.perf_counter()
        with pytest.raises(CameraError) as failure:
            await impatient.probe(address(camera.url, user="admin", password="wrong-one"))
        elapsed_s = time.perf_counter() - started

    assert failure.value.code == code
    assert elapsed_s <= patiently(2.5)
    assert "wrong-one" not in str(failure.value)


async def test_silence_is_told_within_five_seconds(prober: CameraProber) -> None:
    async with hostile_camera(Fault.NO_PACKETS) as camera:
        started = time.perf_counter()
        with pytest.raises(CameraNoDataError):
            await prober.probe(address(camera.url))

    assert time.perf_counter() - started <= patiently(5.0)


async def test_a_wrong_password_is_tried_once(prober: CameraProber) -> None:
    async with hostile_camera(Fault.ALWAYS_UNAUTHORIZED) as camera:
        with pytest.raises(CameraError):
            await prober.probe(address(camera.url, camera.url, user="admin", password="wrong"))

    assert camera.requests == ["DESCRIBE", "DESCRIBE"]  # the first one carried no password


VIDEO_ONLY = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n"
TRANSPORT = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"


async def play(request: Request, *, refused: str = "", silent: str = "") -> None:
    """Go through a session up to PLAY; then dribble a byte now and then, which no read timeout notices."""
    if request.method == silent:
        await asyncio.Event().wait()
    if request.method == "DESCRIBE":
        request.describe(VIDEO_ONLY)
    elif request.method == "SETUP" and refused:
        request.reply(refused)
    elif request.method == "SETUP":
        request.reply("200 OK", "Session: 1", TRANSPORT)
    else:
        request.reply("200 OK", "Session: 1")
    while request.method == "PLAY":
        request.writer.write(b"$")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (play, "camera_timeout"),
        (partial(play, silent="SETUP"), "camera_timeout"),
        (partial(play, refused="453 Not Enough Bandwidth"), "camera_busy"),
        (partial(play, refused="401 Unauthorized"), "camera_unsupported_auth"),
    ],
)
async def test_failures_after_describe_are_told_apart_in_time(
    impatient: CameraProber, script: Script, code: str
) -> None:
    async with scripted_camera(script) as camera:
        started = time.perf_counter()
        with pytest.raises(CameraError) as failure:
            await impatient.probe(address(camera.url()))

    assert failure.value.code == code
    assert time.perf_counter() - started <= patiently(2.5)
    assert await asyncio.to_thread(psutil.Process().children) == []


@pytest.mark.parametrize(("audio", "is_told"), [("pcma", True), ("aac", False)])
async def test_sound_that_is_silent_in_playback_is_told_where_the_media_server_keeps_it(
    prober: CameraProber, audio: Literal["aac", "pcma"], is_told: bool
) -> None:
    async with virtual_camera(ClipSpec(audio=audio, key_every_s=1.0)) as camera:
        beside_embedded = await prober.probe(address(camera.url()))
        prober.expect_sound_kept()
        beside_mediamtx = await prober.probe(address(camera.url()))

    assert beside_embedded.main.audio_codec == audio
    told = {"code": "audio_not_in_playback", "codec": audio}
    assert told not in beside_embedded.warnings
    assert (told in beside_mediamtx.warnings) == is_told


async def test_a_refused_audio_track_does_not_fail_the_video(impatient: CameraProber) -> None:
    asked: list[str] = []

    async def script(request: Request) -> None:
        asked.append(f"{request.method} {request.uri[-1]}")
        if request.method == "DESCRIBE":
            request.describe()
        elif request.method == "SETUP" and request.uri.endswith("trackID=1"):
            request.reply("461 Unsupported Transport")
        else:
            request.reply("200 OK", "Session: 1", TRANSPORT)

    async with scripted_camera(script) as camera:
        with pytest.raises(CameraError) as failure:
            await impatient.probe(address(camera.url()))

    assert (
        asked.count("SETUP 0") == 2
    )  # the second time for the video alone, which this camera does not send
    assert any(entry.startswith("PLAY") for entry in asked)
    assert failure.value.code == "camera_no_data"


async def test_a_closed_port_is_told_at_once(prober: CameraProber) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        started = time.perf_counter()
        with pytest.raises(CameraError) as failure:
            await prober.probe(address(f"rtsp://127.0.0.1:{unused.getsockname()[1]}/"))

    assert failure.value.code == "camera_unreachable"
    assert time.perf_counter() - started < patiently(1)


async def test_a_cancelled_probe_leaves_no_process(prober: CameraProber) -> None:
    async with hostile_camera(Fault.NO_PACKETS) as camera:
        probing = asyncio.create_task(prober.probe(address(camera.url)))
        await becomes(lambda: "PLAY" in camera.requests, 4)
        probing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probing

    children = await asyncio.to_thread(psutil.Process().children)
    assert children == []


async def test_a_fifth_probe_waits_for_a_place_but_not_for_ever(resolver: NameResolver) -> None:
    prober = CameraProber(resolver=resolver, clock=SystemClock(), timeout_s=0.6)
    async with hostile_camera(Fault.NEVER_ANSWERS) as camera:
        outcomes = await asyncio.gather(
            *(prober.probe(address(camera.url)) for _ in range(MAX_PROBES + 5)),
            return_exceptions=True,
        )

    found = [outcome.code for outcome in outcomes if isinstance(outcome, EdgeError)]
    assert found.count("camera_timeout") >= MAX_PROBES + 4
    assert len(found) == len(outcomes)


async def test_the_clock_is_read_from_the_web_server_where_rtsp_does_not_tell(
    prober: CameraProber,
) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        slow = datetime.now(UTC) - timedelta(seconds=3600)
        writer.write(
            f"HTTP/1.1 401 No\r\nDate: {format_datetime(slow, usegmt=True)}\r\n\r\n".encode()
        )
        writer.close()

    server = await asyncio.start_server(web, "127.0.0.1", 0)
    async with server, virtual_camera(ClipSpec()) as camera:
        port = server.sockets[0].getsockname()[1]
        report = await prober.probe(replace(address(camera.url()), http_port=port))

    assert report.clock_offset_s == pytest.approx(-3600, abs=1)
    assert {"code": "clock_off", "seconds": -3600} in report.warnings


@pytest.mark.gstreamer
@pytest.mark.parametrize(
    ("path", "codec", "audio"),
    [
        ("h264", "h264", None),
        ("h265", "h265", None),
        ("digest", "h264", None),
        ("alaw", "h264", "pcma"),
    ],
)
async def test_cameras_that_are_not_ours(
    prober: CameraProber, path: str, codec: str, audio: str | None
) -> None:
    async with gstreamer_cameras() as cameras:
        report = await prober.probe(address(cameras.url(path)))
        if path == "digest":
            url = cameras.url(path, with_password=False)
            with pytest.raises(CameraUnauthorizedError):
                await prober.probe(address(url, user="admin", password="other"))

    assert (report.main.codec, report.main.width, report.main.height) == (codec, 640, 360)
    assert report.main.audio_codec == audio
    assert report.main.fps == pytest.approx(25, rel=0.1)
    assert report.main.keyframe_interval_s == pytest.approx(1, abs=0.2)
    assert report.snapshot is not None
