"""A reading becomes a detection once, whole, and on disk."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gtvision_edge.detections import repository
from gtvision_edge.detections.acceptance import OutgoingNews
from gtvision_edge.detections.errors import PictureNotKeptError
from gtvision_edge.detections.intake import Intake
from gtvision_edge.detections.model import (
    Detection,
    Picture,
    PictureKind,
    PlateRead,
    Reading,
    TrustLevel,
)
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.storage.errors import StorageError
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import jpeg


@dataclass(frozen=True)
class _Camera:
    camera_id: str = "cam01"
    camera_uuid: str = "u-1"
    tenant_id: str = "a"
    name: str = "Portaria"


class _Sent:
    def __init__(self) -> None:
        self.news: list[OutgoingNews] = []
        self.failure: Exception | None = None

    def __call__(self, _: Transaction, news: Sequence[OutgoingNews]) -> None:
        if self.failure:
            raise self.failure
        self.news.extend(news)


@pytest.fixture
def sent() -> _Sent:
    return _Sent()


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    return PictureStore(tmp_path / "pictures")


@pytest.fixture
async def intake(
    database: Database, clock: FakeClock, bus: EventBus, store: PictureStore, sent: _Sent
) -> AsyncIterator[Intake]:
    made = Intake(
        database, clock, bus, zone=ZoneInfo("America/Sao_Paulo"), pictures=store, send=sent
    )
    yield made
    made.close()


def reading(clock: FakeClock, **changes: object) -> Reading:
    base = Reading("abc-1d23", confidence=0.97, captured_us=clock.now_us() - 500_000)
    return replace(base, **changes)  # type: ignore[arg-type]


async def take(intake: Intake, wanted: Reading, camera: _Camera | None = None) -> Detection:
    taken = await intake.take(
        camera or _Camera(), wanted, source="hikvision", trust=TrustLevel.SECRET_PATH
    )
    found = await repository.find_detection(intake._database, taken.detection_id)
    assert found is not None
    return found


async def test_a_reading_is_kept_told_and_sent(
    intake: Intake, bus: EventBus, sent: _Sent, clock: FakeClock
) -> None:
    with bus.listen(PlateRead) as mailbox:
        detection = await take(intake, reading(clock, direction="forward", lane=2))
        event = await anext(aiter(mailbox))

    assert (detection.plate, detection.vehicle, detection.plate_sent) == (
        "ABC1D23",
        "ABC1323",
        "abc-1d23",
    )
    assert detection.is_first_of_passage
    assert not detection.is_late
    assert event == PlateRead(detection)
    (news,) = sent.news
    assert news.message_id == detection.detection_id
    assert news.lane == "u-1"
    assert news.data["placa"] == "ABC1D23"
    assert news.data["sentido"] == "forward"


async def test_what_is_sent_again_is_the_same_and_brings_its_picture(
    intake: Intake, store: PictureStore, sent: _Sent, clock: FakeClock
) -> None:
    first = await take(intake, reading(clock, event_id="e1"))
    pictures = (Picture(PictureKind.SCENE, jpeg()), Picture(PictureKind.PLATE, jpeg(120, 40)))
    await clock.advance(5)
    again = await take(intake, reading(clock, event_id="e1", pictures=pictures))

    assert again.detection_id == first.detection_id
    assert again.received_us == first.received_us
    assert again.scene is not None
    assert again.crop is not None
    assert store.path_of(again.scene).read_bytes() == jpeg()
    assert len(sent.news) == 1


async def test_readings_of_one_vehicle_in_a_moment_are_one_passage(
    intake: Intake, clock: FakeClock
) -> None:
    first = await take(intake, reading(clock, event_id="1", plate="ABC1234"))
    await clock.advance(4)
    renewed = await take(intake, reading(clock, event_id="2", plate="ABC1C34"))
    elsewhere = await take(
        intake, reading(clock, event_id="2", plate="ABC1C34"), _Camera("cam02", "u-2")
    )
    await clock.advance(11)
    later = await take(intake, reading(clock, event_id="3", plate="ABC1234"))

    assert renewed.passage_id == first.detection_id
    assert elsewhere.is_first_of_passage
    assert later.is_first_of_passage


async def test_vehicles_without_plate_are_never_one_passage(
    intake: Intake, clock: FakeClock
) -> None:
    first = await take(intake, reading(clock, plate="noPlate", lane=1))
    second = await take(intake, reading(clock, plate="noPlate", lane=2))

    assert first.plate is None
    assert second.is_first_of_passage
    assert second.detection_id != first.detection_id


async def test_a_source_without_clock_is_never_taken_to_repeat_itself(
    intake: Intake, clock: FakeClock
) -> None:
    first = await take(intake, reading(clock, captured_us=None))
    second = await take(intake, reading(clock, captured_us=None))

    assert first.detection_id != second.detection_id
    assert second.captured_us == second.received_us


async def test_what_cannot_be_sent_is_not_accepted(
    intake: Intake, database: Database, sent: _Sent, clock: FakeClock
) -> None:
    sent.failure = StorageError("full")

    with pytest.raises(StorageError):
        await take(intake, reading(clock, event_id="e1"))

    assert await database.fetch_all("SELECT 1 FROM detections") == []
    sent.failure = None
    assert (await take(intake, reading(clock, event_id="e1"))).plate == "ABC1D23"


async def test_a_picture_that_cannot_be_stored_is_not_accepted(
    intake: Intake, database: Database, store: PictureStore, clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "pictures").write_text("in the way")

    with pytest.raises(PictureNotKeptError):
        await take(intake, reading(clock, pictures=(Picture(PictureKind.SCENE, jpeg()),)))

    assert await database.fetch_all("SELECT 1 FROM detections") == []


async def test_readings_that_come_together_are_kept_by_one_commit_in_their_order(
    intake: Intake, database: Database, sent: _Sent, clock: FakeClock
) -> None:
    before = database._commits._value.get()
    cameras = [replace(_Camera(), camera_uuid=f"u-{number}") for number in range(3)]
    plates = [f"AAA{number:04d}" for number in range(30)]

    taken = await asyncio.gather(
        *(
            intake.take(
                cameras[number % 3],
                reading(clock, plate=plate),
                source="webhook",
                trust=TrustLevel.SIGNED,
            )
            for number, plate in enumerate(plates)
        )
    )

    assert all(each.is_new for each in taken)
    assert [news.data["placa"] for news in sent.news] == plates
    assert [news.message_id for news in sent.news] == [each.detection_id for each in taken]
    assert database._commits._value.get() - before <= 2


async def test_readings_that_come_together_know_of_one_another(
    intake: Intake, database: Database, sent: _Sent, clock: FakeClock
) -> None:
    first = reading(clock, event_id="1")
    readings = [
        first,
        reading(clock, plate="XYZ1A23", event_id="2"),
        first,
        replace(first, event_id="3", captured_us=clock.now_us()),
        replace(first, event_id="4", captured_us=clock.now_us() - 60_000_000),
    ]

    taken = await asyncio.gather(
        *(
            intake.take(_Camera(), each, source="hikvision", trust=TrustLevel.SECRET_PATH)
            for each in readings
        )
    )

    assert [each.is_new for each in taken] == [True, True, False, True, True]
    ids = [each.detection_id for each in taken]
    assert ids[2] == ids[0]
    passages = {}
    for each in ids:
        found = await repository.find_detection(database, each)
        assert found is not None
        passages[each] = found.passage_id
    assert passages == {ids[0]: ids[0], ids[1]: ids[1], ids[3]: ids[0], ids[4]: ids[4]}
    assert [news.message_id for news in sent.news] == [ids[0], ids[1], ids[3], ids[4]]


async def test_the_hub_hears_that_a_reading_was_late(
    intake: Intake, sent: _Sent, clock: FakeClock
) -> None:
    await take(intake, reading(clock))
    await take(intake, reading(clock, is_resent=True, event_id="2"))
    await take(intake, reading(clock, captured_us=clock.now_us() - 3_600_000_000))

    assert [news.is_late for news in sent.news] == [False, True, True]


async def test_a_reading_that_cannot_be_sent_spoils_none_that_came_with_it(
    database: Database, bus: EventBus, store: PictureStore, clock: FakeClock
) -> None:
    sent: list[OutgoingNews] = []

    def send(_: Transaction, news: Sequence[OutgoingNews]) -> None:
        if any(each.data["placa"] == "BAD0000" for each in news):
            raise LookupError("no")
        sent.extend(news)

    intake = Intake(database, clock, bus, zone=ZoneInfo("UTC"), pictures=store, send=send)
    plates = ["AAA0001", "BAD0000", "AAA0002"]
    results = await asyncio.gather(
        *(
            intake.take(
                _Camera(), reading(clock, plate=plate), source="webhook", trust=TrustLevel.SIGNED
            )
            for plate in plates
        ),
        return_exceptions=True,
    )
    intake.close()

    assert isinstance(results[1], LookupError)
    rows = await database.fetch_all("SELECT plate FROM detections ORDER BY rowid")
    assert [row[0] for row in rows] == ["AAA0001", "AAA0002"]
    assert [news.data["placa"] for news in sent] == ["AAA0001", "AAA0002"]
