"""Nothing of a plate stays between the rows: not when readings grew by pictures that came late, nor when others go on living."""

import asyncio
import hashlib
import re
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from gtvision_edge.audit import AuditLog
from gtvision_edge.detections import repository
from gtvision_edge.detections.model import (
    Detection,
    DetectionId,
    PictureState,
    TimeSource,
    TrustLevel,
)
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.pictures import repository as picture_files
from gtvision_edge.detections.privacy import Anonymiser
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock

DAY_S = 86_400.0
READINGS = 1200
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


async def test_rows_that_grew_and_rows_beside_them_leave_no_plate_in_the_file(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    readings = await lived(database, clock)
    anonymiser = Anonymiser(
        database,
        AuditLog(clock),
        clock,
        pictures=PictureStore(tmp_path / "pictures"),
        forget_unsent=lambda _transaction, _ids: 0,
        held="0",
        keep_s=30 * DAY_S,
        zone=ZoneInfo("America/Sao_Paulo"),
        trusts_clock=lambda: True,
    )
    for due in (READINGS // 3, 2 * READINGS // 3, READINGS):
        # A third of them each time; the others lie in the same pages and beside them.
        newest_us = readings[due - 1].received_us
        await clock.advance(30 * DAY_S - (clock.now_us() - newest_us) / 1e6 + 1)

        assert (await anonymiser.go_round()).readings == READINGS // 3

        young = {(each.plate or "").encode() for each in readings[due:]}
        assert await asyncio.to_thread(plates_in, tmp_path) == young
