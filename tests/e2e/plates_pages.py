"""Pages of the console for tests of plates and alerts: who opens which room, and pictures of it."""

import os
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize

from tests.e2e.browser import log_in
from tests.e2e.daemon import Client, Site

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PICTURES = os.environ.get("PLATES_PICTURES")
"""A folder for screenshots, for whoever works on the room."""
WANTED = "RIO2A18"


async def watch_for(admin: Client, plate: str = WANTED, level: str = "critical") -> None:
    body = {"placa": plate, "reason": "furto, BO 2026/118442", "level": level}
    await admin.call("POST", "/watchlist", body, expect=201)


async def open_room(browser: Browser, site: Site, who: str, path: str = "", **options: Any) -> Page:
    wanted = {"viewport": DESK, "color_scheme": "dark", **options}
    context = await browser.new_context(locale="pt-BR", **wanted)
    page = await context.new_page()
    await log_in(page, site.url, who, site.password if who == "admin" else f"segredo-{who}")
    await page.wait_for_selector("nav")
    if path:
        await page.goto(f"{site.url}/#/{path}")
    return page


async def picture(page: Page, name: str) -> None:
    if PICTURES is not None:
        await page.wait_for_timeout(500)
        await page.screenshot(path=f"{PICTURES}/{name}.png")


async def fits(page: Page) -> bool:
    width = await page.evaluate("() => document.documentElement.scrollWidth")
    return bool(width <= (page.viewport_size or DESK)["width"])


async def listening(page: Page) -> None:
    """Wait until the page's socket of the feed was told of the connection."""
    await page.wait_for_function("() => document.documentElement.dataset.feed === 'live'")
