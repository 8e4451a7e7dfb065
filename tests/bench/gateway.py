"""2 MB segments through the gateway, against nginx that asks ``/auth/check`` about each request and hands the bytes through.

Three processes beside the load: nginx as media server (static files), our gateway with real accounts, and the peer. The
same segments, token and number of connections; rounds alternate, the median counts, so that a busy machine hits both.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from gtvision_edge.accounts import open_accounts
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.auth_check import auth_check_endpoints
from gtvision_edge.api.console import load_console
from gtvision_edge.api.server import build_api
from gtvision_edge.audit import AuditLog
from gtvision_edge.media.gateway import MediaServerPlace
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.logs import configure_logs
from gtvision_edge.settings import AccountSettings, ApiSettings
from gtvision_edge.storage import open_database
from tests.bench.table import Row
from tests.fakes.cameras import FakeCamera, FakeDirectory
from tests.ports import free_port
from tests.streams import open_streams

SEGMENT = 2 * 10**6
SEGMENTS = 8
ROUND_S = 2.0
ROUNDS = 5
BUDGET = 0.7

_NGINX = """
daemon off; worker_processes 1; pid {directory}/{name}.pid; error_log stderr crit;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; default_type video/mp4; keepalive_requests 1000000;
  client_body_temp_path {directory}/{name}-body; proxy_temp_path {directory}/{name}-proxy;
  fastcgi_temp_path {directory}/{name}-f; uwsgi_temp_path {directory}/{name}-u; scgi_temp_path {directory}/{name}-s;
  {body}
}}
"""
_STATIC = "server {{ listen 127.0.0.1:{port}; root {directory}/files; }}"
_PEER = """
upstream media {{ server 127.0.0.1:{upstream}; keepalive 32; }}
upstream daemon {{ server 127.0.0.1:{daemon}; keepalive 32; }}
server {{
  listen 127.0.0.1:{port};
  location /stream/ {{
    auth_request /auth;
    proxy_pass http://media/; proxy_http_version 1.1; proxy_set_header Connection "";
  }}
  location = /auth {{
    internal; proxy_pass http://daemon/api/v1/auth/check; proxy_http_version 1.1;
    proxy_set_header Connection ""; proxy_pass_request_body off; proxy_set_header Content-Length "";
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Original-URI $request_uri;
    proxy_set_header X-Original-Method $request_method;
  }}
}}
"""


async def run() -> list[Row]:
    if shutil.which("nginx") is None:
        return [Row("gateway, 2 MB segments", "not run: nginx is not installed")]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        await asyncio.to_thread(_write_segments, directory)
        async with contextlib.AsyncExitStack() as stack:
            upstream, daemon, peer = free_port(), free_port(), free_port()
            static = _STATIC.format(port=upstream, directory=directory)
            await stack.enter_async_context(_nginx(directory, "media", static, upstream))
            token = await stack.enter_async_context(_daemon(directory, upstream, daemon))
            proxy = _PEER.format(upstream=upstream, daemon=daemon, port=peer)
            await stack.enter_async_context(_nginx(directory, "peer", proxy, peer))
            return [
                await asyncio.to_thread(_compare, connections, daemon, peer, token)
                for connections in (1, 8)
            ]


def _compare(connections: int, daemon: int, peer: int, token: str) -> Row:
    _load(daemon, token, connections, 0.5)
    _load(peer, token, connections, 0.5)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_load(daemon, token, connections, ROUND_S))
        theirs.append(_load(peer, token, connections, ROUND_S))
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    return Row(
        what=f"gateway, 2 MB segments, {connections} connection(s), peer nginx + auth_request",
        figure=f"{statistics.median(ours):.0f} MB/s",
        peer=f"{statistics.median(theirs):.0f} MB/s",
        ratio=ratio,
        budget=f"≥ {BUDGET}",
        holds=ratio >= BUDGET,
    )


def _load(port: int, token: str, connections: int, seconds: float) -> float:
    """Fetch segments over keep-alive connections for *seconds*; return MB/s."""
    counts = [0] * connections
    failures: list[BaseException] = []
    began = time.perf_counter()

    def fetch(index: int) -> None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                buffer = bytearray(2**20)
                number = index
                while time.perf_counter() - began < seconds:
                    _fetch_one(connection, buffer, token, number % SEGMENTS)
                    counts[index] += SEGMENT
                    number += 1
        except BaseException as error:  # noqa: BLE001 -- raised in the caller's thread
            failures.append(error)

    threads = [threading.Thread(target=fetch, args=(index,)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(counts) / (time.perf_counter() - began) / 1e6


def _fetch_one(connection: socket.socket, buffer: bytearray, token: str, number: int) -> None:
    connection.sendall(
        f"GET /stream/cam01_rec/seg{number}.mp4 HTTP/1.1\r\nHost: bench\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        head += piece
    head, _, rest = head.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(head.decode(errors="replace"))
    left = SEGMENT - len(rest)
    while left:
        received = connection.recv_into(buffer, min(left, len(buffer)))
        if not received:
            raise ConnectionError("closed in the middle")
        left -= received


def _write_segments(directory: Path) -> None:
    folder = directory / "files" / "cam01_rec"
    folder.mkdir(parents=True)
    for number in range(SEGMENTS):
        (folder / f"seg{number}.mp4").write_bytes(os.urandom(SEGMENT))
    # nginx drops to another user when started by root.
    for each in (directory, directory / "files", folder):
        each.chmod(0o755)


@asynccontextmanager
async def _nginx(directory: Path, name: str, body: str, port: int) -> AsyncIterator[None]:
    config = directory / f"{name}.conf"
    text = _NGINX.format(directory=directory, name=name, body=body)
    await asyncio.to_thread(config.write_text, text)
    process = await asyncio.create_subprocess_exec(
        "nginx", "-c", str(config), "-p", str(directory), "-e", "stderr"
    )
    try:
        await _listens(port)
        yield
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _daemon(directory: Path, upstream: int, port: int) -> AsyncIterator[str]:
    """Run the gateway as a process of its own; give out an access token."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.gateway", str(directory), str(upstream), str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        token = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
        await _listens(port)
        yield token
    finally:
        process.kill()
        await process.wait()


