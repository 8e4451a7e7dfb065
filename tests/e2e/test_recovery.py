"""What an operator's wall must survive without a reload: a camera that dies, a daemon that is killed."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

import av
import pytest
from playwright.async_api import Page

from tests.e2e.browser import chromium, log_in, wait_playing
from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import patiently

pytestmark = [pytest.mark.timeout(240)]

MARK = "() => { window.notReloaded = true; }"


async def wait_words(page: Page, *words: str, seconds: float = 30) -> None:
    """Wait until one of *words* stands on the page, in any case of letters."""
    await page.wait_for_function(
        "(words) => words.some((w) => document.body.innerText.toLowerCase().includes(w))",
        arg=[word.lower() for word in words],
        timeout=patiently(seconds) * 1000,
        polling=200,
    )


@pytest.mark.chromium
async def test_a_tile_says_that_its_camera_is_gone_and_plays_again_by_itself(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera() as lost,
        virtual_camera() as other,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("lost", lost.url())
        await admin.add_camera("other", other.url())
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await wait_playing(page, 2, 40)
        await page.evaluate(MARK)

        await lost.kill()
        await wait_words(page, "recuperando", "sinal perdido", seconds=15)
        await wait_playing(page, 1, 10)
        await asyncio.sleep(5)
        await lost.start()
        back = await admin.wait_state("lost", "recording", 20)

        assert back <= patiently(10), f"recording again after {back:.1f} s"
        await wait_playing(page, 2, 20)
        assert await page.evaluate("() => window.notReloaded === true")


@pytest.mark.chromium
async def test_the_wall_goes_on_after_the_daemon_was_killed(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with virtual_camera() as camera, chromium() as browser:
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        async with running_daemon(site) as daemon:
            async with logged_in(site) as admin:
                await admin.add_camera("cam01", camera.url())
            await log_in(page, site.url, "admin", site.password)
            await wait_playing(page, 1, 40)
            await page.evaluate(MARK)
            daemon.process.kill()
            await daemon.process.wait()
        await asyncio.sleep(4)

        async with running_daemon(site):
            await wait_playing(page, 1, 40)

            assert await page.evaluate("() => window.notReloaded === true")
            assert await page.locator("input[autocomplete=current-password]").count() == 0


async def test_kill_9_costs_each_camera_at_most_a_second_and_a_half(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    spec = ClipSpec(fps=15, key_every_s=2)
    streams = {f"c{number}": spec for number in range(4)}
    async with (
        virtual_camera(streams) as camera,
        running_daemon(site) as daemon,
        logged_in(site) as admin,
    ):
        for name in streams:
            await admin.add_camera(name, camera.url(name), skip_probe=True)
        for name in streams:
            await admin.wait_state(name, "recording", 20)
        await asyncio.sleep(8)
        killed = time.time()
        daemon.process.kill()
        await daemon.process.wait()

    for name in streams:
        ends_s, frames = await asyncio.to_thread(last_frame, site.volume / f"{name}_rec")
        assert frames > 60
        assert killed - ends_s <= patiently(1.5), f"{name} lost {killed - ends_s:.2f} s"


def last_frame(directory: Path) -> tuple[float, int]:
    """Decode the newest file, failing on the first error; return when its last frame was taken, and how many there are."""
    path = max(directory.rglob("*.mp4"))
    name = f"{path.parent.name} {path.stem} +0000"
    began = datetime.strptime(name, "%Y-%m-%d %H-%M-%S-%f %z")
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.options = {"err_detect": "explode"}
        times = [frame.time for frame in container.decode(video)]
    assert times[0] is not None
    assert times[-1] is not None
    return began.timestamp() + times[-1] - times[0] + 1 / 15, len(times)
