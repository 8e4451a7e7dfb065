"""Pictures that are still to be fetched outlive kill -9; what a kill leaves between file and row does no harm."""

import asyncio
import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gtvision_edge.detections.opening import PICTURES
from gtvision_edge.detections.sources.signatures import SignedFields, sign_fields
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.timestamps import to_rfc3339
from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.fakes.picture_server import answers, says_nothing, serving_pictures
from tests.fakes.pushes import jpeg
from tests.waiting import becomes

pytestmark = pytest.mark.timeout(300)
CLOCK = SystemClock()
READINGS = 12
ROUNDS = 4


def picture(number: int) -> bytes:
    return jpeg(64 + number, 48)


async def send(site: Site, secret: str, url: str, number: int) -> str:
    fields = SignedFields("cam01", f"ABC1D{number:02}", to_rfc3339(CLOCK.now_us()), "0.9", url)
    body = {
        "camera_id": "cam01",
        "placa": fields.plate,
        "timestamp": fields.timestamp,
        "confianca": 0.9,
        "imagem_url": url,
        "signature": sign_fields(secret, fields),
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.url}/api/v1/webhooks/lpr", json=body) as answer,
    ):
        assert answer.status == 202, await answer.text()
        return str((await answer.json())["detection_id"])


def rows(site: Site, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(site.root / "edge.db", timeout=10)) as database:
        return database.execute(sql).fetchall()


async def test_pictures_still_to_be_fetched_survive_kills(tmp_path: Path) -> None:
    site = Site(tmp_path / "state", settings='[detections]\npicture_sources = ["127.0.0.1"]\n')
    async with serving_pictures(says_nothing) as server:
        async with running_daemon(site) as daemon, logged_in(site) as admin:
            await admin.add_camera("cam01", "rtsp://127.0.0.1:9/none", skip_probe=True)
            made = await admin.call("POST", "/cameras/cam01/push-secret", {}, expect=201)
            ids = [
                await send(site, made["secret"], server.url(f"/{number}"), number)
                for number in range(READINGS)
            ]
            await becomes(lambda: server.asked != [], 20)
            daemon.process.send_signal(signal.SIGKILL)
            await daemon.process.wait()

        async def reply(writer: asyncio.StreamWriter) -> None:
            number = int(server.asked[-1].split()[1][1:])
            await answers(picture(number))(writer)

        server.reply = reply
        for round_no in range(ROUNDS):
            before = len(server.asked)
            async with running_daemon(site, probe="healthz") as daemon:
                # Killed at another place of the work each time; the last one may finish.
                await becomes(
                    lambda seen=before, more=round_no: len(server.asked) > seen + more, 60
                )
                daemon.process.send_signal(signal.SIGKILL)
                await daemon.process.wait()
        async with running_daemon(site, probe="healthz"):
            await becomes(lambda: rows(site, "SELECT 1 FROM picture_jobs") == [], 60)

    kept = dict(rows(site, "SELECT detection_id, scene FROM detections"))
    folder = site.root / PICTURES
    found = {each: (folder / name[:2] / f"{name}.jpg") for each, name in kept.items()}
    assert [found[each].read_bytes() for each in ids] == [picture(n) for n in range(READINGS)]
    told = [
        each
        for (each,) in rows(site, "SELECT detection_id FROM feed WHERE kind = 'detection_picture'")
    ]
    assert sorted(told) == sorted(ids)
    sizes = [each.stat().st_size for each in folder.rglob("*.jpg")]
    assert rows(site, "SELECT files, bytes FROM picture_total") == [(len(sizes), sum(sizes))]
    print(json.dumps({"asked": len(server.asked), "pictures": len(sizes)}))