async def _listens(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def _serve(directory: Path, upstream: int, port: int) -> None:
    configure_logs("WARNING")  # as the daemon has it, and nothing on stdout but the token
    clock, audit = SystemClock(), AuditLog(SystemClock())
    cameras = FakeDirectory()
    cameras.put(FakeCamera("cam01", tenant_id="default"), "rtsp://127.0.0.1/")
    proxies = Proxies(("127.0.0.1",))
    async with (
        open_database(directory / "edge.db") as database,
        open_accounts(
            AccountSettings(), state_dir=directory, database=database, audit=audit, clock=clock
        ) as accounts,
    ):
        authenticator = RequestAuthenticator(accounts.sessions, proxies)
        login = await accounts.sessions.login(
            "admin", accounts.first_password or "", address="127.0.0.1"
        )
        async with open_streams(
            MediaServerPlace(f"http://127.0.0.1:{upstream}", None, lambda: "mediamtx"),
            cameras=cameras,
            authenticator=authenticator,
            sessions=accounts.sessions,
            client_address=proxies.client_address,
            database=database,
            audit=audit,
            recordings=lambda _: None,
            clock=clock,
        ) as streams:
            api = build_api(
                auth_check_endpoints(streams.doorkeeper, proxies),
                version="bench",
                settings=ApiSettings(),
                authenticator=authenticator,
                proxies=proxies,
                console=await asyncio.to_thread(load_console),
                extra_routes=streams.routes(),
            )
            runner = web.AppRunner(api.application, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            print(login.access_token, flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
