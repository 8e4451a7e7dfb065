"""The shipped nginx files in front of the running program: streams for whom they are, for nobody else."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest

from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.e2e.mediamtx_beside import SECRET, mediamtx_beside, site_beside
from tests.e2e.nginx import Nginx, running_nginx
from tests.fakes.hub import AUDIENCE, ED_KEY, ISSUER, OTHER_RSA_KEY, Hub, private_pem, write_key
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = [pytest.mark.nginx, pytest.mark.timeout(180)]

PASSWORD = "uma senha bem comprida"


class _NowClock:
    def now_us(self) -> int:
        return time.time_ns() // 1000


@dataclass
class Street:
    """A site of two tenants behind nginx, its camera, and a hub whose tokens it takes."""

    nginx: Nginx
    site: Site
    http: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)

    def hub_token(self, tenant: str, **claims: Any) -> str:
        hub = Hub(_NowClock(), ED_KEY)  # type: ignore[arg-type] # it only asks what time it is
        return hub.token(tenant_id=tenant, **claims)

    async def get(self, path: str, proof: dict[str, str] | None = None) -> tuple[int, bytes]:
        async with self.http.get(self.nginx.url + path, headers=proof or {}) as answer:
            return answer.status, await answer.read()

    async def becomes(self, status: int, path: str, proof: dict[str, str]) -> bytes:
        async with asyncio.timeout(patiently(30)):
            while True:
                got, content = await self.get(path, proof)
                if got == status:
                    return content
                await asyncio.sleep(0.3)

    async def log_in(self, who: str) -> dict[str, str]:
        """Log in through nginx; return the cookie as proof."""
        body = {"username": who, "password": PASSWORD}
        async with self.http.post(
            f"{self.nginx.url}/api/v1/auth/login", json=body, headers={"Origin": self.nginx.url}
        ) as answer:
            assert answer.status == 200, await answer.text()
            cookie = answer.cookies["gtv_session"]
            assert cookie["secure"]
            return {"Cookie": f"gtv_session={cookie.value}"}

    async def ticket(self, proof: dict[str, str], path: str) -> str:
        token = proof["Cookie"].partition("=")[2]
        async with self.http.post(
            f"{self.nginx.url}/api/v1/auth/ticket",
            json={"path": path},
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            assert answer.status == 200, await answer.text()
            return str((await answer.json())["ticket"])

    async def plays(self, path: str, proof: dict[str, str]) -> int:
        """Play the start of *path*; return how many pictures were seen."""
        index = (await self.becomes(200, f"/stream/{path}/index.m3u8", proof)).decode()
        media = next(line for line in index.splitlines() if line and not line.startswith("#"))
        folder = f"/stream/{path}/"
        async with asyncio.timeout(patiently(30)):
            while True:
                status, content = await self.get(folder + media, proof)
                lines = content.decode().splitlines()
                segments = [line for line in lines if line and not line.startswith("#")]
                if status == 200 and segments and "lost" not in segments[-1]:
                    break
                await asyncio.sleep(0.3)
        init = next(line for line in lines if line.startswith("#EXT-X-MAP")).split('"')[1]
        whole = b""
        for file in (init, segments[-1]):
            status, content = await self.get(folder + file, proof)
            assert status == 200, file
            whole += content
        return await asyncio.to_thread(pictures, whole)


def pictures(content: bytes) -> int:
    with av.open(io.BytesIO(content), mode="r") as container:
        return sum(1 for _ in container.decode(video=0))


@asynccontextmanager
async def street(
    root: Path, site: Site, *, streams: str, hls: int, secret: str
) -> AsyncIterator[Street]:
    """Camera ``camb`` of tenant tb, viewers ``vera`` (ta) and ``bento`` (tb)."""
    await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(write_key, root / "hub.pem", ED_KEY)
    site.api = 'trusted_proxies = ["127.0.0.1"]'
    site.settings = (
        f'[[identity.issuers]]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\n'
        f'keys = [{{ file = "{root / "hub.pem"}" }}]\nleeway = "1s"\n'
    )
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        camera = await enter(virtual_camera())
        await enter(running_daemon(site))
        async with logged_in(site) as admin:
            for tenant in ("ta", "tb"):
                body = {"tenant_id": tenant, "name": tenant}
                await admin.call("POST", "/tenants", body, expect=201)
            for who, tenant in (("vera", "ta"), ("bento", "tb")):
                person: dict[str, Any] = {"username": who, "password": PASSWORD, "role": "viewer"}
                person |= {"tenant_id": tenant, "must_change_password": False}
                await admin.call("POST", "/users", person, expect=201)
            wanted = {"camera_id": "camb", "name": "B", "vendor": "generic_rtsp"}
            wanted |= {"main_url": camera.url(), "tenant_id": "tb"}
            await admin.call("POST", "/cameras", wanted, expect=201)
            await admin.wait_state("camb", "recording", 30)
        nginx = await enter(
            running_nginx(
                root / "nginx", daemon=site.ports[0], streams=streams, hls=hls, secret=secret
            )
        )
        connector = aiohttp.TCPConnector(ssl=nginx.trust())
        jar = aiohttp.DummyCookieJar()
        http = await enter(aiohttp.ClientSession(connector=connector, cookie_jar=jar))
        yield Street(nginx, site, http)


async def check_streams(there: Street) -> None:
    """Hold for both variants."""
    bento, vera = await there.log_in("bento"), await there.log_in("vera")
    hub_b = {"Authorization": f"Bearer {there.hub_token('tb')}"}
    hub_a = {"Authorization": f"Bearer {there.hub_token('ta')}"}
    narrow = {"Authorization": f"Bearer {there.hub_token('tb', camera_ids=['cam77'])}"}
    late = {"Authorization": f"Bearer {there.hub_token('tb', iat=0, exp=600)}"}

    assert await there.plays("camb_live", bento) > 5
    assert await there.plays("camb_rec", hub_b) > 5

    index = (await there.get("/stream/camb_live/index.m3u8", bento))[1].decode()
    media = next(line for line in index.splitlines() if line and not line.startswith("#"))
    for file in ("index.m3u8", media, "poster.jpg"):
        path = f"/stream/camb_live/{file}"
        for proof in (None, {"Authorization": "Bearer x.y.z"}, late):
            assert (await there.get(path, proof))[0] == 401, file
        for proof in (vera, hub_a, narrow):
            assert (await there.get(path, proof))[0] in (403, 404), file
    assert (await there.get("/stream/camb_live/poster.jpg", bento))[0] == 200
    await check_ticket(there, bento)


async def check_ticket(there: Street, proof: dict[str, str]) -> None:
    """A player without cookies gets by with one ticket, for one stream."""
    ticket = await there.ticket(proof, "camb_live")
    status, content = await there.get(f"/stream/camb_live/index.m3u8?ticket={ticket}")
    assert status == 200
    media = address_in(content, ".m3u8")
    assert "?s=" in media
    async with asyncio.timeout(30):
        while True:
            status, content = await there.get(f"/stream/camb_live/{media}")
            assert status == 200
            if b".mp4" in content:
                break
            await asyncio.sleep(0.3)
    segment = address_in(content, ".mp4")
    assert (await there.get(f"/stream/camb_live/{segment}"))[0] == 200
    session = media.partition("?")[2]
    for path in (
        f"/stream/camb_live/index.m3u8?ticket={ticket}",
        f"/stream/camb_rec/index.m3u8?{session}",
        f"/stream/camb_live/{media.partition('?')[0]}",
        f"/stream/camb_live/{segment.partition('?')[0]}",
    ):
        assert (await there.get(path))[0] == 401, path


async def check_pause(there: Street) -> None:
    """A player that paused for longer than the media server remembers goes on, and nobody else comes in by that."""
    bento, vera = await there.log_in("bento"), await there.log_in("vera")
    await there.plays("camb_live", bento)
    index = await there.becomes(200, "/stream/camb_live/index.m3u8", bento)
    media = f"/stream/camb_live/{address_in(index, '.m3u8')}"

    for proof, expected in ((None, 401), (vera, 403), (bento, 200)):
        await asyncio.sleep(45)
        for _ in range(2):
            assert (await there.get(media, proof))[0] == expected
    status, content = await there.get(media, bento)
    assert status == 200
    segment = f"/stream/camb_live/{address_in(content, '.mp4')}"
    assert (await there.get(segment, bento))[0] == 200


def address_in(playlist: bytes, kind: str) -> str:
    """Return the last address of that kind in the playlist."""
    lines = [line for line in playlist.decode().splitlines() if not line.startswith("#")]
    return [line for line in lines if kind in line][-1]


async def check_site(there: Street) -> None:
    """Hold for console, API and sockets in front of the embedded server."""
    bento = await there.log_in("bento")
    assert b"<!doctype html>" in (await there.get("/"))[1].lower()
    assert (await there.get("/api/v1/me"))[0] == 401
    assert (await there.get("/metrics"))[0] == 401
    for path in ("/api/v1/auth/check", "/_gtvision_auth", "/api/v1/%61uth/check"):
        spoofed = {**bento, "X-Original-URI": "/stream/camb_live/index.m3u8"}
        assert (await there.get(path, spoofed))[0] == 404, path

    token = bento["Cookie"].partition("=")[2]
    ticket = await there.ticket(bento, "camb_live")
    address = f"{there.nginx.url}/ws/live/camb_live?ticket={ticket}"
    async with there.http.ws_connect(address) as socket, asyncio.timeout(patiently(15)):
        assert (await socket.receive()).type is aiohttp.WSMsgType.TEXT
        assert (await socket.receive()).type is aiohttp.WSMsgType.BINARY

    short = there.hub_token("tb", exp=int(time.time() + patiently(3)))
    proof = {"Authorization": f"Bearer {short}"}
    address = f"{there.nginx.url}/ws/live/camb_live"
    async with (
        there.http.ws_connect(address, headers=proof) as socket,
        asyncio.timeout(patiently(10)),
    ):
        messages = [message async for message in socket]
        assert len(messages) > 2
        assert socket.close_code == 4401  # the token ran out while it was watching

    async with there.http.get(
        f"http://127.0.0.1:{there.nginx.plain}/x", allow_redirects=False
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (301, "https://127.0.0.1/x")

    async def is_logged() -> bool:
        return "/ws/live/camb_live" in await asyncio.to_thread(there.nginx.log)

    await becomes(is_logged, 5)
    log = await asyncio.to_thread(there.nginx.log)
    assert ticket not in log
    assert token not in log


async def check_odd_addresses(there: Street) -> None:
    """nginx reads an address its own way; what may be read in two ways reaches no stream."""
    bento = await there.log_in("bento")
    for odd in (
        "/stream/nobody/%2e%2e/camb_live/index.m3u8",
        "/stream/camb_live/%69ndex.m3u8",
        "/stream//camb_live/index.m3u8",
        "/stream/camb%5flive/index.m3u8",
        "/api/../stream/camb_live/index.m3u8",
    ):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", there.nginx.port, ssl=there.nginx.trust()
        )
        head = f"GET {odd} HTTP/1.1\r\nHost: x\r\nCookie: {bento['Cookie']}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode())
        first = (await reader.readline()).decode()
        writer.close()
        assert first.split()[1] in ("403", "404"), (odd, first)


async def check_rotation(there: Street, file: Path) -> None:
    """The running daemon takes new keys, and goes on with the old ones while their file is broken."""

    async def health(expected: str) -> None:
        async with asyncio.timeout(patiently(15)):
            while True:
                status, content = await there.get("/readyz")
                assert status == 200
                if json.loads(content)["checks"]["identity"] == expected:
                    return
                await asyncio.sleep(0.3)

    old = {"Authorization": f"Bearer {there.hub_token('tb')}"}
    await health("ok")
    await asyncio.to_thread(file.write_text, private_pem(ED_KEY))
    await health("issuer_keys_broken")
    assert (await there.get("/api/v1/me", old))[0] == 200
    await asyncio.to_thread(write_key, file, OTHER_RSA_KEY)
    await there.becomes(401, "/api/v1/me", old)
    await health("ok")
    new = {"Authorization": f"Bearer {there.hub_token('tb', key=OTHER_RSA_KEY)}"}
    assert (await there.get("/stream/camb_live/index.m3u8", new))[0] == 200


async def test_streams_through_the_gateway(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with street(tmp_path, site, streams="gateway", hls=site.ports[2], secret=SECRET) as there:
        await check_streams(there)
        await check_site(there)


async def test_streams_straight_from_our_own_media_server(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with street(
        tmp_path, site, streams="mediamtx", hls=site.ports[2], secret=SECRET
    ) as there:
        await check_streams(there)
        await check_odd_addresses(there)
        await check_rotation(there, tmp_path / "hub.pem")


@pytest.mark.mediamtx
@pytest.mark.timeout(300)
async def test_streams_straight_from_mediamtx(tmp_path: Path) -> None:
    async with mediamtx_beside(tmp_path / "mtx") as server:
        site = site_beside(tmp_path / "state", server)
        async with street(
            tmp_path, site, streams="mediamtx", hls=server.ports[1], secret=SECRET
        ) as there:
            await check_streams(there)
            await check_odd_addresses(there)
            await check_pause(there)
