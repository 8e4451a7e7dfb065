"""The demo's cameras send what passes to the webhook, over real HTTP; only the time is turned by hand."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from gtvision_edge.cameras.model import Camera
from gtvision_edge.demo import cameras as drawn
from gtvision_edge.demo.cameras import StreetCamera
from gtvision_edge.demo.frames import Frames, open_frames
from gtvision_edge.demo.planes import Planes
from gtvision_edge.demo.pushing import PlatePusher
from gtvision_edge.demo.recognition import recognise
from gtvision_edge.demo.scene import Scene
from gtvision_edge.demo.traffic import Passage
from gtvision_edge.detections.sources.generic import read_webhook
from gtvision_edge.detections.sources.signatures import is_signed_body
from gtvision_edge.runtime.clock import SystemClock
from tests.fakes.clock import FakeClock
from tests.fakes.drawn_plates import plate_seen_in
from tests.waiting import becomes

ZONE = ZoneInfo("America/Sao_Paulo")
TOWN = drawn.street_town()
PLATES = [vehicle.plate for vehicle in TOWN.vehicles]
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@dataclass(frozen=True)
class OnSite:
    """As much of a camera as is asked for."""

    camera_id: str = "cam01"


@dataclass
class Box:
    """Answers the webhook with what it is told to, then with 202."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    async def webhook(self, request: web.Request) -> web.Response:
        self.got.append((await request.read(), dict(request.headers)))
        return web.json_response({}, status=self.answers.pop(0) if self.answers else 202)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body, _ in self.got]

    async def received(self, count: int) -> None:
        async def is_there() -> bool:
            return len(self.got) >= count

        await becomes(is_there, 10)


@cache
def street_camera(path: str = "avbrasil") -> StreetCamera:
    model = next(model for model in drawn._MODELS if model.path == path)
    scene = Scene(model.name, replace(model.place, rain=0), TOWN, ZONE)
    return StreetCamera(
        name=model.name,
        path=path,
        vendor="generic_rtsp",
        main_url="rtsp://127.0.0.1/x",
        sub_url="rtsp://127.0.0.1/y",
        username="admin",
        password="x",
        place=model.where,
        scene=scene,
    )


@pytest.fixture
async def box() -> AsyncIterator[tuple[Box, str]]:
    box = Box()
    application = web.Application()
    application.router.add_post("/api/v1/webhooks/lpr", box.webhook)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield box, f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def the_secret(camera: Camera) -> str:
    assert camera.camera_id == "cam01"
    return SECRET


@asynccontextmanager
async def pushing(
    url: str,
    clock: FakeClock,
    *,
    on_site: OnSite | None = OnSite(),
    street: StreetCamera | None = None,
) -> AsyncIterator[Frames]:
    cameras = [street or street_camera()]
    async with open_frames(cameras, clock, port=0) as frames:
        pusher = PlatePusher(
            cameras,
            url=url,
            frames=frames,
            find=lambda _: cast("Camera | None", on_site),
            secret_of=the_secret,
            zone=ZONE,
            clock=clock,
        )
        task = asyncio.create_task(pusher.run())
        try:
            await clock.until_asleep()
            yield frames
        finally:
            task.cancel()
            await asyncio.wait({task})


def coming(clock: FakeClock, count: int) -> list[Passage]:
    now_us = clock.now_us()
    return street_camera().scene.passages(now_us, now_us + 600_000_000)[:count]


async def turn_to(clock: FakeClock, us: int) -> None:
    """Turn the clock to a moment in steps as short as the pusher's, so that it keeps up."""
    while clock.now_us() < us:
        await clock.until_asleep()
        await clock.advance(min(0.25, (us - clock.now_us()) / 1e6))


