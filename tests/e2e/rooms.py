"""Rooms of the console as a person opens them, and pictures of them for whoever works on one."""

import os
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize

from tests.e2e.browser import log_in
from tests.e2e.daemon import Site

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PICTURES = os.environ.get("CONSOLE_PICTURES")
"""A folder for screenshots."""


async def open_room(browser: Browser, site: Site, who: str, path: str = "", **options: Any) -> Page:
    """Log *who* in and go to *path*; *options* are those of the browser's context."""
    context = await browser.new_context(locale="pt-BR", **{"viewport": DESK, **options})
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
