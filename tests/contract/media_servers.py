"""The media servers of the contract suite: the embedded one, and the real MediaMTX where there is one."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from gtvision_edge.media.embedded.server import EmbeddedServer, open_embedded_server
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.settings import EmbeddedSettings
from tests.contract.footage import header_duration_ms
from tests.mediamtx import running_mediamtx
from tests.ports import free_port
from tests.waiting import patiently

HLS_SECRET = "contract"


class Addresses(Protocol):
    @property
    def api_url(self) -> str: ...
    @property
    def hls_url(self) -> str: ...
    @property
    def rtsp_url(self) -> str: ...


@dataclass(slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ServerUnderTest:
    """One media server, talked to as the daemon does: over HTTP and RTSP, and by its files."""

    kind: str
    volume: Path
    addresses: Addresses
    session: aiohttp.ClientSession
    restart: Callable[[], Awaitable[None]]
    started_paths: list[str] = field(default_factory=list)

    @property
    def is_embedded(self) -> bool:
        return self.kind == "embedded"

    @property
    def rtsp_url(self) -> str:
        return self.addresses.rtsp_url

    async def api(self, method: str, route: str, body: object = None) -> Answer:
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body))
        return await self._ask(method, f"{self.addresses.api_url}/v3/{route}", data)

    async def hls(self, route: str) -> Answer:
        return await self._ask("GET", f"{self.addresses.hls_url}/{route}", None)

    async def add(self, name: str, fields: Mapping[str, object]) -> None:
        if "record" in fields:
            await self.make_directory(name)
        answer = await self.api("POST", f"config/paths/add/{name}", fields)
        assert answer.status == 200, answer.text

    async def make_directory(self, name: str) -> None:
        """Make a path's directory, as the daemon does before anything is recorded; the embedded server needs it."""
        await asyncio.to_thread((self.volume / name).mkdir, parents=True, exist_ok=True)

    async def add_recorded(self, name: str, source: str, **fields: object) -> None:
        await self.add(name, self.recording(source) | fields)

    def recording(self, source: str) -> dict[str, object]:
        return {
            "source": source,
            "rtspTransport": "tcp",
            "record": True,
            "recordPath": f"{self.volume}/%path/%Y-%m-%d/%H-%M-%S-%f",
            "recordFormat": "fmp4",
            "recordPartDuration": "500ms",
            "recordSegmentDuration": "3s",
            "recordDeleteAfter": "0s",
        }

    async def path(self, name: str) -> dict[str, Any]:
        answer = await self.api("GET", f"paths/get/{name}")
        return dict(answer.json()) if answer.status == 200 else {}

    async def wait_ready(self, name: str, *, ready: bool = True, timeout_s: float = 15) -> None:
        await until(lambda: self._is_ready(name, ready), timeout_s, f"{name} ready={ready}")

    async def _is_ready(self, name: str, ready: bool) -> bool:
        return bool((await self.path(name)).get("ready", False)) is ready

    def files(self, name: str) -> list[Path]:
        """Return the path's segments, oldest first. Blocks: call in a thread."""
        return sorted((self.volume / name).rglob("*.mp4"))

    async def wait_files(self, name: str, count: int, timeout_s: float = 20) -> list[Path]:
        async def enough() -> bool:
            return len(await asyncio.to_thread(self.files, name)) >= count

        await until(enough, timeout_s, f"{count} segments of {name}")
        return await asyncio.to_thread(self.files, name)

    async def wait_finished(self, name: str, timeout_s: float = 5) -> list[Path]:
        """Wait until each of the path's segments has its length written into it: none is being recorded."""

        before: list[Path] | None = None

        async def finished() -> bool:
            nonlocal before
            found = await asyncio.to_thread(self.files, name)
            lengths = [await asyncio.to_thread(header_duration_ms, path) for path in found]
            was, before = before, found
            return all(lengths) and was == found  # not between two of them

        await until(finished, timeout_s, f"{name} is finished", every_s=0.3)
        return before or []

    async def _ask(self, method: str, url: str, data: str | None) -> Answer:
        headers = {"Authorization": f"Bearer {HLS_SECRET}"} if method == "GET" else {}
        if "/v3/" in url:
            headers = {}
        async with self.session.request(
            method, url, data=data, headers=headers, allow_redirects=False
        ) as response:
            return Answer(response.status, response.content_type, await response.read())


async def until(
    condition: Callable[[], Awaitable[bool]], timeout_s: float, what: str, every_s: float = 0.1
) -> float:
    """Wait :func:`patiently` until *condition* holds; return how long it took."""
    timeout_s = patiently(timeout_s)
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < timeout_s, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(every_s)
    return time.monotonic() - began


@asynccontextmanager
async def embedded_under_test(directory: Path) -> AsyncIterator[ServerUnderTest]:
    settings = EmbeddedSettings(api_port=free_port(), hls_port=free_port(), rtsp_port=free_port())
    volume = directory / "volume"
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        inner = await stack.enter_async_context(AsyncExitStack())

        async def open_server() -> EmbeddedServer:
            return await inner.enter_async_context(
                open_embedded_server(settings, record_root=volume, clock=SystemClock())
            )

        async def restart() -> None:
            await inner.aclose()
            server.addresses = await open_server()

        server = ServerUnderTest("embedded", volume, await open_server(), session, restart)
        yield server


@asynccontextmanager
async def mediamtx_under_test(directory: Path) -> AsyncIterator[ServerUnderTest]:
    async with (
        aiohttp.ClientSession() as session,
        running_mediamtx(directory / "mediamtx", hls_secret=HLS_SECRET) as real,
    ):

        async def restart() -> None:
            await real.stop()
            await real.start()

        yield ServerUnderTest("mediamtx", directory / "volume", real, session, restart)
