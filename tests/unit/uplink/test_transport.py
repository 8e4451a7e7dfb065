"""What answers at the hub's address may be anything: it costs the box neither memory nor time."""

import asyncio
import contextlib
import datetime
import resource
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gtvision_edge.settings import UplinkSettings
from gtvision_edge.uplink.broker import connected
from gtvision_edge.uplink.errors import HubRefusedError
from gtvision_edge.uplink.transport import MAX_FRAME
from tests.fakes.certificates import DAY, DECADE, tls_files
from tests.waiting import patiently

Says = Callable[[asyncio.StreamWriter], Awaitable[None]]
GROWN_AT_MOST = 64 * 2**20


@asynccontextmanager
async def answering(says: Says, *, tls: Path | None = None) -> AsyncIterator[UplinkSettings]:
    """Give the settings of a line to something that speaks as *says* does, by the files of *tls* where there are some."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await says(writer)
        writer.close()

    def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(serve(writer)))

    context, scheme = None, "amqp"
    if tls is not None:
        context, scheme = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), "amqps"
        context.load_cert_chain(tls / "server.pem", tls / "server.key")
    server = await asyncio.start_server(called, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    url = SecretStr(f"{scheme}://box:s3gredo@127.0.0.1:{port}/")
    try:
        yield UplinkSettings(url=url, ca_file=tls and tls / "ca.pem")
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def without_end(head: bytes) -> Says:
    """Return what says *head*, then gives as many bytes as are taken."""

    async def says(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"\xff" * 2**20)
            await writer.drain()

    return says


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"\x01\x00\x00\x7f\xff\xff\xff", id="a frame of 2 GiB"),
        pytest.param(b"\x01\x00\x00" + (MAX_FRAME + 1).to_bytes(4, "big"), id="one byte too many"),
        pytest.param(b"\x00", id="no frame at all"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="a web server"),
        pytest.param(b"", id="nonsense"),
    ],
)
async def test_what_speaks_no_amqp_is_refused_at_once_and_fills_no_memory(head: bytes) -> None:
    loop = asyncio.get_running_loop()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with answering(without_end(head)) as settings:
        began = loop.time()
        with pytest.raises(HubRefusedError) as caught:
            async with connected(settings, site="s"):
                pass

        assert caught.value.details["reason"] == "protocol"
        assert "s3gredo" not in str(caught.value)
        assert loop.time() - began < patiently(5)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < GROWN_AT_MOST


async def says_nothing(_: asyncio.StreamWriter) -> None: ...


@pytest.mark.parametrize(
    ("lacks", "reason"),
    [
        ({"valid": (DAY - DECADE, DAY - datetime.timedelta(1))}, "certificate_expired"),
        ({"valid": (DAY + 10 * DECADE, DAY + 11 * DECADE)}, "certificate_not_yet"),
        ({"host": "10.20.0.5"}, "certificate_name"),
        ({}, "certificate"),
    ],
)
async def test_what_is_wrong_with_the_broker_s_certificate_is_told(
    tmp_path: Path, lacks: dict[str, Any], reason: str
) -> None:
    tls_files(tmp_path, **lacks)
    async with answering(says_nothing, tls=tmp_path) as settings:
        if not lacks:  # of an authority that nobody told the box
            settings = settings.model_copy(update={"ca_file": None})
        with pytest.raises(HubRefusedError) as caught:
            async with connected(settings, site="s"):
                pass

    assert caught.value.details["reason"] == reason
    assert "s3gredo" not in f"{caught.value} {caught.value.details}"
