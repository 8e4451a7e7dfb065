"""An Intelbras camera's ``snapManager.cgi``, honest or lying: a digest login, then whatever a test has it say."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "admin", "s3gredo@#"
BOUNDARY = "myboundary"
HEAD = (
    "HTTP/1.1 200 OK\r\nConnection: close\r\n"
    f"Content-Type: multipart/x-mixed-replace; boundary={BOUNDARY}\r\n\r\n"
).encode()

Say = Callable[[asyncio.StreamWriter], Awaitable[None]]


def part(kind: str, content: bytes, *, length: int | None = -1) -> bytes:
    """Return a part; *length* -1 = the true one, None = none is told."""
    told = len(content) if length == -1 else length
    line = "" if told is None else f"Content-Length: {told}\r\n"
    return f"--{BOUNDARY}\r\nContent-Type: {kind}\r\n{line}\r\n".encode() + content + b"\r\n"


def event(plate: str = "ABC1D23", *, event_id: int = 5864, code: str = "TrafficJunction") -> bytes:
    lines = (
        f"EventBaseInfo.Code={code}",
        f"EventID={event_id}",
        f"UTC={1767214800 + event_id % 50}",
        "UTCMS=120",
        f"RealUTC={1767225600 - event_id % 50}",
        "Lane=1",
        "Object.Confidence=232",
        f"TrafficCar.PlateNumber={plate}",
        "TrafficCar.DrivingDirection[0]=Approach",
    )
    return "".join(f"Events[0].{line}\r\n" for line in lines).encode()


def text(plate: str = "ABC1D23", **about: int) -> bytes:
    return part("text/plain", event(plate, **about))  # type: ignore[arg-type]


HEARTBEAT = part("text/plain", b"Heartbeat")


@dataclass
class SnapCamera:
    """*says* is called with each connection that logged in; it ends the connection when it returns."""

    says: Say
    port: int = 0
    asked: list[str] = field(default_factory=list)
    """First lines of the requests."""
    logins: list[bool] = field(default_factory=list)
    """Which were right."""
    open_: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_ += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head.partition("\r\n")[0])
            given = re.search(r"^Authorization: Digest (.*)\r$", head, re.M | re.I)
            if given is None or not self._is_right(head, given[1]):
                if given is not None:
                    self.logins.append(False)
                writer.write(
                    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n"
                    b'WWW-Authenticate: Digest realm="Login to 5L0", qop="auth", nonce="71", opaque="9"\r\n\r\n'
                )
            else:
                self.logins.append(True)
                await self._until_left(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.open_ -= 1

    async def _until_left(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        saying, leaving = (
            asyncio.ensure_future(each) for each in (self.says(writer), reader.read(1))
        )
        try:
            await asyncio.wait({saying, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (saying, leaving):
                task.cancel()
            await asyncio.gather(saying, leaving, return_exceptions=True)

    def _is_right(self, head: str, given: str) -> bool:
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
        target = head.split(" ", 2)[1]

        def md5(plain: str) -> str:
            return hashlib.md5(plain.encode(), usedforsecurity=False).hexdigest()

        proof = md5(f"{USER}:Login to 5L0:{PASSWORD}")
        middle = f"71:{fields['nc']}:{fields['cnonce']}:auth"
        right = md5(f"{proof}:{middle}:{md5(f'GET:{target}')}")
        return (fields["username"], fields["response"]) == (USER, right)


@asynccontextmanager
async def snap_camera(says: Say) -> AsyncIterator[SnapCamera]:
    camera = SnapCamera(says)
    server = await asyncio.start_server(camera.serve, "127.0.0.1", 0)
    camera.port = server.sockets[0].getsockname()[1]
    try:
        yield camera
    finally:
        server.close()
        await server.wait_closed()
