"""What a reading lacks comes later, once, whatever the sender's server does and whenever the box stops."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from PIL import Image

from gtvision_edge.detections.model import (
    Detection,
    DetectionId,
    Picture,
    PictureCame,
    PictureKind,
    PictureState,
    Rectangle,
)
from gtvision_edge.detections.pictures.getting import DELAYS_S, GIVE_UP_AFTER_S, OF_A_CAMERA
from gtvision_edge.detections.pictures.repository import PictureJob
from tests.fakes import picture_server
from tests.fakes.picture_jobs import find_job
from tests.fakes.picture_server import Reply, answers, huge_picture, serving_pictures
from tests.fakes.pushes import jpeg
from tests.unit.detections.pictures.conftest import Yard
from tests.waiting import becomes, patiently

AREA = Rectangle(0.4, 0.4, 0.2, 0.1)


@asynccontextmanager
async def running(yard: Yard) -> AsyncIterator[None]:
    task = asyncio.create_task(yard.getter.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until_settled(yard: Yard, detection_id: DetectionId) -> Detection:
    """Wait until nothing is to be got for a reading any more."""
    async with asyncio.timeout(patiently(8)):
        while True:
            found = await yard.detection(detection_id)
            if found.picture_state is not PictureState.WAITING:
                return found
            await asyncio.sleep(0.01)


async def job_of(yard: Yard, detection_id: DetectionId) -> PictureJob:
    found = await find_job(yard.database, detection_id)
    assert found is not None
    return found


async def test_a_picture_is_fetched_after_its_reading_was_accepted_and_told_again(
    yard: Yard,
) -> None:
    async with serving_pictures(answers(jpeg())) as server:
        with yard.bus.listen(PictureCame) as mailbox:
            there = await yard.reads(server.url("/p.jpg?key=geheim"))
            before = await yard.detection(there)
            async with running(yard):
                after = await until_settled(yard, there)
            event = await anext(aiter(mailbox))

    assert (before.picture_state, before.scene) == (PictureState.WAITING, None)
    assert after.scene is not None
    assert await asyncio.to_thread(yard.store.read, after.scene) == jpeg()
    assert event == PictureCame(there)
    assert await yard.rows("SELECT kind, detection_id FROM feed ORDER BY seq") == [
        ("detection", there),
        ("detection_picture", there),
    ]
    assert await yard.rows("SELECT files, bytes FROM picture_total") == [(1, len(jpeg()))]
    assert await yard.rows("SELECT 1 FROM picture_jobs") == []
    assert [news.data["imagem_pendente"] for news in yard.sent] == [True]  # one event, no second


async def test_the_address_is_not_readable_in_the_database(yard: Yard) -> None:
    await yard.reads("http://127.0.0.1:9/QZX7J42?key=geheim")

    ((sealed,),) = await yard.rows("SELECT url_sealed FROM picture_jobs")
    assert isinstance(sealed, bytes)
    assert b"QZX7J42" not in sealed
    assert b"geheim" not in sealed


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (answers(b"<html>"), PictureState.NO_JPEG),
        (answers(b""), PictureState.NO_JPEG),
        (answers(jpeg()[:-300]), PictureState.NO_JPEG),
        (answers(huge_picture()), PictureState.NO_JPEG),
        (answers(b"\xff\xd8\xff" + bytes(9 * 2**20)), PictureState.TOO_LARGE),
        (picture_server.never_ends, PictureState.TOO_LARGE),
        (answers(b"", status="302 Found", headers="Location: /\r\n"), PictureState.REDIRECTED),
        (answers(b"", status="401 Unauthorized"), PictureState.DENIED),
    ],
)
async def test_what_is_no_picture_is_told_and_the_reading_stays(
    yard: Yard, reply: Reply, state: PictureState, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving_pictures(reply) as server, running(yard):
        there = await yard.reads(server.url("/p.jpg?key=geheim"))
        found = await until_settled(yard, there)

    assert (found.picture_state, found.scene, found.plate) == (state, None, "ABC1D23")
    assert await yard.rows("SELECT 1 FROM picture_jobs") == []

    def is_counted() -> bool:
        name, labels = "gtvision_edge_detection_pictures_total", {"outcome": state.value}
        return yard.registry.get_sample_value(name, labels) == 1

    await becomes(is_counted, 2)  # behind the commit
    printed = capsys.readouterr()
    assert f"state='{state.value}' detail=" in printed.out
    assert "geheim" not in printed.out + printed.err


async def test_an_address_that_is_not_open_is_refused_at_once(yard: Yard) -> None:
    async with running(yard):
        there = await yard.reads("http://169.254.169.254/latest/meta-data")
        found = await until_settled(yard, there)

    assert found.picture_state is PictureState.ADDRESS_REFUSED


async def test_what_fails_is_tried_again_later_each_time_and_then_given_up(yard: Yard) -> None:
    async with serving_pictures(answers(b"", status="404 Not Found")) as server:
        there = await yard.reads(server.url())
        waits = []
        for _ in DELAYS_S:
            before_us = yard.clock.now_us()
            assert await yard.getter.get(await job_of(yard, there)) is PictureState.WAITING
            ((due_us,),) = await yard.rows("SELECT due_us FROM picture_jobs")
            assert isinstance(due_us, int)
            waits.append((due_us - before_us) / 1e6)
        assert await yard.getter.get(await job_of(yard, there)) is PictureState.UNREACHABLE

        assert len(server.asked) == len(DELAYS_S) + 1
    assert all(0.89 * d <= w <= 1.11 * d for d, w in zip(DELAYS_S, waits, strict=True))
    assert (await yard.detection(there)).picture_state is PictureState.UNREACHABLE


async def test_a_picture_that_is_not_there_yet_comes_at_a_later_try(yard: Yard) -> None:
    async with serving_pictures(answers(b"", status="404 Not Found")) as server, running(yard):
        there = await yard.reads(server.url())
        async with asyncio.timeout(patiently(8)):
            while not await yard.rows(  # noqa: ASYNC110 -- the database tells of no change
                "SELECT 1 FROM picture_jobs WHERE attempts = 1"
            ):
                await asyncio.sleep(0.01)
        server.reply = answers(jpeg())
        for _ in range(5):
            await yard.clock.until_asleep()
            await yard.clock.advance(3)
        found = await until_settled(yard, there)

    assert found.scene is not None


async def test_a_camera_whose_server_hangs_keeps_no_other_waiting(yard: Yard) -> None:
    async with (
        serving_pictures(picture_server.says_nothing) as dead,
        serving_pictures(answers(jpeg())) as good,
        running(yard),
    ):
        for _ in range(30):
            await yard.reads(dead.url(), camera="cam01")
        theirs = [await yard.reads(good.url(), camera=f"cam{n:02}") for n in range(2, 8)]
        for each in theirs:
            assert (await until_settled(yard, each)).scene is not None

        assert len(dead.asked) <= OF_A_CAMERA


async def test_pictures_that_keep_failing_are_shown_until_one_comes(yard: Yard) -> None:
    async with serving_pictures(answers(b"<html>")) as server, running(yard):
        for number in range(3):
            assert list(yard.getter.findings()) == []
            await until_settled(yard, await yard.reads(server.url(f"/{number}")))
        await becomes(lambda: list(yard.getter.findings()) != [], 5)
        (finding,) = yard.getter.findings()
        server.reply = answers(jpeg())
        await until_settled(yard, await yard.reads(server.url()))
        await becomes(lambda: list(yard.getter.findings()) == [], 5)
    assert (finding.code, finding.facts) == (
        "plate_pictures_failing",
        {"cameras": 1, "reason": "picture_no_jpeg"},
    )


async def test_what_was_cut_off_anywhere_is_done_again(yard: Yard) -> None:
    """Stopped while fetching, and between file and commit: the row is still there, and the next start goes on."""
    async with serving_pictures(picture_server.says_nothing) as server:
        there = await yard.reads(server.url())
        async with running(yard):
            await becomes(lambda: server.asked != [], 8)
        await asyncio.to_thread(yard.store.keep, jpeg())
        assert (await yard.detection(there)).picture_state is PictureState.WAITING

        server.reply = answers(jpeg())
        async with running(yard):
            found = await until_settled(yard, there)

    assert found.scene is not None
    assert await yard.rows("SELECT count(*) FROM feed WHERE kind = 'detection_picture'") == [(1,)]


async def test_a_disk_that_fails_is_tried_again_and_shown(yard: Yard) -> None:
    async with serving_pictures(answers(jpeg())) as server:
        there = await yard.reads(server.url())
        root = yard.store.path_of("0" * 64).parent.parent
        await asyncio.to_thread(root.write_text, "in the way")
        with pytest.raises(OSError, match="director"):
            await yard.getter.get(await job_of(yard, there))
        assert (await yard.detection(there)).picture_state is PictureState.WAITING

        await asyncio.to_thread(root.unlink)
        assert await yard.getter.get(await job_of(yard, there)) is PictureState.NONE


async def test_when_the_key_is_lost_its_pictures_are_given_up(yard: Yard) -> None:
    there = await yard.reads("http://127.0.0.1:9/p.jpg")
    yard.seals.is_lost = True

    assert await yard.getter.get(await job_of(yard, there)) is PictureState.KEY_LOST


async def test_what_waited_for_a_day_is_given_up_together(yard: Yard) -> None:
    old = [await yard.reads("http://127.0.0.1:9/p.jpg") for _ in range(20)]
    await yard.clock.advance(GIVE_UP_AFTER_S + 1)

    async with running(yard):
        found = [await until_settled(yard, each) for each in old]

    assert {each.picture_state for each in found} == {PictureState.UNREACHABLE}
    assert await yard.rows("SELECT 1 FROM picture_jobs") == []


async def test_after_the_clock_was_put_back_nothing_waits_for_the_old_time(yard: Yard) -> None:
    async with serving_pictures(answers(jpeg())) as server:
        there = await yard.reads(server.url())
        yard.clock.step_wall(-40 * 86_400)
        async with running(yard):
            assert (await until_settled(yard, there)).scene is not None


async def test_a_clock_in_doubt_gives_no_picture_up_for_its_age(yard: Yard) -> None:
    async with serving_pictures(answers(b"", status="503 Busy")) as server:
        there = await yard.reads(server.url())
        yard.clock.step_wall(40 * 86_400)
        yard.clock_is_trusted = False
        async with running(yard):
            await becomes(lambda: server.asked != [], 5)
            await yard.clock.until_asleep()
            assert (await yard.detection(there)).picture_state is PictureState.WAITING

            server.reply = answers(jpeg())
            yard.clock.step_wall(-40 * 86_400)
            await yard.clock.advance(DELAYS_S[0] * 2)
            assert (await until_settled(yard, there)).scene is not None


async def test_a_clock_that_is_put_back_meanwhile_keeps_no_picture_waiting(yard: Yard) -> None:
    async with serving_pictures(answers(b"", status="503 Busy")) as server:
        there = await yard.reads(server.url())
        async with running(yard):
            await becomes(lambda: server.asked != [], 5)
            await yard.clock.until_asleep()
            server.reply = answers(jpeg())
            yard.clock.step_wall(-3 * 3600)
            await yard.clock.advance(DELAYS_S[0] * 2)
            assert (await until_settled(yard, there)).scene is not None


async def test_a_plate_is_cut_out_of_a_scene_that_came_without_one(yard: Yard) -> None:
    there = await yard.reads(pictures=(Picture(PictureKind.SCENE, jpeg()),), area=AREA)
    assert (await yard.detection(there)).picture_state is PictureState.WAITING

    async with running(yard):
        found = await until_settled(yard, there)

    assert found.crop is not None
    made = await asyncio.to_thread(yard.store.read, found.crop)
    assert made is not None
    with Image.open(io.BytesIO(made)) as crop:
        assert crop.size == pytest.approx((640 * 0.26, 360 * 0.13), abs=2)
    assert await yard.rows("SELECT kind FROM feed ORDER BY seq") == [
        ("detection",),
        ("detection_picture",),
    ]


@pytest.mark.parametrize(
    ("pictures", "area"),
    [
        ((Picture(PictureKind.SCENE, jpeg()),), None),
        ((Picture(PictureKind.SCENE, jpeg()), Picture(PictureKind.PLATE, jpeg(120, 40))), AREA),
        ((Picture(PictureKind.PLATE, jpeg(120, 40)),), AREA),
        ((), AREA),
    ],
)
async def test_without_scene_or_rectangle_or_with_a_plate_nothing_is_cut(
    yard: Yard, pictures: tuple[Picture, ...], area: Rectangle | None
) -> None:
    there = await yard.reads(pictures=pictures, area=area)

    assert (await yard.detection(there)).picture_state is PictureState.NONE
    assert await yard.rows("SELECT 1 FROM picture_jobs") == []


async def test_a_fetched_scene_is_cut_too(yard: Yard) -> None:
    async with serving_pictures(answers(jpeg())) as server, running(yard):
        found = await until_settled(yard, await yard.reads(server.url(), area=AREA))

    assert found.scene is not None
    assert found.crop is not None


async def test_a_picture_that_the_source_sends_later_is_told_once(yard: Yard) -> None:
    there = await yard.reads(event_id="e1")
    with yard.bus.listen(PictureCame) as mailbox:
        for _ in range(2):
            await yard.reads(event_id="e1", pictures=(Picture(PictureKind.SCENE, jpeg()),))
        assert await anext(aiter(mailbox)) == PictureCame(there)

    assert await yard.rows("SELECT kind FROM feed ORDER BY seq") == [
        ("detection",),
        ("detection_picture",),
    ]
