"""Whoever keeps copies hears of each picture once, when it comes and when it goes, in the transaction that says so."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from gtvision_edge.archive.debts import PictureCopies
from gtvision_edge.audit import AuditLog
from gtvision_edge.detections.model import Picture, PictureKind, Rectangle
from gtvision_edge.detections.picture_store import name_of
from gtvision_edge.detections.pictures.keeping import YOUNG_S
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock
from tests.fakes.picture_jobs import find_job
from tests.fakes.picture_server import answers, serving_pictures
from tests.fakes.pushes import jpeg
from tests.unit.detections.pictures.conftest import Seals, open_yard
from tests.unit.detections.pictures.test_keeping import keeper, seen

RED, BLUE = jpeg(color="red"), jpeg(color="blue")


class Heard:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.news: list[str] = []

    def came(self, transaction: Transaction, sizes: Mapping[str, int]) -> None:
        self.news += [f"+{name}:{size}" for name, size in sizes.items()]

    def left(self, transaction: Transaction, names: Iterable[str]) -> None:
        self.news += [f"-{name}" for name in names]


async def test_a_picture_of_two_readings_comes_once_and_goes_with_the_second(
    database: Database, clock: FakeClock, seals: Seals, tmp_path: Path
) -> None:
    heard = Heard()
    async with open_yard(database, clock, seals, tmp_path, heard) as yard:
        await seen(yard, "red")
        await clock.advance(100)
        await seen(yard, "red")
        assert heard.news == [f"+{name_of(RED)}:{len(RED)}"]

        await clock.advance(50)
        await keeper(yard, keep_s=100, copies=heard).go_round()
        assert len(heard.news) == 1
        await clock.advance(100)
        await keeper(yard, keep_s=100, copies=heard).go_round()

    assert heard.news[1:] == [f"-{name_of(RED)}"]


async def test_a_picture_that_comes_after_its_reading_is_heard_of(
    database: Database, clock: FakeClock, seals: Seals, tmp_path: Path
) -> None:
    heard = Heard()
    async with (
        open_yard(database, clock, seals, tmp_path, heard) as yard,
        serving_pictures(answers(RED)) as server,
    ):
        detection_id = await yard.reads(server.url(), area=Rectangle(0.1, 0.1, 0.5, 0.5))
        assert heard.news == []
        job = await find_job(database, detection_id)
        assert job is not None
        await yard.getter.get(job)
        found = await yard.detection(detection_id)

    assert found.scene == name_of(RED)
    assert {each[1:65] for each in heard.news} == {found.scene, found.crop}


async def test_a_left_over_picture_that_was_counted_goes_from_elsewhere_too(
    database: Database, clock: FakeClock, seals: Seals, tmp_path: Path
) -> None:
    heard = Heard()
    async with open_yard(database, clock, seals, tmp_path, heard) as yard:
        await yard.reads(event_id="same", pictures=(Picture(PictureKind.SCENE, RED),))
        # Sent again with another picture: that is counted, and no reading takes it.
        await yard.reads(event_id="same", pictures=(Picture(PictureKind.SCENE, BLUE),))
        await clock.advance(YOUNG_S)
        clock.step_wall(400 * 86_400)
        await keeper(yard, copies=heard).compare()

    assert heard.news[-1] == f"-{name_of(BLUE)}"


async def test_what_is_owed_and_the_reading_are_one_commit(
    database: Database, clock: FakeClock, seals: Seals, tmp_path: Path
) -> None:
    class Failing(PictureCopies):
        def came(self, transaction: Transaction, sizes: Mapping[str, int]) -> None:
            super().came(transaction, sizes)
            raise RuntimeError("the power was cut")

    settings = ArchiveSettings.model_validate(
        {"bucket": "copias", "access_key": "box", "secret_key": "s"}
    )
    async with open_yard(database, clock, seals, tmp_path, Failing(settings, clock)) as yard:
        with pytest.raises(RuntimeError):
            await seen(yard, "red")
        assert await yard.rows("SELECT * FROM archive_queue") == []
        assert await yard.rows("SELECT * FROM detections") == []
    async with open_yard(database, clock, seals, tmp_path, PictureCopies(settings, clock)) as yard:
        await seen(yard, "red")
        assert await yard.rows("SELECT kind, name, act FROM archive_queue") == [
            ("picture", name_of(RED), "copy")
        ]
        await AuditLog(clock).verify(database)