async def test_a_passage_is_told_as_it_happens_signed_as_a_whole(box: tuple[Box, str]) -> None:
    clock = FakeClock()
    passage = coming(clock, 1)[0]

    async with pushing(box[1], clock) as frames:
        await turn_to(clock, passage.at_us - 1000)
        early = list(box[0].got)
        await turn_to(clock, passage.at_us + 2000)
        await box[0].received(1)

    assert early == []
    raw, headers = box[0].got[0]
    assert is_signed_body(
        [SECRET],
        message_id=headers["webhook-id"],
        timestamp=headers["webhook-timestamp"],
        body=raw,
        header=headers["webhook-signature"],
    )
    assert abs(int(headers["webhook-timestamp"]) - passage.at_us // 1_000_000) <= 1
    message = read_webhook(raw)
    seen = recognise(passage, street_camera().scene.place.light)
    assert (message.camera_id, message.reading.captured_us) == ("cam01", passage.at_us)
    assert message.reading.plate == (seen.plate or "")
    assert message.reading.confidence == seen.confidence
    assert message.whole_reading.direction == "approach"
    assert message.reading.picture_url == frames.url_of(street_camera(), passage)


async def test_every_passage_is_told_once_and_in_order(box: tuple[Box, str]) -> None:
    clock = FakeClock()
    passages = coming(clock, 12)

    async with pushing(box[1], clock):
        for number, passage in enumerate(passages, 1):
            await turn_to(clock, passage.at_us + 2000)
            await box[0].received(number)

    told = [read_webhook(raw).reading.captured_us for raw, _ in box[0].got]
    assert told == [passage.at_us for passage in passages]
    assert len({headers["webhook-id"] for _, headers in box[0].got}) == 12


async def test_what_the_box_could_not_take_is_sent_again_as_the_same(box: tuple[Box, str]) -> None:
    clock = FakeClock()
    passage = coming(clock, 1)[0]
    box[0].answers = [503, 429]

    async with pushing(box[1], clock):
        await turn_to(clock, passage.at_us + 2000)
        for number in (1, 2):
            await box[0].received(number)
            await clock.until_asleep()
            await clock.advance(3.0)
        await box[0].received(3)

    assert len({raw for raw, _ in box[0].got[:3]}) == 1
    assert len({headers["webhook-id"] for _, headers in box[0].got[:3]}) == 1


async def test_what_the_box_refuses_is_not_sent_again(box: tuple[Box, str]) -> None:
    clock = FakeClock()
    first, second = coming(clock, 2)
    box[0].answers = [401]

    async with pushing(box[1], clock):
        await turn_to(clock, first.at_us + 2000)
        await box[0].received(1)
        await turn_to(clock, second.at_us + 2000)
        await box[0].received(2)

    told = [read_webhook(raw).reading.captured_us for raw, _ in box[0].got]
    assert told == [first.at_us, second.at_us]


async def test_a_camera_that_was_removed_tells_nothing(box: tuple[Box, str]) -> None:
    clock = FakeClock()
    passages = coming(clock, 3)

    async with pushing(box[1], clock, on_site=None):
        await turn_to(clock, passages[-1].at_us + 2000)
        await clock.until_asleep()

    assert box[0].got == []


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
async def test_a_clock_that_was_set_makes_no_flood(box: tuple[Box, str], jump_s: float) -> None:
    clock = FakeClock()

    async with pushing(box[1], clock):
        clock.step_wall(jump_s)
        await clock.advance(1.0)
        await clock.until_asleep()
        passage = coming(clock, 1)[0]
        await turn_to(clock, passage.at_us + 2000)
        await box[0].received(1)

    assert read_webhook(box[0].got[0][0]).reading.captured_us == passage.at_us


async def test_the_picture_is_of_that_car_and_the_area_is_its_plate(box: tuple[Box, str]) -> None:
    clock = FakeClock()
    light = street_camera().scene.place.light
    passage = next(each for each in coming(clock, 20) if recognise(each, light).plate)

    async with pushing(box[1], clock) as frames:
        while not any(
            body["imagem_url"].endswith(f"{passage.at_us}.jpg") for body in box[0].bodies()
        ):
            await turn_to(clock, clock.now_us() + 250_000)
        body = next(each for each in box[0].bodies() if str(passage.at_us) in each["imagem_url"])
        async with aiohttp.ClientSession() as session, session.get(body["imagem_url"]) as answer:
            assert (answer.status, answer.content_type) == (200, "image/jpeg")
            picture = Image.open(io.BytesIO(await answer.read()))
        area = await frames.plate_area(street_camera(), passage)

    assert body["area_placa"] == list(area)
    wide, high = picture.size
    left, top, width, height = area
    plate = picture.crop(
        (
            round(left * wide),
            round(top * high),
            round((left + width) * wide),
            round((top + height) * high),
        )
    )
    assert plate_seen_in(plate, PLATES) == body["placa"] == passage.plate


async def test_a_picture_is_drawn_before_its_passage_and_once(box: tuple[Box, str]) -> None:
    clock = FakeClock()
    drawn_at: dict[int, list[int]] = {}

    class Watched(Scene):
        def draw(self, at_us: int) -> Planes:
            drawn_at.setdefault(at_us, []).append(clock.now_us())
            return super().draw(at_us)

    place = replace(drawn._MODELS[1].place, rain=0)
    camera = replace(street_camera(), scene=Watched(street_camera().name, place, TOWN, ZONE))
    passage = next(each for each in coming(clock, 9) if each.at_us > clock.now_us() + 5_000_000)

    async with pushing(box[1], clock, street=camera) as frames:
        await turn_to(clock, passage.at_us - 2_000_000)

        async def is_drawn() -> bool:
            return passage.at_us in drawn_at

        await becomes(is_drawn, 10)
        await turn_to(clock, passage.at_us + 2000)
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.get(frames.url_of(camera, passage)) as answer:
                    assert answer.status == 200

    assert len(drawn_at[passage.at_us]) == 1
    assert drawn_at[passage.at_us][0] <= passage.at_us - 2_000_000


async def test_pictures_are_of_passages_that_were(box: tuple[Box, str]) -> None:
    clock = FakeClock()
    passage = coming(clock, 1)[0]

    async with (
        open_frames([street_camera()], clock, port=0) as frames,
        aiohttp.ClientSession() as session,
    ):
        url = frames.url_of(street_camera(), passage)

        async def status(asked: str) -> int:
            async with session.get(asked) as answer:
                return answer.status

        not_yet = await status(url)
        await clock.advance(600.0)
        then = await status(url)
        nobody = await status(url.replace(str(passage.at_us), str(passage.at_us + 1)))
        elsewhere = await status(url.replace("avbrasil", "rua"))

    assert (not_yet, then, nobody, elsewhere) == (404, 200, 404, 404)


async def test_a_taken_port_is_no_obstacle() -> None:
    street = [street_camera()]
    async with open_frames(street, SystemClock(), port=0) as first:
        port = int(first.url.rpartition(":")[2])
        async with open_frames(street, SystemClock(), port=port) as second:
            assert second.url != first.url
