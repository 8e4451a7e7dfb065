"""A RabbitMQ of a test's own on loopback, and a line to it that can be cut, stalled and mended."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiormq

from tests.ports import free_ports
from tests.waiting import patiently

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's; the wrapper in /usr/sbin wants another user."""

EXCHANGE = "deteccoes.events"
QUEUE = "hub"

_NOT_WHOLLY_UP = "requires the 'rabbit' app to be running"
_CONFIG = """listeners.tcp.1 = 127.0.0.1:{port}
log.console = false
log.file.level = error
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 512MB
"""


@dataclass
class RabbitMq:
    """One broker; :meth:`kill` and :meth:`start` make a crash, :meth:`freeze` and :meth:`thaw` a hang."""

    directory: Path
    ports: list[int] = field(default_factory=lambda: free_ports(3))
    process: asyncio.subprocess.Process | None = None
    settings: str = ""
    """More lines of its rabbitmq.conf."""

    @property
    def port(self) -> int:
        return self.ports[0]

    def url(self, port: int | None = None) -> str:
        return f"amqp://guest:guest@127.0.0.1:{port or self.port}/"

    async def start(self) -> None:
        for name in ("mnesia", "log", "home"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "rabbitmq.conf").write_text(
            _CONFIG.format(port=self.port) + self.settings
        )
        (self.directory / "plugins").write_text("[].")
        where = str(self.directory)
        self.process = await asyncio.create_subprocess_exec(
            str(SERVER),
            env={
                "PATH": "/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": f"{where}/home",
                "ERL_EPMD_ADDRESS": "127.0.0.1",
                "ERL_EPMD_PORT": str(self.ports[1]),
                "RABBITMQ_NODENAME": f"test{self.port}@localhost",
                "RABBITMQ_DIST_PORT": str(self.ports[2]),
                "RABBITMQ_MNESIA_BASE": f"{where}/mnesia",
                "RABBITMQ_LOG_BASE": f"{where}/log",
                "RABBITMQ_CONFIG_FILE": f"{where}/rabbitmq.conf",
                "RABBITMQ_ENABLED_PLUGINS_FILE": f"{where}/plugins",
                "RABBITMQ_PID_FILE": f"{where}/pid",
                "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                    "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none"
                ),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        async with asyncio.timeout(patiently(90)):
            while True:
                assert self.process.returncode is None, "the broker ended at once"
                with contextlib.suppress(Exception):  # not up yet, in whatever way
                    connection = await aiormq.connect(self.url())
                    await connection.close()
                    return
                await asyncio.sleep(0.2)

    async def control(self, *arguments: str) -> str:
        """Have rabbitmqctl do something, once the broker that takes connections has wholly started; return what it said."""
        async with asyncio.timeout(patiently(60)):
            while True:
                code, said = await self._said(*arguments)
                if code == 0:
                    return said
                assert _NOT_WHOLLY_UP in said, said

    async def _said(self, *arguments: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            str(SERVER.with_name("rabbitmqctl")),
            "--node",
            f"test{self.port}@localhost",
            *arguments,
            env={
                "PATH": "/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": str(self.directory / "home"),
                "ERL_EPMD_PORT": str(self.ports[1]),
                "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                "LC_ALL": "C.UTF-8",
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode, said.decode(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    async def kill(self) -> None:
        if self.process is not None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
            await self.process.wait()


@asynccontextmanager
async def running_rabbitmq(directory: Path, *, settings: str = "") -> AsyncIterator[RabbitMq]:
    broker = RabbitMq(directory, settings=settings)
    try:
        await broker.start()
        yield broker
    finally:
        await broker.kill()


class Line:
    """A TCP line to *target* on a port of its own; a test cuts it, stalls it, and mends it."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0
        self.is_cut = False
        self.bytes_per_s = 0.0
        """How much of what the box says gets through; 0 = as much as comes."""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """End what is connected, at once and without goodbye, and let nobody in."""
        self.is_cut = True
        for writer in list(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Let nothing through, and end nothing."""
        self._flows.clear()

    def mend(self) -> None:
        self.is_cut = False
        self._flows.set()

    async def close(self) -> None:
        self.cut()
        self._flows.set()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(
                self._pump(reader, far_writer, is_ours=True), self._pump(far_reader, writer)
            )
        except OSError:
            pass  # cut
        finally:
            for each in (writer, far_writer):
                self._writers.discard(each)
                each.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_ours: bool = False
    ) -> None:
        while data := await reader.read(4096 if self.bytes_per_s else 65536):
            await self._flows.wait()
            if is_ours and self.bytes_per_s:
                await asyncio.sleep(len(data) / self.bytes_per_s)
            writer.write(data)
            await writer.drain()
        writer.transport.abort()


@dataclass
class Hub:
    """The hub's side: a queue, and what came out of it."""

    broker: RabbitMq
    line: Line
    connection: Any = None
    channel: Any = None
    arrived: list[dict[str, Any]] = field(default_factory=list)

    async def connect(self) -> None:
        self.connection = await aiormq.connect(self.broker.url())
        self.channel = await self.connection.channel()

    async def declare(
        self, *, exchange: bool = True, arguments: dict[str, Any] | None = None
    ) -> None:
        await self.connect()
        if exchange:
            await self.channel.exchange_declare(EXCHANGE, exchange_type="topic", durable=True)
        await self.channel.queue_declare(QUEUE, durable=True, arguments=arguments or {})
        await self.channel.queue_bind(QUEUE, EXCHANGE, "deteccoes.#")

    async def clear(self) -> None:
        """Take away what an earlier test left at the broker, so that it is as new."""
        await self.connect()
        await self.channel.queue_delete(QUEUE)
        await self.channel.exchange_delete(EXCHANGE)
        await self.close()

    async def close(self) -> None:
        """Let the broker go; what a test did to it or to the connection may have ended that already."""
        connection, self.connection = self.connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close()

    async def listen(self) -> None:
        async def on_message(message: Any) -> None:
            self.arrived.append(json.loads(message.body))
            await message.channel.basic_ack(message.delivery_tag)

        await self.channel.basic_consume(QUEUE, on_message)

    def ids(self) -> list[str]:
        """Return the ids as they came first: a consumer drops what it has."""
        return list(dict.fromkeys(each["id"] for each in self.arrived))


@asynccontextmanager
async def hub_at(broker: RabbitMq) -> AsyncIterator[Hub]:
    """Give the hub's side of *broker*, without exchange and queue, and a line to it; *broker* runs on when it closes."""
    line = Line(broker.port)
    hub = Hub(broker, line)
    broker.thaw()
    await hub.clear()
    await line.open()
    try:
        yield hub
    finally:
        broker.thaw()
        await hub.close()
        await line.close()
