"""What somebody without a login cannot do to a site."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = [pytest.mark.timeout(120)]


async def test_silent_connections_stop_neither_recording_nor_the_api_for_long(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state", settings='[logs]\nlevel = "WARNING"\n')
    async with (
        virtual_camera() as camera,
        running_daemon(site) as daemon,
        logged_in(site) as admin,
    ):
        await admin.add_camera("cam01", camera.url())
        await admin.wait_state("cam01", "recording", 20)
        silent = []
        for _ in range(1500):
            with contextlib.suppress(OSError):
                silent.append(await asyncio.open_connection("127.0.0.1", site.ports[0]))

        def sent_away() -> int:
            return sum(reader.at_eof() or reader.exception() is not None for reader, _ in silent)

        await becomes(lambda: sent_away() > 1400, 15)
        async with asyncio.timeout(patiently(10)):
            await admin.call("GET", "/status", expect=200)
        await admin.wait_state("cam01", "recording", 5)
        assert len("\n".join(daemon.printed)) < 20_000
        for _, writer in silent:
            writer.close()


async def test_a_camera_cannot_be_the_boxs_own_media_server(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera() as camera,
        running_daemon(site),
        logged_in(site) as admin,
    ):
        await admin.add_camera("cam01", camera.url())
        await admin.wait_state("cam01", "recording", 20)
        own = f"rtsp://localhost:{site.ports[3]}/cam01_rec"
        body = {"name": "spy", "vendor": "generic_rtsp", "main_url": own}

        for path, extra in (
            ("/cameras/probe", {"vendor": "generic_rtsp", "main_url": own}),
            ("/cameras", body),
            ("/cameras", body | {"skip_probe": True}),
        ):
            problem = await admin.call("POST", path, extra, expect=422)
            assert problem["code"] == "invalid_input"
        assert len((await admin.call("GET", "/cameras", expect=200))["items"]) == 1
