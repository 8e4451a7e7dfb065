"""Live pictures over one WebSocket: fragments as they close, half a second behind the camera."""

import asyncio
import json
import uuid
from collections import deque

from aiohttp import WSCloseCode, web

from gtvision_edge.media.embedded.model import Fragment, Stream

_MAX_QUEUED_BYTES = 8 * 2**20
_SEND_LIMIT_S = 10.0


class LiveClient:
    """One viewer's bounded queue. One that cannot keep up misses everything up to the next key frame."""

    def __init__(self) -> None:
        self._queue: deque[Stream | Fragment] = deque()
        self._queued_bytes = 0
        self._waits_for_key = True
        self._is_over = False
        self._arrived = asyncio.Event()
        self.sent_bytes = 0
        self.id = str(uuid.uuid4())

    def begin_stream(self, stream: Stream) -> None:
        self._queue.append(stream)
        self._waits_for_key = True
        self._arrived.set()

    def put(self, fragment: Fragment) -> None:
        """Queue *fragment*; never waits."""
        if self._queued_bytes + fragment.size > _MAX_QUEUED_BYTES:
            self._queue = deque(item for item in self._queue if isinstance(item, Stream))
            self._queued_bytes = 0
            self._waits_for_key = True
        if self._waits_for_key and not fragment.starts_with_key:
            return
        self._waits_for_key = False
        self._queue.append(fragment)
        self._queued_bytes += fragment.size
        self._arrived.set()

    def end(self) -> None:
        """Let the viewer go: the path is gone."""
        self._is_over = True
        self._arrived.set()

    async def serve(self, socket: web.WebSocketResponse) -> None:
        """Send what is queued until the viewer goes; a viewer that takes nothing for 10 s is let go."""
        receiver = asyncio.ensure_future(_until_closed(socket))
        sender = asyncio.ensure_future(self._send_all(socket))
        try:
            await asyncio.wait({receiver, sender}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            receiver.cancel()
            sender.cancel()
            await asyncio.gather(receiver, sender, return_exceptions=True)
            await socket.close(code=WSCloseCode.GOING_AWAY, drain=False)

    async def _send_all(self, socket: web.WebSocketResponse) -> None:
        while not self._is_over:
            self._arrived.clear()
            while self._queue:
                item = self._queue.popleft()
                async with asyncio.timeout(_SEND_LIMIT_S):
                    await self._send(socket, item)
            await self._arrived.wait()

    async def _send(self, socket: web.WebSocketResponse, item: Stream | Fragment) -> None:
        if isinstance(item, Stream):
            await socket.send_str(json.dumps({"codecs": item.codecs, "kind": "init"}))
            await socket.send_bytes(item.init)
            self.sent_bytes += len(item.init)
            return
        self._queued_bytes = max(0, self._queued_bytes - item.size)
        await socket.send_bytes(b"".join((item.start_us.to_bytes(8, "big"), *item.parts)))
        self.sent_bytes += item.size


async def _until_closed(socket: web.WebSocketResponse) -> None:
    # What a viewer says does not matter; reading answers its pings and notices that it has gone.
    async for _ in socket:
        pass
