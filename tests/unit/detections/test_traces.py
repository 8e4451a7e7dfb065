"""Nothing of a plate stays between the rows: not when readings grew by pictures that came late, nor when others go on living."""

import asyncio
import hashlib
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from gtvision_edge.accounts import Principal, Role, TenantId, UserId
from gtvision_edge.audit import AuditLog
from gtvision_edge.detections import repository
from gtvision_edge.detections.by_vehicle import repository as by_vehicle
from gtvision_edge.detections.errors import AlreadyWatchedError
from gtvision_edge.detections.model import (
    Detection,
    DetectionId,
    PictureState,
    TimeSource,
    TrustLevel,
    Watch,
    WatchId,
    WatchLevel,
)
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.pictures import repository as picture_files
from gtvision_edge.detections.plates import read_plate
from gtvision_edge.detections.privacy import Anonymiser
from gtvision_edge.detections.watchlist import NewWatch, Watchlist
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock
from tests.fakes.words import WORDS

DAY_S = 86_400.0
READINGS = 1200
OPERATOR = Principal(UserId("u1"), "op", "Op", Role.OPERATOR, TenantId("a"), None, "pt-BR", 1)
_PLATES = re.compile(rb"QZX[0-9][A-Z][0-9]{2}")


def a_reading(clock: FakeClock, dice: Random) -> Detection:
    plate = f"QZX{dice.randrange(10)}{chr(65 + dice.randrange(26))}{dice.randrange(100):02}"
    detection_id = DetectionId(new_uuid7(clock))
    facts = {"direction": "forward", "vehicle": {"kind": "car", "make": "m" * dice.randrange(300)}}
    return Detection(
        detection_id=detection_id,
        camera_uuid="u-1",
        camera_id="cam01",
        tenant_id="default",
        captured_us=clock.now_us(),
        received_us=clock.now_us(),
        time_source=TimeSource.CAMERA,
        plate=plate,
        vehicle=plate,
        plate_sent=plate,
        confidence=0.97,
        source="webhook",
        trust=TrustLevel.SIGNED,
        is_late=False,
        passage_id=detection_id,
        facts=facts,
        scene=None,
        crop=None,
        anonymised_us=None,
        picture_state=PictureState.WAITING,
    )


async def lived(database: Database, clock: FakeClock) -> list[Detection]:
    """Take in readings over some hours; most get pictures a while later, others are told why not, some lose theirs."""
    dice = Random(7)  # noqa: S311 -- nothing secret
    readings: list[Detection] = []

    def live(transaction: Transaction) -> None:
        reading = a_reading(clock, dice)
        repository.insert_detections(transaction, [(reading, dice.randbytes(32))])
        readings.append(reading)
        earlier = readings[-dice.randrange(1, 1 + min(30, len(readings)))].detection_id
        name = hashlib.sha256(dice.randbytes(8)).hexdigest()
        match dice.randrange(5):
            case 0:
                picture_files.set_state(transaction, earlier, PictureState.UNREACHABLE)
            case 1:
                picture_files.drop_pictures(transaction, earlier)
            case _:
                repository.add_pictures(transaction, earlier, scene=name, crop=None)
                repository.add_pictures(transaction, earlier, scene=None, crop=name[::-1])

    for _ in range(READINGS):
        await database.write(live)
        await clock.advance(10)
    return readings


def plates_in(folder: Path) -> set[bytes]:
    return {
        plate
        for path in folder.rglob("*")
        if path.is_file()
        for plate in _PLATES.findall(path.read_bytes())
    }


def an_anonymiser(database: Database, clock: FakeClock, folder: Path) -> Anonymiser:
    return Anonymiser(
        database,
        AuditLog(clock),
        clock,
        pictures=PictureStore(folder / "pictures"),
        forget_unsent=lambda _transaction, _ids: 0,
        forget_words=lambda _transaction, _ids: None,
        held="0",
        keep_s=30 * DAY_S,
        zone=ZoneInfo("America/Sao_Paulo"),
        trusts_clock=lambda: True,
    )


def a_tenant(transaction: Transaction) -> None:
    transaction.execute("INSERT INTO tenants (tenant_id, name, created_us) VALUES ('a', 'x', 0)")


