"""From a running box to a bundle in somebody else's hands: made through a kill, fetched through a cut, verified, watched."""

import asyncio
import json
import signal
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page

from gtvision_edge.recordings.evidence.copying import read_part
from gtvision_edge.recordings.evidence.viewing import Source, plan_viewing
from gtvision_edge.recordings.model import Span
from tests.e2e.browser import chromium
from tests.e2e.daemon import PROGRAM, Client, Site, logged_in, running_daemon
from tests.e2e.mediamtx_beside import mediamtx_beside, site_beside
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import START_US, record
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.ffmpeg,
    pytest.mark.timeout(240),
]

CLIP = ClipSpec(seconds=4, key_every_s=1, audio="aac")
SHORT_FILES = "record_segment = '4s'"
PLAYS = """async () => {
  const video = document.querySelector("video");
  await new Promise((done, fail) => {
    video.oncanplay = done; video.onerror = () => fail(new Error(video.error.message));
    if (video.readyState >= 3) done();
  });
  const seen = [];
  for (const share of [0.9, 0.1, 0.5]) {
    const wanted = video.duration * share;
    await new Promise((done) => { video.onseeked = done; video.currentTime = wanted; });
    seen.push(Math.abs(video.currentTime - wanted));
  }
  video.currentTime = Math.max(video.duration - 2, 0);
  await new Promise((done, fail) => {
    video.onended = done; video.onerror = () => fail(new Error(video.error.message));
    video.muted = true; video.play();
  });
  return {duration: video.duration, off: Math.max(...seen), width: video.videoWidth};
}"""


async def incident_of(admin: Client, seconds: float) -> dict[str, Any]:
    now = datetime.now(UTC)
    body = {
        "cameras": ["cam01"],
        "start": (now - timedelta(seconds=seconds)).isoformat(),
        "end": (now - timedelta(seconds=2)).isoformat(),
        "reason": "furto na praça",
        "reference": "BO 45/2026",
    }
    found: dict[str, Any] = await admin.call("POST", "/incidents", body, expect=201)
    return found


async def ask(admin: Client, incident: dict[str, Any]) -> str:
    body = {
        "incident_id": incident["incident_id"],
        "request": {"authority": "2ª DP", "purpose": "investigação criminal"},
    }
    return str((await admin.call("POST", "/exports", body, expect=201))["export_id"])


async def finished(admin: Client, export_id: str) -> dict[str, Any]:
    last: dict[str, Any] = {}

    async def is_over() -> bool:
        nonlocal last
        last = await admin.call("GET", f"/exports/{export_id}", expect=200)
        return last["state"] not in ("queued", "running")

    await becomes(is_over, 90)
    assert last["state"] == "done", last
    return last


