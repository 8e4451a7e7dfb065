"""Cameras that are not ours, from the installer's form to a picture that moves in the browser."""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av
import pytest

from tests.e2e.browser import chromium, log_in, wait_playing
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.gstreamer_cameras import GStreamerCameras, gstreamer_cameras
from tests.waiting import patiently

pytestmark = [
    pytest.mark.gstreamer,
    pytest.mark.timeout(180),
]


def form(cameras: GStreamerCameras, path: str, **changes: object) -> dict[str, object]:
    """What the installer types."""
    parts = urlsplit(cameras.url(path))
    return {
        "vendor": "generic_rtsp",
        "host": "127.0.0.1",
        "rtsp_port": cameras.port,
        "main_url": cameras.url(path, with_password=False),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        **changes,
    }


async def add(
    admin: Client, cameras: GStreamerCameras, path: str, **changes: object
) -> dict[str, object]:
    body = form(cameras, path, camera_id=path, name=f"Câmera {path}", **changes)
    camera: dict[str, object] = await admin.call("POST", "/cameras", body, expect=201)
    return camera


def decode(path: Path) -> tuple[str, int]:
    """Decode all video of a recorded file; return its codec and the number of frames. Raises on the first error."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.options = {"err_detect": "explode"}
        return video.codec_context.name, sum(1 for _ in container.decode(video))


def recorded_files(site: Site, camera_id: str) -> list[Path]:
    """Return the camera's files, oldest first."""
    return sorted((site.volume / f"{camera_id}_rec").rglob("*.mp4"))


@pytest.mark.chromium
async def test_gstreamer_cameras_are_onboarded_recorded_and_played(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        gstreamer_cameras() as cameras,
        running_daemon(site) as daemon,
        logged_in(site) as admin,
    ):
        for path in ("h264", "h265", "digest", "alaw"):
            report = await admin.call("POST", "/cameras/probe", form(cameras, path), expect=200)
            assert report["elapsed_s"] <= patiently(5)
            assert (report["main"]["width"], report["main"]["height"]) == (640, 360)
            assert report["main"]["codec"] == ("h265" if path == "h265" else "h264")
            assert report["snapshot"].startswith("data:image/jpeg;base64,")
            await add(admin, cameras, path)
            took = await admin.wait_state(path, "recording", 15)
            assert took <= patiently(10), f"{path} took {took:.1f} s to be recorded"

        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            await log_in(page, site.url, "admin", site.password)
            # Chromium here has no H.265 decoder: that tile says so in words.
            await wait_playing(page, 3, 60)
            assert "H.265" in await page.inner_text("body")

        assert "p@ss:w/rd" not in "\n".join(daemon.printed)
        assert "p%40ss" not in "\n".join(daemon.printed)

    # The daemon has ended, so every file is finished.
    for path, codec in (("h264", "h264"), ("h265", "hevc"), ("digest", "h264"), ("alaw", "h264")):
        files = await asyncio.to_thread(recorded_files, site, path)
        assert files, path
        name, frames = await asyncio.to_thread(decode, files[-1])
        assert name == codec
        assert frames > 50


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "wrong"}, "camera_unauthorized"),
        ({"main_url": "rtsp://127.0.0.1:{port}/nothing"}, "camera_path_not_found"),
        ({"main_url": "rtsp://127.0.0.1:1/x", "rtsp_port": 1}, "camera_unreachable"),
    ],
)
async def test_a_likely_mistake_is_named_and_stores_nothing(
    tmp_path: Path, changes: dict[str, object], code: str
) -> None:
    async with (
        gstreamer_cameras() as cameras,
        running_daemon(Site(tmp_path / "state")) as daemon,
        logged_in(daemon.site) as admin,
    ):
        filled = {
            key: value.format(port=cameras.port) if isinstance(value, str) else value
            for key, value in changes.items()
        }
        body = form(cameras, "digest", name="Portaria", **filled)

        problem = await admin.call("POST", "/cameras", body)

        assert problem["code"] == code
        assert (await admin.call("GET", "/cameras", expect=200))["items"] == []
