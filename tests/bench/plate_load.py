"""`python -m tests.bench.plate_load`: sends signed readings and listens to the feed, in a process of its own.

Reads one JSON order from stdin, writes one JSON result to stdout. HTTP and WebSocket are spoken by hand: a client library would
be as busy as the server that is measured.
"""

import asyncio
import base64
import json
import re
import secrets
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from gtvision_edge.detections.sources.signatures import SignedFields, sign_fields
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.timestamps import to_rfc3339
from tests.bench.table import percentile

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ADDRESSES = 16
"""Local addresses to send from: each may send 400 a second on the long run."""
_PLATE = re.compile(rb'"placa": ?"([A-Z0-9]{7})"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    port: int
    path: str
    cameras: list[list[str]]
    """Ids and secrets."""
    seconds: float
    rate: float = 0.0
    """Per second; 0 = as many as are answered."""
    connections: int = 64
    tickets: list[str] = field(default_factory=list)
    first: int = 0
    """Number of the first plate."""


def plate(number: int) -> str:
    number, digits = divmod(number, 100)
    number, last = divmod(number, 26)
    number, digit = divmod(number, 10)
    letters = "".join(LETTERS[number // 26**each % 26] for each in (2, 1, 0))
    return f"{letters}{digit}{LETTERS[last]}{digits:02d}"


class Connection(asyncio.Protocol):
    """One request at a time on a connection that stays."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if gap and self._answer and len(body) >= (int(length[1]) if length else 0):
            status = int(head[9:12])
            self._buffer = b""
            answer, self._answer = self._answer, None
            answer.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(0)

    async def send(self, request: bytes) -> int:
        """Return the status, 0 = the connection broke."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Listener(asyncio.Protocol):
    """A client of the feed: notes when each plate arrived."""

    def __init__(self) -> None:
        self.arrived: dict[bytes, float] = {}
        self.is_open = asyncio.Event()
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        text = self._tail + data
        end = 0
        for found in _PLATE.finditer(text):
            self.arrived.setdefault(found[1], now)
            end = found.end()
        if b'"hello"' in text:
            self.is_open.set()
        self._tail = text[max(end, len(text) - 32) :]


def request_of(order: Order, number: int) -> bytes:
    camera_id, secret = order.cameras[number % len(order.cameras)]
    fields = SignedFields(
        camera_id, plate(order.first + number), to_rfc3339(SystemClock().now_us()), "0.9", ""
    )
    body = json.dumps(
        {
            "camera_id": camera_id,
            "placa": fields.plate,
            "timestamp": fields.timestamp,
            "confianca": 0.9,
            "imagem_url": None,
            "signature": sign_fields(secret, fields),
        }
    ).encode()
    head = (
        f"POST {order.path} HTTP/1.1\r\nHost: 127.0.0.1:{order.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def listeners_of(order: Order) -> list[Listener]:
    loop = asyncio.get_running_loop()
    found = []
    for ticket in order.tickets:
        transport, listener = await loop.create_connection(Listener, "127.0.0.1", order.port)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        transport.write(
            f"GET /ws/alerts?topics=detections&ticket={ticket} HTTP/1.1\r\nHost: 127.0.0.1:{order.port}\r\n"
            f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        async with asyncio.timeout(20):
            await listener.is_open.wait()
        found.append(listener)
    return found


@dataclass
class Load:
    """Sends as ordered."""

    order: Order
    sent: dict[bytes, float] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    async def run(self) -> float:
        """Return how many seconds it took."""
        order = self.order
        loop = asyncio.get_running_loop()
        connections = []
        for number in range(order.connections):
            address = (f"127.0.0.{2 + number % ADDRESSES}", 0)
            _, made = await loop.create_connection(
                Connection, "127.0.0.1", order.port, local_addr=address
            )
            connections.append(made)
        count = int(order.seconds * (order.rate or 4000))
        requests = [request_of(order, number) for number in range(count)]
        started = time.perf_counter()
        if order.rate:
            await self._paced(connections, requests)
        else:
            await self._at_once(connections, requests)
        elapsed = time.perf_counter() - started
        for each in connections:
            each.close()
        return elapsed

    async def _paced(self, connections: list[Connection], requests: list[bytes]) -> None:
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for each in connections:
            free.put_nowait(each)
        started = time.perf_counter()

        async def one(connection: Connection, number: int, due: float) -> None:
            await self._send(connection, number, requests[number], due)
            free.put_nowait(connection)

        async with asyncio.TaskGroup() as tasks:
            for number in range(len(requests)):
                due = started + number / self.order.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                # Where none is free the server is behind: what waits here counts as taken by it, since it was due.
                tasks.create_task(one(await free.get(), number, due))

    async def _at_once(self, connections: list[Connection], requests: list[bytes]) -> None:
        waiting = iter(range(len(requests)))
        until = time.perf_counter() + self.order.seconds

        async def keep_on(connection: Connection) -> None:
            for number in waiting:
                if time.perf_counter() >= until:
                    return
                await self._send(connection, number, requests[number], time.perf_counter())

        await asyncio.gather(*(keep_on(each) for each in connections))

    async def _send(self, connection: Connection, number: int, request: bytes, due: float) -> None:
        self.sent[plate(self.order.first + number).encode()] = due
        status = await connection.send(request)
        self.took_s.append(time.perf_counter() - due)
        self.statuses[status] = self.statuses.get(status, 0) + 1


async def _until_heard(load: Load, listeners: list[Listener]) -> None:
    """Wait, ten seconds at most, until each has heard of all that was sent."""
    for _ in range(200):
        if all(len(each.arrived) >= len(load.sent) for each in listeners):
            return
        await asyncio.sleep(0.05)


async def main() -> None:
    order = Order(**json.loads(sys.stdin.readline()))
    listeners = await listeners_of(order)
    load = Load(order)
    elapsed = await load.run()
    await _until_heard(load, listeners)
    heard = [
        at - load.sent[name]
        for each in listeners
        for name, at in each.arrived.items()
        if name in load.sent
    ]
    result: dict[str, Any] = {
        "per_s": len(load.took_s) / elapsed,
        "statuses": load.statuses,
        "post_p50_ms": percentile(load.took_s, 0.5) * 1000,
        "post_p99_ms": percentile(load.took_s, 0.99) * 1000,
        "heard_p50_ms": percentile(heard, 0.5) * 1000 if heard else None,
        "heard_p99_ms": percentile(heard, 0.99) * 1000 if heard else None,
        "missing": len(load.sent) * len(listeners) - len(heard),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