async def fetched_in_two(admin: Client, export: dict[str, Any], target: Path) -> None:
    """Download the bundle, broken off in the middle and gone on with, as curl -C - does."""
    url = f"{admin.url}/api/v1/exports/{export['export_id']}/bundle"
    async with admin.session.get(url) as answer:
        assert answer.status == 200
        tag = answer.headers["ETag"]
        content = await answer.content.readexactly(export["bundle"]["bytes"] // 2)
    headers = {"Range": f"bytes={len(content)}-", "If-Range": tag}
    async with admin.session.get(url, headers=headers) as answer:
        assert answer.status == 206
        content += await answer.read()
    await asyncio.to_thread(target.write_bytes, content)


async def run(*command: str | Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


@asynccontextmanager
async def file_server(folder: Path) -> AsyncIterator[str]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<video></video>", content_type="text/html")

    application = web.Application()
    application.router.add_get("/page", page)
    application.router.add_static("/files", folder)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio.Server has them
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def watched(page: Page, url: str, path: str) -> dict[str, Any]:
    await page.goto(f"{url}/page")
    await page.evaluate(
        "(url) => { document.querySelector('video').src = url }", f"{url}/files/{path}"
    )
    found: dict[str, Any] = await page.evaluate(PLAYS)
    return found


async def judge(site: Site, bundle: Path, folder: Path, *, seconds: float) -> dict[str, Any]:
    """Verify the bundle with what a stranger has, decode and watch the copies; return the manifest."""
    async with logged_in(site) as admin:
        keys = await admin.call("GET", "/site/keys", expect=200)
    fingerprint = next(each for each in json.dumps(keys).split('"') if each.startswith("SHA256:"))
    code, printed = await run(PROGRAM, "verify", bundle, "--key", fingerprint)
    assert code == 0, printed
    await asyncio.to_thread(lambda: zipfile.ZipFile(bundle).extractall(folder))
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    (camera,) = manifest["cameras"]
    (copy,) = camera["viewing"]
    code, printed = await run(
        "ffmpeg", "-v", "error", "-xerror", "-i", folder / copy["path"], "-f", "null", "-"
    )
    assert (code, printed) == (0, "")
    async with chromium() as browser, file_server(folder) as url:
        seen = await watched(await browser.new_page(), url, copy["path"])
    assert seen["duration"] == pytest.approx(copy["length_s"], abs=0.3)
    assert seen["off"] < 0.2
    assert seen["duration"] > seconds
    return manifest


async def test_evidence_leaves_the_box_and_is_believed(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.media = (
        f'[media]\nserver = "embedded"\n{SHORT_FILES}\n[media.embedded]\n'
        f"api_port = {site.ports[1]}\nhls_port = {site.ports[2]}\nrtsp_port = {site.ports[3]}\n"
    )
    bundle = tmp_path / "bundle.zip"
    async with virtual_camera(CLIP) as camera:
        async with running_daemon(site) as daemon:
            async with logged_in(site) as admin:
                await admin.add_camera("cam01", camera.url())
                await admin.wait_state("cam01", "recording", 20)
                await asyncio.sleep(18)
                incident = await incident_of(admin, 14)
                export_id = await ask(admin, incident)

                async def is_begun() -> bool:
                    found = await admin.call("GET", f"/exports/{export_id}", expect=200)
                    return bool(found["state"] == "running")

                await becomes(is_begun, 20)
            daemon.process.send_signal(signal.SIGKILL)
            await daemon.process.wait()
        async with running_daemon(site), logged_in(site) as admin:
            export = await finished(admin, export_id)
            await fetched_in_two(admin, export, bundle)
            acts = await admin.call("GET", "/audit?action=export.", expect=200)
            manifest = await judge(site, bundle, tmp_path / "out", seconds=6)
            path = f"/incidents/{incident['incident_id']}"
            (told,) = (await admin.call("GET", path, expect=200))["footage"]["per_camera"]

    assert [each["action"] for each in acts["items"]] == [
        "export.downloaded",
        "export.finished",
        "export.created",
    ]
    (held,) = manifest["cameras"]
    # None on a machine that keeps up; where a starved one lost the camera for a moment, the bundle says what the incident says.
    for mine, its in zip(held["gaps"], told["gaps"], strict=True):
        for edge in ("start", "end"):
            away = datetime.fromisoformat(mine[edge]) - datetime.fromisoformat(its[edge])
            assert abs(away) < timedelta(seconds=1)
    assert sorted(path.name for path in (site.volume / ".exports").iterdir()) == [
        f"{export_id}.zip"
    ]


@pytest.mark.mediamtx
@pytest.mark.parametrize("audio", ["aac", "pcma"])
async def test_what_mediamtx_recorded_can_be_handed_over_and_watched(
    tmp_path: Path, audio: Any
) -> None:
    """A G.711 camera too, whose sound MediaMTX records in a form that browsers refuse."""
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera(replace(CLIP, audio=audio)) as camera,
    ):
        site = site_beside(tmp_path / "site", server)
        site.media = f"{server.settings}\n{SHORT_FILES}\n"
        async with running_daemon(site), logged_in(site) as admin:
            await admin.add_camera("cam01", camera.url())
            await admin.wait_state("cam01", "recording", 20)
            await asyncio.sleep(14)
            export = await finished(admin, await ask(admin, await incident_of(admin, 10)))
            await fetched_in_two(admin, export, tmp_path / "bundle.zip")
            manifest = await judge(site, tmp_path / "bundle.zip", tmp_path / "out", seconds=6)

    (camera_of_bundle,) = manifest["cameras"]
    (copy,) = camera_of_bundle["viewing"]
    assert copy["audio"] is not None


async def test_a_film_with_a_gap_and_sound_plays_across_it(tmp_path: Path) -> None:
    def make() -> float:
        files = [
            record(tmp_path / "cam01_rec", CLIP, start_us=START_US + second * 1_000_000)
            for second in (0, 4, 30)
        ]
        sources = [Source(file.path, file.segment) for file in files]
        (part,) = plan_viewing(sources, Span(START_US, START_US + 34_000_000))
        (tmp_path / "film.mp4").write_bytes(b"".join(read_part(part)))
        return part.length_us / 1e6

    length = await asyncio.to_thread(make)

    async with chromium() as browser, file_server(tmp_path) as url:
        seen = await watched(await browser.new_page(), url, "film.mp4")
    assert seen["duration"] == pytest.approx(length, abs=0.2) == pytest.approx(34, abs=0.2)
    assert seen["off"] < 0.2
