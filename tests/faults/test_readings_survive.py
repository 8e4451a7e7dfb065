"""Plate readings at 200 a second while the daemon is killed 20 times and the broker is cut off, frozen and killed: I1 by force."""

import asyncio
import contextlib
import itertools
import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gtvision_edge.detections.sources.signatures import SignedFields, sign_fields
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.timestamps import to_rfc3339
from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.rabbitmq import Hub, Line, running_rabbitmq
from tests.waiting import patiently

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(900)]
CLOCK = SystemClock()
KILLS = 20
CAMERAS = ("cam01", "cam02", "cam03", "cam04")
PER_CAMERA_S = 50.0
# Nobody at this hub wants news of cameras and of the audit log: they stay, and are parked.
_READINGS_WAIT = "SELECT 1 FROM outbox WHERE routing_key = 'deteccoes.lpr' LIMIT 1"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class Sender:
    """An integrator: sends a camera's readings in order, each again and again until it is accepted."""

    camera_id: str
    secret: str
    url: str
    is_over: asyncio.Event
    accepted: list[str] = field(default_factory=list)
    repeated: int = 0

    async def run(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            for number in itertools.count():
                if self.is_over.is_set():
                    return
                await self._send(session, self._body(number))
                await asyncio.sleep(1 / PER_CAMERA_S)

    def _body(self, number: int) -> dict[str, Any]:
        plate = f"{LETTERS[number // 6760 % 26]}{LETTERS[number // 260 % 26]}A{number % 10}B{number // 10 % 26:02d}"
        fields = SignedFields(self.camera_id, plate, to_rfc3339(CLOCK.now_us()), "0.9", "")
        return {
            "camera_id": fields.camera_id,
            "placa": fields.plate,
            "timestamp": fields.timestamp,
            "confianca": 0.9,
            "imagem_url": None,
            "signature": sign_fields(self.secret, fields),
        }

    async def _send(self, session: aiohttp.ClientSession, body: dict[str, Any]) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(f"{self.url}/api/v1/webhooks/lpr", json=body) as answer:
                    told = await answer.json(content_type=None)
                    if answer.status == 202:
                        self.accepted.append(told["detection_id"])
                        self.repeated += told["repeated"]
                        return
                    assert answer.status in (429, 503), told
            await asyncio.sleep(0.1)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with running_rabbitmq(tmp_path / "broker") as broker:
        line = Line(broker.port)
        await line.open()
        made = Hub(broker, line)
        await made.declare()
        await made.listen()
        yield made
        await line.close()


async def trouble(hub: Hub, round_no: int) -> None:
    """Do to the line or the broker what its turn is."""
    match round_no % 5:
        case 1:
            hub.line.cut()
            await asyncio.sleep(1)
            hub.line.mend()
        case 2:
            hub.line.stall()
            await asyncio.sleep(1)
            hub.line.mend()
        case 3:
            hub.broker.freeze()
            await asyncio.sleep(1)
            hub.broker.thaw()
        case 4 if round_no == 9:
            await hub.broker.kill()
            await hub.broker.start()
            await hub.connect()
            await hub.listen()
        case _:
            await asyncio.sleep(1)


def rows(site: Site, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(site.root / "edge.db", timeout=10)) as database:
        return database.execute(sql).fetchall()


async def test_every_accepted_reading_arrives_once_and_in_order(tmp_path: Path, hub: Hub) -> None:
    site = Site(
        tmp_path / "state",
        settings=f'[uplink]\nurl = "{hub.broker.url(hub.line.port)}"\n',
    )
    is_over = asyncio.Event()
    async with running_daemon(site), logged_in(site) as admin:
        senders = []
        for camera_id in CAMERAS:
            await admin.add_camera(camera_id, "rtsp://127.0.0.1:9/none", skip_probe=True)
            made = await admin.call("POST", f"/cameras/{camera_id}/push-secret", {}, expect=201)
            senders.append(Sender(camera_id, made["secret"], site.url, is_over))
    async with asyncio.TaskGroup() as tasks:
        sending = [tasks.create_task(sender.run()) for sender in senders]
        for round_no in range(KILLS):
            async with running_daemon(site, probe="healthz") as daemon:
                await trouble(hub, round_no)
                daemon.process.send_signal(signal.SIGKILL)
                await daemon.process.wait()
        is_over.set()
        async with running_daemon(site, probe="healthz"):
            async with asyncio.timeout(patiently(180)):
                await asyncio.wait(sending)  # the last of each may come to this daemon only
                while rows(site, _READINGS_WAIT):  # noqa: ASYNC110 -- another process's doings
                    await asyncio.sleep(0.5)
                kept_ids = {each for (each,) in rows(site, "SELECT detection_id FROM detections")}
                while not kept_ids <= set(hub.ids()):  # noqa: ASYNC110 -- likewise
                    await asyncio.sleep(0.1)

    accepted = [each for sender in senders for each in sender.accepted]
    assert len(accepted) > 500
    assert len(set(accepted)) == len(accepted)  # a reading sent again has its first id
    kept = rows(site, "SELECT detection_id, camera_id FROM detections ORDER BY rowid")
    arrived = hub.ids()
    assert set(accepted) <= {each for each, _ in kept}
    assert len(kept) - len(accepted) <= len(CAMERAS)  # at most the last of each, unanswered
    assert set(arrived) == {each for each, _ in kept}
    late = {each["id"]: each["late"] for each in reversed(hub.arrived)}
    for camera_id in CAMERAS:
        of_camera = [each for each, its in kept if its == camera_id]
        for is_late in (False, True):
            expected = [each for each in of_camera if late[each] is is_late]
            known = set(expected)
            assert [each for each in arrived if each in known] == expected
    print(json.dumps({"accepted": len(accepted), "repeated": sum(s.repeated for s in senders)}))
