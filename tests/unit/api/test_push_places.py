"""Who sends a large body slowly keeps no other camera's readings waiting."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from tests.fakes.pushes import anpr_xml
from tests.unit.api.conftest import Served
from tests.unit.api.test_plates import access

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CROWD = 12
"""More than there are places."""


@asynccontextmanager
async def unfinished(served: Served, path: str) -> AsyncIterator[Line]:
    """Send the head of a push to *path* and two bytes of a thousand."""
    at = urlsplit(served.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    head = f"POST {path} HTTP/1.1\r\nHost: box\r\nContent-Type: application/xml\r\nContent-Length: 1000\r\n\r\n"
    writer.write(head.encode() + b"<E")
    await writer.drain()
    try:
        yield reader, writer
    finally:
        writer.close()


async def posted(served: Served, path: str) -> int:
    async with asyncio.timeout(10):
        status, _, _ = await served.exchange(
            "POST", path, data=anpr_xml(), headers={"Content-Type": "application/xml"}
        )
    return status


async def test_strangers_are_refused_before_their_bodies_are_waited_for(served: Served) -> None:
    path = (await access(served))["hikvision_path"]
    async with AsyncExitStack() as stack:
        strangers = [
            await stack.enter_async_context(
                unfinished(served, "/api/v1/webhooks/hikvision/nosuchaddress")
            )
            for _ in range(CROWD)
        ]

        assert await posted(served, path) == 200
        async with asyncio.timeout(10):
            answers = [await reader.readline() for reader, _ in strangers]

    assert {answer.split()[1] for answer in answers} == {b"401"}


async def test_a_camera_that_sends_slowly_keeps_only_itself_waiting(served: Served) -> None:
    slow = (await access(served))["hikvision_path"]
    other = (await access(served, "cam02"))["hikvision_path"]
    async with AsyncExitStack() as stack:
        for _ in range(CROWD):
            await stack.enter_async_context(unfinished(served, slow))

        assert await posted(served, other) == 200


async def test_readings_do_not_wait_for_what_others_do_with_files(served: Served) -> None:
    path = (await access(served))["hikvision_path"]
    loop, is_over = asyncio.get_running_loop(), threading.Event()
    with ThreadPoolExecutor(1) as shared:
        loop.set_default_executor(shared)
        hanging = loop.run_in_executor(None, is_over.wait)
        try:
            assert await posted(served, path) == 200
        finally:
            is_over.set()
            await hanging
