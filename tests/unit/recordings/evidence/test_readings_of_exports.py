"""The readings of an export are those that cameras pushed in its interval; what becomes of them later changes no bundle."""

import asyncio
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gtvision_edge.accounts.model import THE_BOX
from gtvision_edge.detections.intake import Intake
from gtvision_edge.detections.model import Picture, PictureKind, Reading, TrustLevel
from gtvision_edge.detections.opening import PICTURES
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.privacy import Anonymiser
from gtvision_edge.recordings.evidence import ordering
from gtvision_edge.recordings.evidence.model import ExportOptions
from gtvision_edge.recordings.evidence.service import NewExport
from gtvision_edge.recordings.evidence.states import ExportState
from gtvision_edge.recordings.evidence.verify import verify_bundle
from gtvision_edge.recordings.holding import holds_moment
from gtvision_edge.runtime.events import EventBus
from tests.fakes.cameras import FakeCamera
from tests.fakes.pushes import jpeg
from tests.fakes.recorded import START_US
from tests.unit.recordings.evidence.conftest import S
from tests.unit.recordings.evidence.test_exports import (
    REQUEST,
    Box,
    box,
    content_of,
    reaches,
)

__all__ = ["box"]
BEGIN_US = START_US - 18 * S
ZONE = ZoneInfo("America/Sao_Paulo")
DAY_S = 86_400.0


def pictures(box: Box) -> PictureStore:
    return PictureStore(box.root.parent / "state" / PICTURES)


async def push(box: Box, *readings: tuple[str, float], tenant_id: str = "town") -> None:
    """Take in readings of plates that passed so many seconds after the incident's begin."""
    intake = Intake(
        box.database,
        box.clock,
        EventBus(),
        zone=ZONE,
        pictures=pictures(box),
        send=lambda transaction, news: None,
    )
    for plate, at_s in readings:
        await intake.take(
            FakeCamera("cam01", tenant_id=tenant_id),
            Reading(
                plate,
                captured_us=BEGIN_US + round(at_s * S),
                event_id=f"{plate} {tenant_id}",
                pictures=(Picture(PictureKind.SCENE, jpeg()),),
            ),
            source="hikvision",
            trust=TrustLevel.SECRET_PATH,
        )
    intake.close()


async def exported(box: Box, options: ExportOptions = ExportOptions()) -> Path:
    async with box.running() as exports:
        wanted = NewExport(box.incident_id, REQUEST, options=options)
        asked = await exports.service.create(THE_BOX, wanted)
        done = await reaches(exports, asked, ExportState.DONE, ExportState.FAILED)
        assert done.state is ExportState.DONE, done.error
        _, path = await exports.service.bundle_of(THE_BOX, done.export_id)
        return path


async def tenant_of_incident(box: Box) -> str:
    row = await box.database.fetch_one("SELECT tenant_id FROM incidents")
    assert row is not None
    return str(row[0])


async def test_the_interval_s_readings_are_in_the_bundle_and_nobody_else_s(box: Box) -> None:
    tenant_id = await tenant_of_incident(box)
    await push(
        box,
        ("AAA1A11", -0.1),
        ("BBB1B11", 0),
        ("CCC1C11", 7.9),
        ("DDD1D11", 8),
        tenant_id=tenant_id,
    )
    await push(box, ("EEE1E11", 4), tenant_id="another")

    path = await exported(box)

    readings = content_of(path, "readings.json")["readings"]
    assert [each["placa"] for each in readings] == ["BBB1B11", "CCC1C11"]
    assert all(each["pictures"]["scene"]["match"] for each in readings)
    finished = next(
        entry
        for entry in (await box.audit.page(box.database)).entries
        if entry.action == "export.finished"
    )
    assert json.loads(finished.details)["readings"] == 2


async def test_an_export_without_readings_has_none(box: Box) -> None:
    await push(box, ("BBB1B11", 1), tenant_id=await tenant_of_incident(box))

    path = await exported(box, ExportOptions(readings=False))

    assert content_of(path, "readings.json")["readings"] == []


async def test_of_too_many_the_rest_is_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "MOST_READINGS", 2)
    tenant_id = await tenant_of_incident(box)
    await push(box, *((f"BBB1B1{n}", n) for n in range(5)), tenant_id=tenant_id)

    path = await exported(box)

    assert content_of(path, "manifest.json")["readings"]["left_out"] == 3
    assert len(content_of(path, "readings.json")["readings"]) == 2


async def test_a_bundle_stays_whole_when_its_readings_are_anonymised(box: Box) -> None:
    await push(box, ("BBB1B11", 1), tenant_id=await tenant_of_incident(box))
    anonymiser = Anonymiser(
        box.database,
        box.audit,
        box.clock,
        pictures=pictures(box),
        forget_unsent=lambda transaction, ids: 0,
        forget_words=lambda _transaction, _ids: None,
        held=holds_moment(camera_uuid="detections.camera_uuid", time_us="detections.captured_us"),
        keep_s=DAY_S,
        zone=ZONE,
        trusts_clock=lambda: True,
    )
    path = await exported(box)
    await box.clock.advance(2 * DAY_S)

    while_held = await anonymiser.go_round()
    await box.incidents.release(THE_BOX, box.incident_id, reason="encerrado")
    released = await anonymiser.go_round()

    assert (while_held.readings, released.readings, released.pictures) == (0, 1, 1)
    verdict = await asyncio.to_thread(verify_bundle, path)
    assert verdict.is_good
    assert content_of(path, "readings.json")["readings"][0]["placa"] == "BBB1B11"
