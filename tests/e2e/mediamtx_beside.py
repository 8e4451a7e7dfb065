"""The real MediaMTX with the file we ship, on ports of its own: only ``MTX_*`` variables differ from a box."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.e2e.daemon import Site
from tests.ports import free_ports
from tests.waiting import patiently

SHIPPED = Path("mediamtx.yml")
SECRET = "segredo-da-caixa"
WEBRTC_HERE = {"MTX_WEBRTCIPSFROMINTERFACES": "no", "MTX_WEBRTCADDITIONALHOSTS": "127.0.0.1"}
"""Where browsers of this machine reach the pictures."""
WEBRTC_BLOCKED = {"MTX_WEBRTCADDITIONALHOSTS": "192.0.2.1"}
"""The only address offered leads nowhere, as behind a firewall that keeps UDP out."""
WITHOUT_WEBRTC = {"MTX_WEBRTC": "no"}


@dataclass
class ShippedMediaMtx:
    """``config`` is a copy of the shipped file; rewriting it is what an administrator does."""

    root: Path
    ports: list[int] = field(default_factory=lambda: free_ports(6))
    changed: dict[str, str] = field(default_factory=dict)
    hidden: Path | None = None
    """A folder it does not see, as one in a container does not."""
    process: asyncio.subprocess.Process | None = None

    @property
    def config(self) -> Path:
        return self.root / "mediamtx.yml"

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def settings(self) -> str:
        """The daemon's ``[media]`` section for it."""
        api, hls, rtsp, _, webrtc, _ = self.ports
        return (
            '[media]\nserver = "auto"\n'
            f'api_url = "http://127.0.0.1:{api}"\nhls_url = "http://127.0.0.1:{hls}"\n'
            f'rtsp_url = "rtsp://127.0.0.1:{rtsp}"\nhls_secret = "{SECRET}"\n'
            f'webrtc_url = "http://127.0.0.1:{webrtc}"\n'
        )

    @property
    def environment(self) -> dict[str, str]:
        names = ("API", "HLS", "RTSP", "METRICS", "WEBRTC", "WEBRTCLOCALUDP")
        return {
            "TZ": "UTC",
            "PATH": os.environ["PATH"],
            "MTX_HLSDIRECTORY": str(self.root / "hls"),
            "MTX_HLSCDNSECRET": SECRET,
            **WEBRTC_HERE,
            **{
                f"MTX_{name}ADDRESS": f"127.0.0.1:{port}"
                for name, port in zip(names, self.ports, strict=True)
            },
            **self.changed,
        }

    def write(self, comment: str = "") -> None:
        """Put the shipped file in place, as a new file renamed over the old one."""
        partial = self.root / "partial"
        partial.write_text(f"{SHIPPED.read_text(encoding='utf-8')}\n# {comment}\n", "utf-8")
        partial.replace(self.config)

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *self._blinkers(),
            os.environ["MEDIAMTX_BIN"],
            str(self.config),
            cwd=self.root,
            env=self.environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with aiohttp.ClientSession() as session, asyncio.timeout(patiently(10)):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.api_url}/v3/info") as answer:
                        if answer.status in (200, 401):
                            return
                await asyncio.sleep(0.05)

    def _blinkers(self) -> list[str]:
        if self.hidden is None:
            return []
        hiding = f'mount -t tmpfs none "{self.hidden}" && exec "$@"'
        return ["unshare", "--mount", "--map-root-user", "sh", "-c", hiding, "sh"]

    async def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()

    def signal(self, what: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(what)


@asynccontextmanager
async def mediamtx_beside(
    root: Path, changed: dict[str, str] | None = None, *, hidden: Path | None = None
) -> AsyncIterator[ShippedMediaMtx]:
    """Run it until the block ends; *changed* are ``MTX_*`` variables over those it has anyway, *hidden* what it does not see."""
    await asyncio.to_thread(root.mkdir, parents=True)
    server = ShippedMediaMtx(root, changed=changed or {}, hidden=hidden)
    await asyncio.to_thread(server.write)
    try:
        await server.start()
        yield server
    finally:
        if server.process is not None and server.process.returncode is None:
            server.signal(signal.SIGCONT)
        await server.stop()


def site_beside(root: Path, server: ShippedMediaMtx) -> Site:
    """A site whose daemon looks for that MediaMTX (``media.server = "auto"``)."""
    return Site(root, media=server.settings)
