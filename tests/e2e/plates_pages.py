"""What tests of plates and alerts do in the console."""

from typing import Any

from playwright.async_api import Browser, Page

from tests.e2e.daemon import Client, Site
from tests.e2e.rooms import open_room

WANTED = "RIO2A18"


async def watch_for(admin: Client, plate: str = WANTED, level: str = "critical") -> None:
    body = {"placa": plate, "reason": "furto, BO 2026/118442", "level": level}
    await admin.call("POST", "/watchlist", body, expect=201)


async def open_dark(browser: Browser, site: Site, who: str, path: str = "", **options: Any) -> Page:
    """Open a room as a control room has it, unless *options* say otherwise."""
    return await open_room(browser, site, who, path, **{"color_scheme": "dark", **options})


async def listening(page: Page) -> None:
    """Wait until the page's socket of the feed was told of the connection."""
    await page.wait_for_function("() => document.documentElement.dataset.feed === 'live'")
