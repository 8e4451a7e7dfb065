"""Live pictures over one WebSocket per tile, handed through from the embedded media server; and how any socket of ours ends."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import WSMsgType, web

from gtvision_edge.storage import StorageError

MAX_MESSAGE = 16 * 2**20
"""A fragment is at most half a second: 1 MB at 16 Mbit/s."""
STALLED_AFTER_S = 10.0
"""A client that takes nothing for so long is let go; it comes back at the live edge."""
CHECK_INTERVAL_S = 3.0
"""So long a viewer whose session has ended may go on."""
CONNECT_TIMEOUT_S = 5.0

Close = tuple[int, bytes]
"""A close code and its word."""

# Close codes of ours (4000–4999 are free for applications); the reason is the word beside it.
GOING_AWAY = (1001, b"going_away")  # the daemon stops
SESSION_ENDED = (4401, b"session_ended")
NO_LIVE_SOCKET = (4404, b"no_live_socket")  # this media server has none: use HLS
TOO_SLOW = (4408, b"too_slow")
TOO_MANY = (4429, b"too_many_transfers")  # this person has as many as may be
STREAM_UNAVAILABLE = (4503, b"stream_unavailable")  # now; try again in a moment


async def hand_through(
    request: web.Request,
    session: aiohttp.ClientSession,
    url: str,
    *,
    still_good: Callable[[], Awaitable[bool]],
    stopping: asyncio.Event,
) -> web.WebSocketResponse:
    """Send what *url* sends, message by message, until either side ends.

    *still_good* tells whether the viewer may go on; where it raises ``StorageError`` nobody can tell, and he may not for now.
    One message is in our hands at a time: a slow client holds back the media server, which drops what is too old.
    """
    client = web.WebSocketResponse(heartbeat=20.0, max_msg_size=4096, compress=False)
    await client.prepare(request)
    code = STREAM_UNAVAILABLE
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            server = await session.ws_connect(url, max_msg_size=MAX_MESSAGE, autoping=True)
    except (aiohttp.ClientError, TimeoutError, OSError):
        await client.close(code=code[0], message=code[1])
        return client
    async with server:
        code = await until_first(
            _forward(server, client),
            until_closed(client),
            until_ended(still_good),
            until_stopping(stopping),
        )
    await client.close(code=code[0], message=code[1])
    return client


async def refuse(request: web.Request, code: Close) -> web.WebSocketResponse:
    """Open and close with *code*: a browser's script sees no HTTP status of a WebSocket."""
    client = web.WebSocketResponse()
    await client.prepare(request)
    await client.close(code=code[0], message=code[1])
    return client


def live_url(hls_url: str, path: str) -> str:
    return f"{hls_url.rstrip('/')}/{quote(path)}/live"


async def until_first(*ends: Coroutine[Any, Any, Close]) -> Close:
    """Run *ends* until one of them tells why it is over; the others are cancelled and waited for."""
    tasks = {asyncio.create_task(end, name=f"socket-{number}") for number, end in enumerate(ends)}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _forward(server: aiohttp.ClientWebSocketResponse, client: web.WebSocketResponse) -> Close:
    try:
        async for message in server:
            async with asyncio.timeout(STALLED_AFTER_S):
                if message.type is WSMsgType.BINARY:
                    await client.send_bytes(message.data)
                elif message.type is WSMsgType.TEXT:
                    await client.send_str(message.data)
    except TimeoutError:
        return TOO_SLOW
    except (ConnectionError, aiohttp.ClientError, RuntimeError):  # RuntimeError: closing
        pass
    return STREAM_UNAVAILABLE


async def until_closed(client: web.WebSocketResponse) -> Close:
    async for _ in client:
        pass  # a viewer has nothing to say
    return 1000, b""


async def until_ended(still_good: Callable[[], Awaitable[bool]]) -> Close:
    while True:
        try:
            if not await still_good():
                return SESSION_ENDED
        except StorageError:
            return STREAM_UNAVAILABLE  # his login may be good: no reason to have him log in again
        await asyncio.sleep(CHECK_INTERVAL_S)


async def until_stopping(stopping: asyncio.Event) -> Close:
    await stopping.wait()
    return GOING_AWAY
