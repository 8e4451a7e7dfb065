"""The installed program as a process, as a person at the site has it."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.ports import free_ports
from tests.waiting import patiently

PROGRAM = Path(sys.executable).with_name("gtvision-edge")

START_CPU_S = 8.0
"""More than the program needs to be ready, some 5 s: what had that much and is not, waits for something else."""
STARVED = 4
"""How many times longer who had less is waited for."""


@dataclass
class Site:
    """A state folder and a settings file; the daemon over it may be started many times."""

    root: Path
    settings: str = ""
    api: str = ""
    """More lines of the section ``[api]``."""
    media: str | None = None
    """Settings of the media server; None = the embedded one on ``ports``."""
    arguments: tuple[str, ...] = ()
    program: tuple[str, ...] = (str(PROGRAM),)
    record_segment: str = "60s"
    ports: list[int] = field(default_factory=lambda: free_ports(4))
    password: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def volume(self) -> Path:
        return self.root / "recordings"

    def write_settings(self) -> Path:
        api, control, hls, rtsp = self.ports
        path = self.root / "edge.toml"
        embedded = (
            f'[media]\nserver = "embedded"\nrecord_segment = "{self.record_segment}"\n'
            f"[media.embedded]\napi_port = {control}\nhls_port = {hls}\nrtsp_port = {rtsp}\n"
        )
        path.write_text(
            f"[api]\nport = {api}\n{self.api}\n"
            f'[storage]\nstate_dir = "{self.root}"\nvolume = "{self.volume}"\nreserve_mb = 1\n'
            f"{embedded if self.media is None else self.media}\n{self.settings}\n",
            encoding="utf-8",
        )
        return path


class RunningDaemon:
    def __init__(self, site: Site, process: asyncio.subprocess.Process) -> None:
        self.site = site
        self.process = process
        self.printed: list[str] = []
        self.has_said_where = asyncio.Event()
        """It printed its address, and the first password with it where there is one: it answers somewhat earlier."""

    @property
    def pid(self) -> int:
        return self.process.pid

    async def read_output(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            self.printed.append(text)
            if re.search(r"Console\s+http", text):
                self.has_said_where.set()
            if found := re.search(r"(?:Senha|Password)\s+(\S+)", text):
                self.site.password = found[1]

    async def wait_ready(self, seconds: float = 30, probe: str = "readyz") -> None:
        """Wait :func:`patiently`, and longer where a busy machine has hardly let the program begin."""
        loop = asyncio.get_running_loop()
        began, last = loop.time(), "nothing"
        limit = aiohttp.ClientTimeout(total=patiently(5))
        async with aiohttp.ClientSession(timeout=limit) as session:
            while not self._is_late(loop.time() - began, patiently(seconds)):
                if self.process.returncode is not None:
                    raise AssertionError("the daemon ended:\n" + "\n".join(self.printed[-40:]))
                try:
                    async with session.get(f"{self.site.url}/{probe}") as answer:
                        if answer.status == 200:
                            return
                        last = await answer.text()
                except (aiohttp.ClientError, TimeoutError) as error:
                    last = repr(error)
                await asyncio.sleep(0.1)
        printed = "\n".join(self.printed[-40:])
        raise AssertionError(
            f"not ready after {loop.time() - began:.0f} s, {self.cpu_s:.1f} s of CPU: {last}\n{printed}"
        )

    @property
    def cpu_s(self) -> float:
        """Return how long a processor worked for it."""
        try:
            return float(sum(psutil.Process(self.pid).cpu_times()[:2]))
        except psutil.NoSuchProcess:
            return 0.0

    def _is_late(self, elapsed_s: float, limit_s: float) -> bool:
        """Tell whether it should be ready; starting takes a share of a processor, and others may have them all."""
        limit_s *= 1 if self.cpu_s >= START_CPU_S else STARVED
        return elapsed_s >= limit_s


@asynccontextmanager
async def running_daemon(site: Site, *, probe: str = "readyz") -> AsyncIterator[RunningDaemon]:
    """Start the program over *site*, wait until it is ready, stop it at the end (SIGTERM, then SIGKILL after 20 s).

    With ``healthz`` for *probe* it need only serve: one that nothing can be recorded with is not ready.
    """
    await asyncio.to_thread(site.root.mkdir, parents=True, exist_ok=True)
    config = await asyncio.to_thread(site.write_settings)
    process = await asyncio.create_subprocess_exec(
        *site.program,
        "run",
        "--print-password",
        "--config",
        str(config),
        *site.arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    daemon = RunningDaemon(site, process)
    reader = asyncio.create_task(daemon.read_output())
    try:
        await daemon.wait_ready(probe=probe)
        await asyncio.wait_for(daemon.has_said_where.wait(), patiently(30))
        yield daemon
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), patiently(20))
            except TimeoutError:
                process.kill()
                await process.wait()
        await reader


class Client:
    """A person with a browser's cookies, calling the API."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def call(
        self, method: str, path: str, body: object = None, *, expect: int | None = None
    ) -> Any:
        async with self.session.request(method, f"{self.url}/api/v1{path}", json=body) as answer:
            text = await answer.text()
            if expect is not None:
                assert answer.status == expect, f"{method} {path}: {answer.status} {text}"
            return await answer.json(content_type=None) if text else None

    async def add_camera(self, camera_id: str, url: str, *, skip_probe: bool = False) -> None:
        """Add a camera at a typed address."""
        body = {
            "camera_id": camera_id,
            "name": f"Câmera {camera_id}",
            "vendor": "generic_rtsp",
            "main_url": url,
            "skip_probe": skip_probe,
        }
        await self.call("POST", "/cameras", body, expect=201)

    async def wait_state(self, camera_id: str, state: str, seconds: float) -> float:
        """Wait :func:`patiently` until the camera has *state*; return how long that took, in seconds."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        seen = None
        try:
            async with asyncio.timeout(patiently(seconds)):
                while seen != state:
                    seen = (await self.call("GET", f"/cameras/{camera_id}", expect=200))["state"][
                        "state"
                    ]
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(
                f"{camera_id} is {seen}, not {state}, after {patiently(seconds):.0f} s"
            ) from None
        return loop.time() - started


@asynccontextmanager
async def logged_in(
    site: Site, username: str = "admin", password: str | None = None
) -> AsyncIterator[Client]:
    jar = aiohttp.CookieJar(unsafe=True)  # an IP address as host
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Origin": site.url}) as session:
        client = Client(session, site.url)
        await client.call(
            "POST",
            "/auth/login",
            {"username": username, "password": password or site.password},
            expect=200,
        )
        yield client
