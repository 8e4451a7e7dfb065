"""Debian's Chromium, driven by Playwright."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.parts import program
from tests.waiting import patiently

expect.set_options(timeout=patiently(5_000))

FLAGS = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium; skips with a reason where there is none, fails in CI."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program("chromium"), args=FLAGS, timeout=patiently(30_000)
        )
        try:
            yield browser
        finally:
            await browser.close()


async def log_in(page: Page, url: str, username: str, password: str) -> None:
    """Open the console at *url* and log in as a person does."""
    await page.goto(url)
    await page.fill("input[autocomplete=username]", username)
    await page.fill("input[autocomplete=current-password]", password)
    await page.keyboard.press("Enter")


async def slow_down(page: Page, times: float) -> None:
    """Let the page compute *times* slower, as the old computer of a control room does."""
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": times})


async def type_fast(page: Page, *keys: str) -> None:
    """Press *keys* without waiting for what any of them does: one letter each, or the name of a key."""
    session = await page.context.new_cdp_session(page)
    events: list[dict[str, str]] = []
    for key in keys:
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        events += [
            {"type": "keyDown" if text else "rawKeyDown", "key": key, **text},
            {"type": "keyUp", "key": key},
        ]
    # Sent at once, in this order; the browser queues them as it does those of a keyboard.
    await asyncio.gather(*(session.send("Input.dispatchKeyEvent", event) for event in events))
    await session.detach()


async def media_times(page: Page) -> list[float]:
    """Return the media time of every player on the page, in seconds."""
    times: list[float] = await page.evaluate(
        "() => [...document.querySelectorAll('video')].map((video) => video.currentTime)"
    )
    return times


async def wait_playing(page: Page, count: int, seconds: float = 30) -> None:
    """Wait until *count* players have shown frames and go on showing them."""
    await page.wait_for_function(
        """(count) => {
            const videos = [...document.querySelectorAll('video')];
            const frames = videos.map((video) => video.getVideoPlaybackQuality().totalVideoFrames);
            const before = window.framesBefore ?? [];
            window.framesBefore = frames;
            return frames.filter((n, i) => n > 10 && n > (before[i] ?? n)).length >= count;
        }""",
        arg=count,
        timeout=patiently(seconds) * 1000,
        polling=1000,
    )
