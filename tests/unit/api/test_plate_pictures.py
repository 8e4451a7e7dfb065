"""Pictures of readings are shown to those who may see them, not sent twice, and told of when they come late."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gtvision_edge.detections.opening import PICTURES, Detections
from gtvision_edge.detections.picture_store import PictureStore, name_of
from gtvision_edge.detections.sources.signatures import SignedFields, sign_body, sign_fields
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.picture_server import PictureServer, answers, serving_pictures
from tests.fakes.pushes import SCENE_PART, XML_PART, anpr_xml, jpeg, multipart
from tests.unit.api.conftest import Served
from tests.waiting import becomes

PLATE, KEY = "QZX7J42", "geheim77"


@pytest.fixture
async def server() -> AsyncIterator[PictureServer]:
    async with serving_pictures(answers(jpeg())) as opened:
        yield opened


@pytest.fixture
async def getting(detections: Detections) -> AsyncIterator[None]:
    task = asyncio.create_task(detections.picture_getter.run())
    yield
    task.cancel()
    await asyncio.wait({task})


async def webhook(served: Served, clock: FakeClock, url: str) -> str:
    _, made = await served.call("POST", "/cameras/cam01/push-secret", who="admin", json={})
    fields = SignedFields("cam01", PLATE, to_rfc3339(clock.now_us()), "0.9", url)
    body = {
        "camera_id": "cam01",
        "placa": PLATE,
        "timestamp": fields.timestamp,
        "confianca": 0.9,
        "imagem_url": url,
        "signature": sign_fields(made["secret"], fields),
    }
    status, taken = await served.call("POST", "/webhooks/lpr", json=body)
    assert status == 202, taken
    return str(taken["detection_id"])


async def signed_whole(served: Served, clock: FakeClock, url: str, **more: object) -> str:
    _, made = await served.call("POST", "/cameras/cam01/push-secret", who="admin", json={})
    body = {
        "camera_id": "cam01",
        "placa": PLATE,
        "timestamp": to_rfc3339(clock.now_us()),
        "confianca": 0.9,
        "imagem_url": url,
    }
    raw = json.dumps(body | more).encode()
    stamp = str(clock.now_us() // 1_000_000)
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": stamp,
        "webhook-signature": sign_body(made["secret"], message_id="m1", timestamp=stamp, body=raw),
    }
    status, _, answer = await served.exchange(
        "POST", "/api/v1/webhooks/lpr", data=raw, headers=headers
    )
    assert status == 202, answer
    return str(answer["detection_id"])


async def shown(served: Served, detection_id: str) -> dict[str, Any]:
    _, found = await served.call("GET", f"/detections/{detection_id}", who="viewer-a")
    return dict(found)


@pytest.mark.usefixtures("getting")
async def test_the_webhooks_picture_is_fetched_and_shown_to_its_tenant_alone(
    served: Served, clock: FakeClock, server: PictureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    there = await webhook(served, clock, server.url(f"/p.jpg?key={KEY}"))

    async def has_come() -> bool:
        return bool((await shown(served, there))["has_scene"])

    await becomes(has_come, 8)
    reading = await shown(served, there)
    status, headers, picture = await served.exchange(
        "GET", f"/api/v1/detections/{there}/scene.jpg", who="viewer-a"
    )
    again = await served.exchange(
        "GET",
        f"/api/v1/detections/{there}/scene.jpg",
        who="viewer-a",
        headers={"If-None-Match": headers["ETag"]},
    )
    foreign, _ = await served.call("GET", f"/detections/{there}/scene.jpg", who="viewer-b")

    assert (status, headers["Content-Type"], picture) == (200, "image/jpeg", jpeg())
    assert headers["ETag"] == f'"{name_of(jpeg())}"'
    assert (reading["scene_sha256"], reading["picture_state"]) == (name_of(jpeg()), "")
    assert (again[0], again[2]) == (304, b"")
    assert foreign == 404
    assert KEY not in capsys.readouterr().out


@pytest.mark.usefixtures("getting")
async def test_the_plate_is_cut_out_of_the_webhooks_picture_where_the_headers_sign_its_place(
    served: Served, clock: FakeClock, server: PictureServer
) -> None:
    there = await signed_whole(
        served, clock, server.url(), sentido="approach", area_placa=[0.25, 0.5, 0.25, 0.125]
    )

    async def has_come() -> bool:
        return bool((await shown(served, there))["has_plate_picture"])

    await becomes(has_come, 8)
    reading = await shown(served, there)
    _, _, picture = await served.exchange(
        "GET", f"/api/v1/detections/{there}/plate.jpg", who="viewer-a"
    )

    assert reading["has_scene"]
    assert reading["facts"]["direction"] == "approach"
    with Image.open(io.BytesIO(picture)) as plate:
        # A quarter of 640 x 360 across, an eighth down, and the margin of 15 % around.
        assert plate.size == pytest.approx((160 * 1.3, 45 * 1.3), abs=3)


async def test_a_picture_that_is_not_there_says_why(
    served: Served, clock: FakeClock, server: PictureServer
) -> None:
    there = await webhook(served, clock, server.url())

    waiting = await served.call("GET", f"/detections/{there}/scene.jpg", who="viewer-a")
    plate = await served.call("GET", f"/detections/{there}/plate.jpg", who="viewer-a")
    auditor, _ = await served.call("GET", f"/detections/{there}/plate.jpg", who="auditor-a")

    assert (waiting[0], waiting[1]["code"], waiting[1]["picture_state"]) == (
        404,
        "no_detection_picture",
        "waiting",
    )
    assert (plate[0], plate[1]["code"]) == (404, "no_detection_picture")
    assert auditor == 403


async def test_a_file_that_is_gone_is_told_and_the_reading_says_so(
    served: Served, tmp_path: Path
) -> None:
    _, made = await served.call("POST", "/cameras/cam01/push-secret", who="admin", json={})
    content_type, raw = multipart(
        (XML_PART, anpr_xml(when="2025-12-31T20:59:59-03:00").encode()), (SCENE_PART, jpeg())
    )
    await served.exchange(
        "POST", made["hikvision_path"], data=raw, headers={"Content-Type": content_type}
    )
    _, page = await served.call("GET", "/detections", who="viewer-a")
    there = page["items"][0]["detection_id"]
    store = PictureStore(tmp_path / PICTURES)
    await asyncio.to_thread(store.remove, [name_of(jpeg())])

    status, problem = await served.call("GET", f"/detections/{there}/scene.jpg", who="viewer-a")

    assert (status, problem["code"]) == (404, "picture_lost")
    assert (await shown(served, there))["picture_state"] == "picture_lost"


async def test_after_anonymising_nothing_of_a_picture_still_to_be_fetched_remains(
    served: Served,
    clock: FakeClock,
    server: PictureServer,
    detections: Detections,
    database: Database,
    tmp_path: Path,
) -> None:
    there = await webhook(served, clock, server.url(f"/{PLATE}.jpg?key={KEY}"))
    await clock.advance(181 * 86_400.0)

    await detections.anonymiser.go_round()
    task = asyncio.create_task(detections.picture_getter.run())
    await clock.until_asleep()
    task.cancel()
    await asyncio.wait({task})

    assert await database.fetch_all("SELECT 1 FROM picture_jobs") == []
    assert server.asked == []
    assert (await shown(served, there))["picture_state"] == ""

    def contents() -> dict[str, bytes]:
        return {str(each): each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}

    for name, content in (await asyncio.to_thread(contents)).items():
        assert not re.search(f"{PLATE}|{KEY}".encode(), content), name


async def test_a_picture_that_arrives_while_its_reading_is_anonymised_is_left_nowhere(
    served: Served,
    clock: FakeClock,
    server: PictureServer,
    detections: Detections,
    database: Database,
    tmp_path: Path,
) -> None:
    there = await webhook(served, clock, server.url())
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(writer: asyncio.StreamWriter) -> None:
        asked.set()
        await go_on.wait()
        await answers(jpeg())(writer)

    server.reply = slowly
    task = asyncio.create_task(detections.picture_getter.run())
    await asked.wait()
    await clock.advance(181 * 86_400.0)
    await detections.anonymiser.go_round()
    go_on.set()
    await becomes(lambda: not detections.picture_getter._running, 8)
    task.cancel()
    await asyncio.wait({task})

    reading = await shown(served, there)
    assert (reading["has_scene"], reading["anonymised"]) == (False, True)
    assert json.loads(
        (await database.fetch_all("SELECT json_group_array(kind) FROM feed"))[0][0]
    ) == ["detection"]
    store = PictureStore(tmp_path / PICTURES)
    assert await asyncio.to_thread(store.read, name_of(jpeg())) is None
