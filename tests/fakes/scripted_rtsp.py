"""A camera whose every answer a test writes down: it speaks RTSP as badly as the test wants."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

VIDEO_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=Media\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=framerate:25.0\r\n"
    "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0IAHqtAUB7I,aM4yyA==\r\na=control:trackID=0\r\n"
    "m=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\n"
)


@dataclass
class Request:
    """One request as it came."""

    method: str
    uri: str
    headers: dict[str, str]
    writer: asyncio.StreamWriter

    def reply(
        self, status: str = "200 OK", *headers: str, body: str = "", length: bool = True
    ) -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {self.headers.get('cseq', '')}", *headers]
        if body and length:
            lines.append(f"Content-Length: {len(body.encode())}")
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

    def describe(self, sdp: str = VIDEO_SDP, *headers: str) -> None:
        self.reply("200 OK", "Content-Type: application/sdp", *headers, body=sdp)


Script = Callable[[Request], Awaitable[None]]


@dataclass
class ScriptedCamera:
    """Where it listens and what it was asked."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/live", userinfo: str = "") -> str:
        return f"rtsp://{userinfo}127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def scripted_camera(script: Script) -> AsyncIterator[ScriptedCamera]:
    """Open a camera on loopback that hands each request to *script*; a script may hang, write bytes, or close."""
    camera = ScriptedCamera()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        camera.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
                first, *lines = head.rstrip().split("\r\n")
                method, uri, _ = first.split(" ")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines)
                }
                request = Request(method, uri, headers, writer)
                camera.requests.append(request)
                await script(request)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # a cancelled handler must end quietly: the stream protocol would log it
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    camera.port = server.sockets[0].getsockname()[1]
    try:
        yield camera
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def digest_guard(
    user: str, password: str, *, algorithm: str | None = None, qop: str | None = None
) -> Callable[[Request], bool]:
    """Return a check that lets a request with the right digest pass and challenges any other."""
    make = hashlib.sha256 if algorithm and algorithm.startswith("SHA-256") else hashlib.md5
    nonce = '8f2a\\"quoted'

    def h(text: str) -> str:
        return make(text.encode()).hexdigest()

    def check(request: Request) -> bool:
        given = {
            key: quoted or bare
            for key, quoted, bare in re.findall(
                r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', request.headers.get("authorization", "")
            )
        }
        if given:
            ha1 = h(f"{user}:cam 1:{password}")
            if algorithm and algorithm.endswith("-sess"):
                ha1 = h(f'{ha1}:8f2a"quoted:{given.get("cnonce", "")}')
            ha2 = h(f"{request.method}:{request.uri}")
            middle = f"{given.get('nc')}:{given.get('cnonce')}:{given.get('qop')}:" if qop else ""
            if given["response"] == h(f'{ha1}:8f2a"quoted:{middle}{ha2}'):
                return True
        extra = (f", algorithm={algorithm}" if algorithm else "") + (
            f', qop="{qop}"' if qop else ""
        )
        request.reply(
            "401 Unauthorized",
            f'WWW-Authenticate: Digest realm="cam 1", nonce="{nonce}", opaque="x"{extra}',
        )
        return False

    return check
