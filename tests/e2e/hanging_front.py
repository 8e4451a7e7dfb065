"""A server in front of the daemon: the API and the page pass, everything of the media server hangs, as when it is frozen."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.ports import free_ports

_HOP_BY_HOP = {"transfer-encoding", "content-encoding", "content-length", "connection", "host"}


@dataclass
class HangingFront:
    """Where it listens, and how many requests of media hang in it."""

    url: str
    hanging: set[str] = field(default_factory=set)
    most: int = 0


@asynccontextmanager
async def hanging_front(daemon_url: str, *, webrtc: bool) -> AsyncIterator[HangingFront]:
    """Serve the daemon at *daemon_url*, told to be beside a MediaMTX that takes requests and never answers."""
    front = HangingFront(f"http://127.0.0.1:{free_ports(1)[0]}")
    release = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        key = f"{id(request)} {request.path}"
        front.hanging.add(key)
        front.most = max(front.most, len(front.hanging))
        try:
            await release.wait()
        finally:
            front.hanging.discard(key)
        return web.Response(status=503)

    async with aiohttp.ClientSession(
        daemon_url, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def pass_on(request: web.Request) -> web.Response:
            headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP}
            headers["Accept-Encoding"] = "identity"
            headers["Origin"] = daemon_url
            headers.pop("Referer", None)
            async with session.request(
                request.method,
                request.rel_url,
                data=await request.read(),
                headers=headers,
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
                if request.path == "/api/v1/status" and answer.status == 200:
                    status = json.loads(body)
                    status["media_server"] |= {"kind": "mediamtx", "webrtc": webrtc}
                    body = json.dumps(status).encode()
                passed = web.Response(status=answer.status, body=body)
                for name, value in answer.headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        passed.headers.add(name, value)
                return passed

        app = web.Application()
        app.router.add_route("*", "/stream/{rest:.*}", hang)
        app.router.add_route("*", "/whep/{rest:.*}", hang)
        app.router.add_route("*", "/{rest:.*}", pass_on)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(front.url.rsplit(":", 1)[1])).start()
        try:
            yield front
        finally:
            release.set()
            await runner.cleanup()
