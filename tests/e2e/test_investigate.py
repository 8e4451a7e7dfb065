"""The room Investigar: a day is looked through, a gap is jumped over and said, what matters is kept."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Response, expect

from tests.e2e.browser import chromium, log_in
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.chromium,
]


async def timeline(admin: Client, camera_id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    span = f"start={(now - timedelta(hours=1)):%Y-%m-%dT%H:%M:%SZ}&end={now:%Y-%m-%dT%H:%M:%SZ}"
    found: dict[str, Any] = await admin.call(
        "GET", f"/cameras/{camera_id}/timeline?{span}", expect=200
    )
    return found


async def shown_at(page: Page) -> float:
    """Return the moment on display, UTC seconds, to the second."""
    value = await page.locator("[data-playhead]").get_attribute("aria-valuenow")
    return float(value or 0)


async def test_a_gap_is_jumped_over_and_an_interval_is_kept(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera() as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("cam01", camera.url())
        await admin.wait_state("cam01", "recording", 20)
        await asyncio.sleep(8)
        await camera.kill()
        await asyncio.sleep(8)
        await camera.start()

        async def two_spans() -> bool:
            spans = (await timeline(admin, "cam01"))["spans"]
            last = spans[-1] if spans else {"start": "", "end": ""}
            began, ended = (datetime.fromisoformat(last[key]) for key in ("start", "end"))
            return len(spans) >= 2 and (ended - began).total_seconds() > 10

        await becomes(two_spans, 60)
        first, *_, last = (await timeline(admin, "cam01"))["spans"]
        gap_at, back_at = (
            datetime.fromisoformat(text).timestamp() for text in (first["end"], last["start"])
        )

        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await page.wait_for_selector(".tile")
        start = datetime.fromtimestamp(gap_at - 5, UTC)
        await page.goto(f"{site.url}/#/investigate?c=cam01&z=120&t={start:%Y-%m-%dT%H:%M:%S}Z")
        player = page.locator(".player[data-camera=cam01]")
        await expect(player).to_have_attribute("data-state", "ready")
        await expect(page.locator(".lane .footage").first).to_be_visible()
        assert await page.locator(".lane .gap").count() >= 1
        assert abs(await shown_at(page) - (gap_at - 5)) <= 1

        await page.keyboard.press(" ")
        await expect(page.locator(".skipped")).to_contain_text(
            "Lacuna pulada", timeout=patiently(20) * 1000
        )

        async def is_after_the_gap() -> bool:
            return await shown_at(page) >= back_at

        await becomes(is_after_the_gap, 20)
        await page.keyboard.press(" ")

        # In and out about the gap: the bar says that something is missing.
        await page.fill(".jump input", f"{_local(gap_at - 3)}")
        await page.keyboard.press("Enter")
        await page.keyboard.press("[")
        await page.fill(".jump input", f"{_local(back_at + 4)}")
        await page.keyboard.press("Enter")
        await page.keyboard.press("]")
        await expect(page.locator(".mark-bar")).to_contain_text("falta 1 trecho")

        await page.keyboard.press("i")
        await page.fill("dialog textarea", "furto na praça")
        await page.click("dialog >> text=Preservar >> nth=-1")
        await expect(page.locator(".lane .incident")).to_have_count(1)
        (incident,) = (await admin.call("GET", "/incidents", expect=200))["items"]

        assert incident["reason"] == "furto na praça"
        assert incident["cameras"] == ["cam01"]
        assert incident["footage"]["complete"] is False


def _local(at: float) -> str:
    """Write a moment as an operator in São Paulo types it."""
    return (datetime.fromtimestamp(at, UTC) - timedelta(hours=3)).strftime("%d/%m %H:%M:%S")


async def test_the_picture_moves_at_once_and_the_address_can_be_passed_on(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera() as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("cam01", camera.url())
        await admin.wait_state("cam01", "recording", 20)
        await asyncio.sleep(25)
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        await log_in(page, site.url, "admin", site.password)
        await page.wait_for_selector(".tile")
        at = datetime.now(UTC) - timedelta(seconds=12)
        await page.goto(f"{site.url}/#/investigate?c=cam01&t={at:%Y-%m-%dT%H:%M:%S}Z&z=600")
        player = page.locator(".player[data-camera=cam01]")
        await expect(player).to_have_attribute("data-state", "ready")

        await page.get_by_role("button", name="Reproduzir").click()

        async def has_moved() -> bool:
            frames: int = await page.evaluate(
                "() => document.querySelector('.player video').getVideoPlaybackQuality().totalVideoFrames"
            )
            return frames > 20

        await becomes(has_moved, patiently(15))
        before = await shown_at(page)
        await page.get_by_role("button", name="10 s atrás").click()
        await page.get_by_role("button", name="Pausar").click()
        assert await shown_at(page) < before
        # Nothing is wider than the phone.
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Captura").click()
        assert (await download.value).suggested_filename.startswith("cam01_")


async def test_a_phone_s_fingers_reach_everything(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera() as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("cam01", camera.url())
        await admin.wait_state("cam01", "recording", 20)

        async def has_some() -> bool:
            return bool((await timeline(admin, "cam01"))["spans"])

        await becomes(has_some, 30)
        context = await browser.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
        )
        page = await context.new_page()
        await log_in(page, site.url, "admin", site.password)
        await page.wait_for_selector(".tile")
        at = datetime.now(UTC) - timedelta(seconds=3)
        await page.goto(f"{site.url}/#/investigate?c=cam01&t={at:%Y-%m-%dT%H:%M:%S}Z&z=600")
        player = page.locator(".player[data-camera=cam01]")
        await expect(player).to_have_attribute("data-state", "ready", timeout=patiently(10_000))

        assert await page.evaluate(TOO_SMALL) == []
        controls = await page.locator(".controls").bounding_box()
        assert controls is not None
        assert controls["y"] > 844 / 2

        await page.get_by_role("button", name="Ver de mais perto").tap()
        assert await sight_s(page) == pytest.approx(300, abs=2)
        await pinch_out(page, times=2)
        assert await sight_s(page) == pytest.approx(150, abs=10)

        calendar = page.locator(".calendar")
        opener = page.locator(".day-choice [aria-expanded]")
        await opener.tap()
        await expect(calendar).to_be_visible()
        box = await calendar.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        await page.keyboard.press("Escape")
        await expect(calendar).to_have_count(0)
        await opener.tap()
        await expect(calendar).to_be_visible()
        await page.touchscreen.tap(195, box["y"] + box["height"] + 24)  # below it, on the page
        await expect(calendar).to_have_count(0)

        before = await shown_at(page)
        await page.fill(".jump input", "31/12/2099 10:00")
        await page.keyboard.press("Enter")
        await expect(page.locator(".jump .fault")).to_have_text("Ainda não aconteceu")
        assert await shown_at(page) == before
        await page.keyboard.press("Escape")
        await page.locator("[data-playhead]").focus()
        await page.keyboard.press("ArrowDown")
        outline = "() => getComputedStyle(document.querySelector('[data-playhead]')).outlineStyle"
        assert await page.evaluate(outline) == "solid"
        assert await shown_at(page) == before - 1


TOO_SMALL = """() => [...document.querySelectorAll('.investigate :is(button, input)')]
    .map((each) => [each.textContent || each.ariaLabel, each.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && (box.width < 44 || box.height < 44))
    .map(([words, box]) => `${words} ${box.width}x${box.height}`)"""


async def sight_s(page: Page) -> float:
    """Return how many seconds the axis shows."""
    length: float = await page.evaluate(
        "() => { const head = document.querySelector('[data-playhead]');"
        " return head.ariaValueMax - head.ariaValueMin; }"
    )
    return length


async def pinch_out(page: Page, *, times: float) -> None:
    """Move two fingers apart about the playhead until they are *times* as far from one another."""
    lane = await page.locator(".lane").bounding_box()
    assert lane is not None
    middle, y = lane["x"] + lane["width"] / 2, lane["y"] + lane["height"] / 2
    touch = await page.context.new_cdp_session(page)

    async def send(kind: str, *apart: float) -> None:
        points = [
            {"x": middle + side * each / 2, "y": y, "id": number}
            for each in apart
            for number, side in enumerate((-1, 1))
        ]
        await touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    await send("touchStart", 60)
    for step in range(1, 11):
        await send("touchMove", 60 + 60 * (times - 1) * step / 10)
    await send("touchEnd")


LONG_CLIP = ClipSpec(seconds=200, fps=10, key_every_s=1)
"""Its ball needs longer to cross than the test lasts: where it is tells when the picture was taken."""

READ_CLOCK_AND_PICTURE = """() => {
    const player = document.querySelector('.player[data-camera=cam01]');
    const video = player.querySelector('video');
    const read = {
        state: player.dataset.state,
        clock: document.querySelector('.controls .moment b').textContent,
        label: player.querySelector('.lag').textContent,
        speed: document.querySelector('.controls .segments [aria-pressed=true]').textContent,
        ball: null,
    };
    if (video.readyState < 2 || video.seeking || read.state !== 'ready') return read;
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const row = context.getImageData(0, canvas.height >> 1, canvas.width, 1).data;
    let sum = 0, count = 0;
    for (let x = 0; x < canvas.width; x++) {
        if (row[4 * x] > 180 && row[4 * x + 1] > 150 && row[4 * x + 2] < 120) { sum += x; count++; }
    }
    if (count > 0) read.ball = sum / count / canvas.width;
    return read;
}"""


async def test_sixteen_times_as_fast_the_clock_is_that_of_the_picture_until_the_present(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera(LONG_CLIP) as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("cam01", camera.url())
        await admin.wait_state("cam01", "recording", 20)

        async def has_a_minute() -> bool:
            (first, *_) = (await timeline(admin, "cam01"))["spans"] or [None]
            if first is None:
                return False
            began, ended = (datetime.fromisoformat(first[key]) for key in ("start", "end"))
            return (ended - began).total_seconds() > 50

        await becomes(has_a_minute, 80)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        playlists: list[str] = []
        page.on(
            "request",
            lambda request: (
                playlists.append(request.url) if "/playback.m3u8" in request.url else None
            ),
        )
        await log_in(page, site.url, "admin", site.password)
        await page.wait_for_selector(".tile")
        opened_at = datetime.now(UTC)
        start = opened_at - timedelta(seconds=35)
        await page.goto(f"{site.url}/#/investigate?c=cam01&z=600&t={start:%Y-%m-%dT%H:%M:%S}Z")
        player = page.locator(".player[data-camera=cam01]")
        await expect(player).to_have_attribute("data-state", "ready", timeout=patiently(10_000))
        at_rest = await settled(page)
        # From here on, what the ball tells and what the clock tells must differ by the same.
        phase = seconds_of(at_rest["clock"]) - at_rest["ball"] * LONG_CLIP.seconds
        # What was asked for must end well before the present, so that more is asked for at this speed.
        await becomes(lambda: datetime.now(UTC) - opened_at > timedelta(seconds=20), 20)
        await page.get_by_role("button", name="×16", exact=True).click()
        await page.get_by_role("button", name="Reproduzir").click()

        seen: list[dict[str, Any]] = []

        async def is_at_the_present_again_and_again() -> bool:
            read = await page.evaluate(READ_CLOCK_AND_PICTURE)
            if read["ball"] is not None:
                seen.append(
                    read
                    | {
                        "picture": phase + read["ball"] * LONG_CLIP.seconds,
                        "at": seconds_of(f"{datetime.now(UTC) - timedelta(hours=3):%H:%M:%S}"),
                    }
                )
            return len(playlists) >= 3

        await becomes(is_at_the_present_again_and_again, 40)

        off = [apart(seconds_of(each["clock"]), each["picture"]) for each in seen]
        labelled = [apart(seconds_of(each["label"]), each["picture"]) for each in seen]
        assert max(off) < 3, seen[off.index(max(off))]
        assert max(labelled) < 3, seen[labelled.index(max(labelled))]
        assert apart(seen[-1]["picture"], seen[-1]["at"]) < 15, seen[-1]
        assert seen[-1]["speed"] == "×1"
        # A button that was clicked a moment ago does not keep the key to itself.
        await page.keyboard.press(" ")
        await expect(page.get_by_role("button", name="Reproduzir")).to_be_visible()


async def settled(page: Page) -> dict[str, Any]:
    """Return what a player that stands still shows, when it shows the same twice."""
    found: dict[str, Any] = {}

    async def stands() -> bool:
        nonlocal found
        before, found = found, await page.evaluate(READ_CLOCK_AND_PICTURE)
        return found["ball"] is not None and found == before

    await becomes(stands, 10)
    return found


def seconds_of(clock: str) -> float:
    """Read ``HH:MM:SS``."""
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def apart(one: float, other: float) -> float:
    """Return how far two times of day are from one another, in seconds, also about midnight."""
    between = abs(one - other) % 86_400
    return min(between, 86_400 - between)


async def test_a_still_picture_says_of_when_it_is(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera(ClipSpec(video="h265", seconds=8, key_every_s=8)) as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("cam01", camera.url())
        await admin.wait_state("cam01", "recording", 20)

        async def has_some() -> bool:
            found = await timeline(admin, "cam01")
            if not found["spans"]:
                return False
            began = datetime.fromisoformat(found["spans"][0]["start"])
            return (datetime.now(UTC) - began).total_seconds() > 30

        await becomes(has_some, 60)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        taken: list[datetime] = []

        def note(answer: Response) -> None:
            if "/thumbnails/" in answer.url and "x-gtv-time" in answer.headers:
                taken.append(datetime.fromisoformat(answer.headers["x-gtv-time"]))

        page.on("response", note)
        await log_in(page, site.url, "admin", site.password)
        await page.wait_for_selector(".tile")
        at = datetime.now(UTC) - timedelta(seconds=15)
        for _ in range(3):
            at -= timedelta(seconds=3)
            await page.goto(
                "about:blank"
            )  # else the page may write its own moment into the address
            await page.goto(f"{site.url}/#/investigate?c=cam01&t={at:%Y-%m-%dT%H:%M:%S}Z&z=600")
            player = page.locator(".player[data-camera=cam01]")
            await expect(player).to_have_attribute("data-state", "unplayable")
            await expect(player.locator("img.still")).to_be_visible()

            async def is_told(player: Locator = player) -> bool:
                label = await player.locator(".lag").text_content()
                return label in [f"{each - timedelta(hours=3):%H:%M:%S}" for each in taken]

            await becomes(is_told, 10)
            clock = page.locator(".controls .moment b")
            await expect(clock).to_have_text(f"{at - timedelta(hours=3):%H:%M:%S}")
        # Key frames are eight seconds apart: three moments at three-second steps cannot all be those of pictures.
        assert len({f"{each:%H:%M:%S}" for each in taken}) < 3
