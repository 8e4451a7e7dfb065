"""Cameras that are not ours: Debian's gst-rtsp-server, started as a process of the system's Python.

Run as a script it serves /h264 /h265 /digest /alaw on 127.0.0.1 until it is ended. Imported, it
has the context manager that does so. It needs python3-gi, gir1.2-gst-rtsp-server-1.0 and
GStreamer's plugins (good, bad, ugly).
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

USERNAME = "admin"
PASSWORD = "p@ss:w/rd#1?%ç"
SYSTEM_PYTHON = "/usr/bin/python3"
READY = "ready"

_SOURCE = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=25/1"
_H264 = (
    f"{_SOURCE} ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=500 key-int-max=25 "
    "! rtph264pay name=pay0 pt=96 config-interval=1"
)
_H265 = (
    f"{_SOURCE} ! x265enc tune=zerolatency speed-preset=ultrafast bitrate=500 key-int-max=25 "
    "! rtph265pay name=pay0 pt=96 config-interval=1"
)
_ALAW = (
    f"{_H264} audiotestsrc is-live=true ! audioconvert ! audioresample ! alawenc "
    "! rtppcmapay name=pay1"
)


@dataclass(frozen=True, slots=True)
class GStreamerCameras:
    port: int

    def url(self, path: str, *, with_password: bool = True) -> str:
        """Return the address of ``h264``, ``h265``, ``digest`` or ``alaw``."""
        account = ""
        if path == "digest" and with_password:
            account = f"{USERNAME}:{quote(PASSWORD, safe='')}@"
        return f"rtsp://{account}127.0.0.1:{self.port}/{path}"


@cache
def missing() -> str:
    """Say what is missing to run them, in a sentence for pytest; empty when all is there."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst; "
    probe += "Gst.init(None); names = 'x264enc x265enc rtph264pay rtph265pay alawenc'.split(); "
    probe += "print(*(n for n in names if not Gst.ElementFactory.find(n)))"
    try:
        done = subprocess.run(
            (SYSTEM_PYTHON, "-c", probe),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except OSError:
        return f"{SYSTEM_PYTHON} is missing"
    if done.returncode != 0:
        return "gst-rtsp-server's Python bindings are missing"
    return f"GStreamer plugins are missing: {done.stdout.strip()}" if done.stdout.strip() else ""


@asynccontextmanager
async def gstreamer_cameras() -> AsyncIterator[GStreamerCameras]:
    """Run the cameras on a free port; they end with the block.

    Skips the test when GStreamer is not installed; with ``CI=true`` that is a failure.
    """
    # The script half runs where neither pytest nor we are installed.
    from tests.parts import lacking
    from tests.ports import free_port
    from tests.waiting import patiently

    if reason := await asyncio.to_thread(missing):
        lacking(reason)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        SYSTEM_PYTHON,
        str(Path(__file__)),
        str(port),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), patiently(20))
        assert line.decode().strip() == READY, "the GStreamer cameras did not start"
        yield GStreamerCameras(port)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def serve(port: int) -> None:
    """Serve until the process is ended; runs under the system's Python."""
    import gi  # type: ignore[import-not-found]  # Debian's, not in our environment

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import (  # type: ignore[import-not-found]
        GLib,
        Gst,
        GstRtsp,
        GstRtspServer,
    )

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")  # before anything else: its own choice is every interface
    server.set_service(str(port))

    def add(path: str, launch: str, *roles: str) -> None:
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {launch} )")
        factory.set_shared(True)
        permissions = GstRtspServer.RTSPPermissions()
        for role in ("user", "anonymous"):
            # Without "access" a stranger gets 404; only a missing "construct" makes it 401.
            permissions.add_permission_for_role(role, "media.factory.access", True)
            permissions.add_permission_for_role(role, "media.factory.construct", role in roles)
        factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)

    add("/h264", _H264, "user", "anonymous")
    add("/h265", _H265, "user", "anonymous")
    add("/alaw", _ALAW, "user", "anonymous")
    add("/digest", _H264, "user")

    def token(role: str) -> Any:
        made = GstRtspServer.RTSPToken()
        made.set_string("media.factory.role", role)
        return made

    accounts = GstRtspServer.RTSPAuth()
    accounts.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    accounts.add_digest(USERNAME, PASSWORD, token("user"))
    accounts.set_default_token(token("anonymous"))
    server.set_auth(accounts)
    server.attach(None)
    print(READY, flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
