"""A camera that misbehaves in one known way, to show that nobody else suffers."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

from gtvision_edge.media.embedded.rtsp.packets import AccessUnit, TrackSender
from tests.fakes.clips import Clip, ClipSpec, render_clip


class Fault(StrEnum):
    """The ways; each is a thing real cameras have been seen to do."""

    NEVER_ANSWERS = "never_answers"
    HANGS_AFTER_OPTIONS = "hangs_after_options"
    ALWAYS_UNAUTHORIZED = "always_unauthorized"
    SHA256_ONLY = "sha256_only"
    NOT_FOUND = "not_found"
    BUSY = "busy"  # 453
    LOSES_SESSION = "loses_session"  # plays, then answers keep-alives with 454 and falls silent
    NO_VIDEO = "no_video"
    NO_PACKETS = "no_packets"  # PLAY is answered, nothing follows
    DROPS = "drops"  # plays, then closes after ``after_s``
    DRIBBLES = "dribbles"  # one byte a second
    ENDLESS_HEADER = "endless_header"  # 100 MB
    REDIRECTS_FOREVER = "redirects_forever"
    BROKEN_SDP = "broken_sdp"


_SOUND_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\n"
    "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:trackID=0\r\n"
)
_BROKEN_SDP = (
    "v=0\r\nm=video\r\nm=\r\na=rtpmap:\r\na=fmtp:96 sprop-parameter-sets=%%%\r\nm=video -1"
)
_HEADER_BYTES = 100_000_000


class HostileCamera:
    """Made by :func:`hostile_camera`."""

    def __init__(self, fault: Fault, *, after_s: float, port: int) -> None:
        self.fault = fault
        self.after_s = after_s
        self.port = port
        self.connections = 0
        self.requests: list[str] = []
        """The methods asked for, in order, over all connections."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._clip: Clip | None = None

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/stream"

    async def start(self) -> None:
        self._clip = await asyncio.to_thread(render_clip, ClipSpec())
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Go away at once; :meth:`start` brings it back on the same port."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        player: asyncio.Task[None] | None = None
        # A cancelled handler must end quietly: the stream protocol would log it.
        with contextlib.suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            try:
                async for method, sequence in _requests(reader):
                    self.requests.append(method)
                    await self._answer(method, sequence, writer)
                    if method == "PLAY" and self.fault in (Fault.LOSES_SESSION, Fault.DROPS):
                        player = asyncio.create_task(self._play(writer))
            finally:
                if player is not None:
                    player.cancel()
                    await asyncio.gather(player, return_exceptions=True)
        self._tasks.discard(task)
        writer.transport.abort()

    async def _answer(self, method: str, sequence: str, writer: asyncio.StreamWriter) -> None:
        match self.fault:
            case Fault.NEVER_ANSWERS:
                await asyncio.Event().wait()
            case Fault.DRIBBLES:
                for byte in _reply("200 OK", sequence, "Public: DESCRIBE"):
                    writer.write(bytes((byte,)))
                    await asyncio.sleep(1.0)
            case Fault.ENDLESS_HEADER:
                writer.write(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nX-Pad: ".encode())
                for _ in range(_HEADER_BYTES // 65_536):
                    writer.write(b"x" * 65_536)
                    await writer.drain()
                writer.write(b"\r\n\r\n")
            case _ if method == "OPTIONS":
                writer.write(_reply("200 OK", sequence, "Public: DESCRIBE, SETUP, PLAY"))
            case Fault.HANGS_AFTER_OPTIONS:
                await asyncio.Event().wait()
            case Fault.ALWAYS_UNAUTHORIZED:
                nonce = secrets.token_hex(8)
                header = f'WWW-Authenticate: Digest realm="cam", nonce="{nonce}"'
                writer.write(_reply("401 Unauthorized", sequence, header))
            case Fault.SHA256_ONLY:
                header = 'WWW-Authenticate: Digest realm="cam", nonce="1", algorithm=SHA-256'
                writer.write(_reply("401 Unauthorized", sequence, header))
            case Fault.NOT_FOUND:
                writer.write(_reply("404 Not Found", sequence))
            case Fault.BUSY:
                writer.write(_reply("453 Not Enough Bandwidth", sequence))
            case Fault.REDIRECTS_FOREVER:
                target = f"{self.url}/{len(self.requests)}"
                writer.write(_reply("302 Found", sequence, f"Location: {target}"))
            case _:
                self._go_on(method, sequence, writer)
        await writer.drain()

    def _go_on(self, method: str, sequence: str, writer: asyncio.StreamWriter) -> None:
        session = "Session: 1;timeout=60"
        match method:
            case "DESCRIBE":
                kind = "Content-Type: application/sdp"
                writer.write(_reply("200 OK", sequence, kind, body=self._sdp()))
            case "SETUP":
                transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
                writer.write(_reply("200 OK", sequence, session, transport))
            case "PLAY":
                writer.write(_reply("200 OK", sequence, session))
            case _ if self.fault is Fault.LOSES_SESSION:
                writer.write(_reply("454 Session Not Found", sequence))
            case _:
                writer.write(_reply("200 OK", sequence, session))

    def _sdp(self) -> str:
        if self.fault is Fault.NO_VIDEO:
            return _SOUND_SDP
        if self.fault is Fault.BROKEN_SDP:
            return _BROKEN_SDP
        assert self._clip is not None
        head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\n"
        return head + self._clip.tracks[0].media_section(0)

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        assert self._clip is not None
        sender = TrackSender(0, self._clip.tracks[0])
        loop = asyncio.get_running_loop()
        began = loop.time()
        turn = 0
        while True:
            for sample in self._clip.samples:
                at_s = sample.at_s + turn * self._clip.duration_s
                await asyncio.sleep(max(0.0, began + at_s - loop.time()))
                if at_s >= self.after_s:
                    if self.fault is Fault.DROPS:
                        writer.transport.abort()
                    return
                stamp = sender.rtp_timestamp(round(at_s * 90_000))
                unit = AccessUnit(0, sample.data, stamp, is_key=sample.is_key)
                writer.write(unit.wire(0, sender))
            turn += 1


async def _requests(reader: asyncio.StreamReader) -> AsyncIterator[tuple[str, str]]:
    while True:
        first = await reader.readexactly(1)
        if first == b"$":
            head = await reader.readexactly(3)
            await reader.readexactly(int.from_bytes(head[1:], "big"))
            continue
        text = (first + await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
        sequence = re.search(r"(?im)^cseq:\s*(\d+)", text)
        yield text.partition(" ")[0], sequence[1] if sequence else "0"


def _reply(status: str, sequence: str, *headers: str, body: str = "") -> bytes:
    lines = [f"RTSP/1.0 {status}", f"CSeq: {sequence}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@asynccontextmanager
async def hostile_camera(
    fault: Fault, *, after_s: float = 1.0, port: int = 0
) -> AsyncIterator[HostileCamera]:
    """Run a camera with *fault* on loopback; *after_s* is when the playing ones give up."""
    camera = HostileCamera(fault, after_s=after_s, port=port)
    await camera.start()
    try:
        yield camera
    finally:
        await camera.kill()