async def test_rows_that_grew_and_rows_beside_them_leave_no_plate_in_the_file(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    readings = await lived(database, clock)
    anonymiser = an_anonymiser(database, clock, tmp_path)
    for due in (READINGS // 3, 2 * READINGS // 3, READINGS):
        # A third of them each time; the others lie in the same pages and beside them.
        newest_us = readings[due - 1].received_us
        await clock.advance(30 * DAY_S - (clock.now_us() - newest_us) / 1e6 + 1)

        assert (await anonymiser.go_round()).readings == READINGS // 3

        young = {(each.plate or "").encode() for each in readings[due:]}
        assert await asyncio.to_thread(plates_in, tmp_path) == young


async def test_plates_are_written_anew_when_some_went_and_then_alone(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    async def places() -> list[tuple[int, int]]:
        both = "SELECT (SELECT count(*) FROM plates_even), (SELECT count(*) FROM plates_odd)"
        return [tuple(row) for row in await database.fetch_all(both)]

    readings = await lived(database, clock)
    before = await places()
    await an_anonymiser(database, clock, tmp_path).go_round()
    assert await places() == before

    cut_off = an_anonymiser(database, clock, tmp_path)
    gone = readings[READINGS // 2]
    await clock.advance(30 * DAY_S - (clock.now_us() - gone.received_us) / 1e6 + 1)

    async def cut() -> None:
        raise ConnectionAbortedError

    cut_off._write_plates_anew = cut  # type: ignore[method-assign]
    with suppress(ConnectionAbortedError):
        await cut_off.go_round()
    ((even, odd),) = await places()
    assert (even, odd) == (READINGS // 2 - 1, 0)

    # The next start has nothing due, and what the one before left behind.
    await an_anonymiser(database, clock, tmp_path).go_round()

    assert await places() == [(0, even)]
    young = {(each.plate or "").encode() for each in readings[READINGS // 2 + 1 :]}
    assert await asyncio.to_thread(plates_in, tmp_path) == young
    await an_anonymiser(database, clock, tmp_path).go_round()
    assert await places() == [(0, even)]


async def test_what_was_taken_off_the_watchlist_is_in_the_file_no_longer(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    dice = Random(3)  # noqa: S311 -- nothing secret
    watchlist = Watchlist(database, AuditLog(clock), clock, words=WORDS)
    await database.write(a_tenant)
    living: dict[WatchId, Watch] = {}
    for _ in range(1500):
        plate = f"QZX{dice.randrange(10)}{chr(65 + dice.randrange(26))}{dice.randrange(100):02}"
        reason = f"furto, {plate}" + " m" * dice.randrange(200)
        with suppress(AlreadyWatchedError):
            made = await watchlist.add(OPERATOR, NewWatch(plate, reason, WatchLevel.INFO))
            living[made.watch_id] = made
        chosen = living[dice.choice(list(living))]
        match dice.randrange(3):
            case 0:
                longer = f"visto, {chosen.plate}" + " k" * dice.randrange(200)
                await watchlist.update(OPERATOR, chosen.watch_id, {"reason": longer})
            case 1:
                await watchlist.remove(OPERATOR, chosen.watch_id)
                del living[chosen.watch_id]
            case _:
                pass
    before = await watchlist.list_watches(OPERATOR, limit=1000)

    await an_anonymiser(database, clock, tmp_path).go_round()

    listed = {each.plate.encode() for each in living.values()}
    assert await asyncio.to_thread(plates_in, tmp_path) == listed
    assert await watchlist.list_watches(OPERATOR, limit=1000) == before


async def test_what_comes_while_plates_are_moved_is_found_and_so_is_what_was_moved(
    database: Database, clock: FakeClock
) -> None:
    """Each move is cut off at another place, as by a stop; readings come and go in between."""
    dice = Random(5)  # noqa: S311 -- nothing secret
    living: list[Detection] = []

    def live(transaction: Transaction) -> None:
        reading = a_reading(clock, dice)
        plate = read_plate(reading.plate_sent)
        assert plate is not None
        living.append(replace(reading, vehicle=plate.vehicle))
        repository.insert_detections(transaction, [(living[-1], dice.randbytes(32))])
        if len(living) % 3 == 0:
            gone = living.pop(dice.randrange(len(living)))
            repository.take_plates(transaction, [gone.detection_id], held="0")

    for step in range(300):
        await database.write(live)
        await clock.advance(1)
        if step % 20 == 0:
            while await database.write(lambda each: by_vehicle.move_plates(each, 7)):
                pass
            await database.write(by_vehicle.turn_plates)
        elif step % 2:
            await database.write(lambda each: by_vehicle.move_plates(each, 1))

    for each in living:
        wanted = repository.Wanted(0, 2**60, patterns=[each.plate or ""])
        found = await repository.search(database, wanted, 100)
        assert each.detection_id in {one.detection_id for one in found}
    kept = await database.fetch_all("SELECT * FROM plates_even UNION ALL SELECT * FROM plates_odd")
    assert len(kept) == len(living)
