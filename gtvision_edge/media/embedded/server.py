"""The embedded media server: opens its listeners, applies its configuration, closes all of it in two seconds."""

import asyncio
import contextlib
import ctypes
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import structlog
from aiohttp import web

from gtvision_edge.cameras.agent import USER_AGENT
from gtvision_edge.media.embedded.api import build_control_api
from gtvision_edge.media.embedded.config import Fields, PathConfigs
from gtvision_edge.media.embedded.hls import build_hls
from gtvision_edge.media.embedded.leash import LeashKeeper
from gtvision_edge.media.embedded.path import (
    MediaPath,
    PathDownError,
    PathTimeoutError,
    PathTools,
)
from gtvision_edge.media.embedded.rtsp import RtspServer
from gtvision_edge.media.embedded.source import Exchange
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import EmbeddedSettings

log = structlog.get_logger(__name__)

_CLOSE_LIMIT_S = 1.7
_WATCH_S = 60.0
_TICK_S = 1.0
_M_MMAP_THRESHOLD = -3
_MMAP_THRESHOLD = 128 * 1024
_VERSION = version("gtvision-edge")


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """Where the running server listens; nothing else of it is for outsiders."""

    api_url: str
    hls_url: str
    rtsp_url: str


@asynccontextmanager
async def open_embedded_server(
    settings: EmbeddedSettings, *, record_root: Path, clock: Clock, watch_s: float = _WATCH_S
) -> AsyncIterator[EmbeddedServer]:
    """Run the media server while the block is open; it starts with no path, as MediaMTX's API forgets them.

    *record_root* is where relative ``recordPath`` templates start. *watch_s* is how long HLS segments are kept after
    the last request. Leaving finalises all segments and takes at most two seconds, whatever the cameras do.

    Raises:
        OSError: an address cannot be bound.

    """
    _return_memory_early()
    async with AsyncExitStack() as stack:
        core = _Core(PathConfigs(record_root), settings, clock, watch_s)
        keeper = LeashKeeper()
        keeper.start()
        stack.push_async_callback(asyncio.to_thread, keeper.close)
        rtsp = RtspServer(
            settings.host,
            settings.rtsp_port,
            clock=clock,
            open_missing=core.open_missing,
            # A camera that sends us on to our own server would show its owner other people's streams.
            refused_agent=USER_AGENT,
        )
        await stack.enter_async_context(rtsp)
        core.tools = PathTools(
            clock=clock,
            keeper=keeper,
            exchange=Exchange(),
            rtsp=rtsp,
            fragment_s=settings.fragment,
            segment_s=settings.hls_segment,
            segment_count=settings.hls_segment_count,
            watch_s=watch_s,
        )
        await stack.enter_async_context(core.running())
        hls_port = await _listen(stack, build_hls(core.paths.get), settings.host, settings.hls_port)
        api_port = await _listen(stack, build_control_api(core), settings.host, settings.api_port)
        yield EmbeddedServer(
            api_url=f"http://{settings.host}:{api_port}",
            hls_url=f"http://{settings.host}:{hls_port}",
            rtsp_url=f"rtsp://{settings.host}:{rtsp.port}",
        )


class _Core:
    """Keeps the running paths as the configuration wants them."""

    def __init__(
        self, configs: PathConfigs, settings: EmbeddedSettings, clock: Clock, watch_s: float
    ) -> None:
        self.configs = configs
        self.tools: PathTools | None = None
        self._settings = settings
        self._clock = clock
        self._watch_s = watch_s
        self._started = to_rfc3339(clock.now_us())
        self._paths: dict[str, MediaPath] = {}
        self._changed = asyncio.Event()
        self._closing: dict[str, asyncio.Future[None]] = {}
        self._executor = ThreadPoolExecutor(256, thread_name_prefix="media-close")

    @property
    def paths(self) -> Mapping[str, MediaPath]:
        return self._paths

    def config_changed(self) -> None:
        self._changed.set()

    def info(self) -> Fields:
        return {
            "version": f"gtvision-embedded-{_VERSION}",
            "started": self._started,
            "without": ["webrtc", "rtmp", "srt", "publishers", "transcoding"],
        }

    def global_config(self) -> Fields:
        settings = self._settings
        return {
            "api": True,
            "apiAddress": f"{settings.host}:{settings.api_port}",
            "rtsp": True,
            "rtspAddress": f"{settings.host}:{settings.rtsp_port}",
            "rtspTransports": ["tcp"],
            "hls": True,
            "hlsAddress": f"{settings.host}:{settings.hls_port}",
            "hlsVariant": "fmp4",
            "hlsSegmentCount": settings.hls_segment_count,
            "webrtc": False,
            "rtmp": False,
            "srt": False,
            "moq": False,
            "metrics": False,
            "playback": False,
        }

    async def open_missing(self, name: str) -> None:
        """Give an RTSP reader the path it asks for, if it can be had."""
        path = self._paths.get(name)
        if path is not None:
            with contextlib.suppress(PathDownError, PathTimeoutError):
                await path.ready()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        # Both end with the block below.
        tasks = [
            asyncio.create_task(self._apply_forever(), name="media-apply"),
            asyncio.create_task(self._tick_forever(), name="media-tick"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for name in tuple(self._paths):
                self._close(name)
            if self._closing:
                await asyncio.wait(self._closing.values(), timeout=_CLOSE_LIMIT_S)
            self._executor.shutdown(wait=False)

    async def _apply_forever(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._apply()

    def _apply(self) -> None:
        if self.tools is None:
            return
        wanted = self.configs.effective
        for name, path in tuple(self._paths.items()):
            config = wanted.get(name)
            with _apart(name):
                if config is None or config.restarts_source_of(path.config):
                    self._close(name)
                elif config != path.config:
                    for job in path.update(config):
                        self._run_apart(name + ":recorder", job)
        for name, config in wanted.items():
            if name in self._paths:
                continue
            leaving = self._closing.get(name)
            if leaving is not None and not leaving.done():
                # A camera with a single session refuses the new one while the old one lasts.
                leaving.add_done_callback(lambda _: self._changed.set())
                continue
            with _apart(name):
                path = MediaPath(config, self.tools)
                self._paths[name] = path
                path.start()

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for name, path in tuple(self._paths.items()):
                with _apart(name):
                    job = path.tick()
                    if job is not None:
                        self._run_apart(name, job)

    def _close(self, name: str) -> None:
        self._run_apart(name, self._paths.pop(name).close())

    def _run_apart(self, name: str, job: Callable[[], None]) -> None:
        """Run *job*, which blocks for a moment, in a thread; it is waited for at the end."""
        future = asyncio.get_running_loop().run_in_executor(self._executor, job)
        self._closing[name] = future
        future.add_done_callback(lambda done: self._forget(name, done))

    def _forget(self, name: str, future: "asyncio.Future[None]") -> None:
        if self._closing.get(name) is future:
            del self._closing[name]
        if not future.cancelled() and future.exception() is not None:
            log.error("path_close_failed", path=name, exc_info=future.exception())


@contextmanager
def _apart(name: str) -> Iterator[None]:
    """Keep one path's trouble from the others."""
    try:
        yield
    except Exception:  # told once, whole; the next turn tries again
        log.exception("path_failed", path=name)


async def _listen(stack: AsyncExitStack, app: web.Application, host: str, port: int) -> int:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, host, port)
    await site.start()
    real: int = runner.addresses[0][1]
    return real


def _return_memory_early() -> None:
    """Keep glibc from raising its mmap threshold: freed fragments then go back to the system, a third of our memory."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
