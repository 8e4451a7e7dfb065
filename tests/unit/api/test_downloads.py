"""Who took which part of a bundle, as the audit log has it."""

import asyncio
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from gtvision_edge.accounts.model import THE_BOX
from gtvision_edge.recordings.evidence import repository
from gtvision_edge.recordings.evidence.downloads import AGAIN_AFTER_S
from gtvision_edge.recordings.evidence.model import LegalRequest
from gtvision_edge.recordings.evidence.service import NewExport
from gtvision_edge.recordings.evidence.states import ALIVE, ExportState
from gtvision_edge.recordings.incidents.service import IncidentRequest
from gtvision_edge.recordings.model import Span
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep, place
from tests.unit.api.conftest import FakeFootage, Served
from tests.waiting import becomes

SIZE = 100_000
CONTENT = bytes(n * 7 % 251 for n in range(SIZE))
SHA256 = bytes(range(32))


@dataclass
class Bundle:
    served: Served
    path: str

    async def get(self, *, who: str = "operator-a", method: str = "GET", **headers: str) -> bytes:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content: bytes
        _, _, content = await self.served.exchange(method, self.path, who=who, headers=named)
        return content

    async def told(self) -> list[tuple[str, Any, Any]]:
        """Return what the log says of downloads, oldest first: who, first byte, last byte."""
        _, page = await self.served.call(
            "GET", "/audit", who="admin-a", params={"action": "export.downloaded"}
        )
        entries = reversed(page["items"])
        return [
            (each["actor"]["name"], each["details"]["first_byte"], each["details"]["last_byte"])
            for each in entries
        ]


def is_open(file: Path) -> bool:
    """Tell whether this process has *file* open."""
    opened = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            opened.append(str(link.readlink()))
    return str(file) in opened


@pytest.fixture
async def bundle(served: Served, database: Database, footage: FakeFootage) -> Bundle:
    rows = await database.fetch_all("SELECT camera_uuid FROM cameras WHERE camera_id = 'cam01'")
    fake = FakeCamera("cam01", camera_uuid=rows[0]["camera_uuid"], tenant_id="a")
    (camera_no,) = await keep(database, fake)
    await place(database, camera_no, "cam01_rec")
    await add(database, a_segment(camera_no, START_US - MINUTE_US))
    made = await footage.incidents.create(
        THE_BOX, IncidentRequest(("cam01",), Span(START_US - MINUTE_US, START_US), "furto na praça")
    )
    request = LegalRequest("Delegacia", "", "", "perícia")
    export = await footage.exports.service.create(
        THE_BOX, NewExport(made.incident.incident_id, request)
    )
    await database.write(
        lambda transaction: repository.move_state(
            transaction,
            export.export_id,
            ALIVE,
            ExportState.DONE,
            bundle=f"{export.export_id}.zip",
            bundle_bytes=SIZE,
            bundle_sha256=SHA256,
        )
    )

    def write() -> None:
        folder = footage.root / ".exports"
        folder.mkdir(exist_ok=True)
        (folder / f"{export.export_id}.zip").write_bytes(CONTENT)

    await asyncio.to_thread(write)
    return Bundle(served, f"/api/v1/exports/{export.export_id}/bundle")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Range": f"bytes=-{2 * SIZE}"},
        {"Range": "bytes=00-"},
        {"Range": "bytes=1-2,0-"},
        {"Range": "bytes=5-", "If_Range": '"x"'},
        {"Range": "bytes = 0 -"},
    ],
)
async def test_no_way_to_ask_for_the_whole_bundle_is_left_out_of_the_log(
    bundle: Bundle, headers: dict[str, str]
) -> None:
    assert await bundle.get(**headers) == CONTENT

    assert await bundle.told() == [("operator-a", 0, SIZE - 1)]


async def test_a_part_is_told_as_the_part_it_is(bundle: Bundle) -> None:
    assert await bundle.get(Range="bytes=1-") == CONTENT[1:]

    assert await bundle.told() == [("operator-a", 1, SIZE - 1)]


async def test_a_download_that_is_gone_on_with_is_one(bundle: Bundle) -> None:
    await bundle.get()
    for start in (10, 5000, SIZE // 2):
        await bundle.get(Range=f"bytes={start}-", If_Range=f'"{SHA256.hex()}"')

    assert await bundle.told() == [("operator-a", 0, SIZE - 1)]


async def test_a_download_in_many_pieces_is_told_with_the_second_one_as_a_whole(
    bundle: Bundle,
) -> None:
    pieces = [
        await bundle.get(Range=f"bytes={start}-{start + 999}") for start in range(0, SIZE, 1000)
    ]

    assert b"".join(pieces) == CONTENT
    assert await bundle.told() == [("operator-a", 0, 999), ("operator-a", 0, SIZE - 1)]


async def test_after_some_minutes_and_for_another_person_it_is_another_download(
    bundle: Bundle, clock: FakeClock
) -> None:
    await bundle.get()
    await clock.advance(AGAIN_AFTER_S - 1)
    await bundle.get()
    await clock.advance(2)
    await bundle.get()
    await bundle.get(who="admin-a")

    assert [who for who, _, _ in await bundle.told()] == ["operator-a", "operator-a", "admin-a"]


async def test_where_nothing_is_sent_there_is_no_download(bundle: Bundle) -> None:
    await bundle.get(method="HEAD")
    await bundle.get(Range=f"bytes={SIZE}-")
    await bundle.get(If_None_Match=f'"{SHA256.hex()}"')

    assert await bundle.told() == []


@pytest.mark.parametrize("stall_patience_s", [1.0])
async def test_who_takes_nothing_of_a_bundle_is_cut_and_refused_beyond_his_share(
    bundle: Bundle, transfers: Shares, footage: FakeFootage
) -> None:
    folder = footage.root / ".exports"
    (file,) = await asyncio.to_thread(lambda: list(folder.glob("*.zip")))
    await asyncio.to_thread(os.truncate, file, 16 * 2**20)
    loop = asyncio.get_running_loop()
    token = await bundle.served.token("operator-a")
    head = (
        f"GET {bundle.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        "Range: bytes=10-\r\n\r\n"
    )
    clients = []
    for _ in range(4):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", URL(bundle.served.url).port or 0))
        await loop.sock_sendall(client, head.encode())
        clients.append(client)
    lines = [(await loop.sock_recv(each, 12)).decode() for each in clients]

    assert sorted(lines) == ["HTTP/1.1 206"] * 3 + ["HTTP/1.1 429"]
    await becomes(lambda: transfers.held == 0 and not is_open(file), 8)
    assert len(await bundle.get(Range="bytes=0-99")) == 100
    for each in clients:
        each.close()
