"""Cameras that cannot push are asked, and whatever they say costs nobody else anything."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from gtvision_edge.cameras.model import (
    Camera,
    CameraChanged,
    CameraId,
    CameraRemoved,
    CameraUuid,
    Place,
)
from gtvision_edge.detections.intake import Intake
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.plate_sources.model import PlateSourceChanged, SourceSettings
from gtvision_edge.detections.pulling.pace import AT_ONCE, OF_A_PART, PER_S, StreamPace
from gtvision_edge.detections.pulling.puller import MAX_DELAY_S, TRIES, Pullers
from gtvision_edge.detections.pulling.states import PullState
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, Row, Transaction
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import jpeg
from tests.fakes.snap_camera import (
    HEAD,
    HEARTBEAT,
    PASSWORD,
    USER,
    part,
    snap_camera,
    text,
)
from tests.waiting import becomes

SCENE, PLATE = jpeg(), jpeg(120, 40, "white")
PULLED = SourceSettings(is_pulled=True)


def camera_at(port: int, number: int = 1) -> Camera:
    return Camera(
        camera_id=CameraId(f"cam0{number}"),
        camera_uuid=CameraUuid(f"u-{number}"),
        name="Portaria",
        tenant_id="a",
        vendor="intelbras",
        host="127.0.0.1",
        rtsp_port=554,
        http_port=port,
        onvif_port=80,
        channel=1,
        username=USER,
        has_password=True,
        main_url=None,
        sub_url=None,
        record=True,
        enabled=True,
        place=Place(),
        main_profile=None,
        sub_profile=None,
        warnings=(),
        created_us=0,
        updated_us=0,
    )


class Site:
    """Cameras, their passwords and their settings, as a test sets them."""

    def __init__(self) -> None:
        self.cameras: dict[str, Camera] = {}
        self.settings: dict[str, SourceSettings] = {}
        self.password = PASSWORD
        self.bus = EventBus()
        self.disk_fails = 0

    def put(self, camera: Camera, settings: SourceSettings = PULLED) -> None:
        self.cameras[camera.camera_uuid] = camera
        self.settings[camera.camera_uuid] = settings

    def all_cameras(self) -> Sequence[Camera]:
        return list(self.cameras.values())

    def find_by_uuid(self, camera_uuid: str) -> Camera | None:
        return self.cameras.get(camera_uuid)

    def login_of(self, camera_id: str) -> tuple[str, SecretStr] | None:
        return USER, SecretStr(self.password)

    def settings_of(self, camera_uuid: str) -> SourceSettings:
        return self.settings.get(camera_uuid, SourceSettings())

    async def resolve(self, host: str, *, timeout_s: float) -> str:
        return host

    def send(self, _: Transaction, news: object) -> None:
        if self.disk_fails:
            self.disk_fails -= 1
            raise sqlite3.OperationalError("disk I/O error")


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def intake(
    site: Site, database: Database, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[Intake]:
    made = Intake(
        database,
        clock,
        site.bus,
        zone=ZoneInfo("America/Sao_Paulo"),
        pictures=PictureStore(tmp_path / "pictures"),
        send=site.send,
        settings_of=site.settings_of,
    )
    yield made
    made.close()


@asynccontextmanager
async def asking(
    site: Site, intake: Intake, clock: FakeClock, *, silent_s: float = 5.0
) -> AsyncIterator[Pullers]:
    pullers = Pullers(
        site,
        intake,
        site.bus,
        clock,
        settings_of=site.settings_of,
        resolver=site,
        silent_s=silent_s,
    )
    task = asyncio.create_task(pullers.run())
    try:
        yield pullers
    finally:
        task.cancel()
        await asyncio.wait({task})


async def rows(database: Database) -> list[Row]:
    return await database.fetch_all("SELECT * FROM detections ORDER BY rowid")


async def has_rows(database: Database, count: int) -> None:
    async def there() -> bool:
        return len(await rows(database)) >= count

    await becomes(there, within_s=5)


def saying(*pieces: bytes, then_wait: bool = True, head: bytes = HEAD) -> Any:
    async def says(writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"".join(pieces))
        await writer.drain()
        if then_wait:
            await asyncio.sleep(3600)

    return says


async def test_a_passage_with_its_pictures_comes_in_without_waiting_for_the_next_part(
    site: Site, intake: Intake, clock: FakeClock, database: Database
) -> None:
    told = saying(HEARTBEAT, text(), part("image/jpeg", SCENE), part("image/jpeg", PLATE))
    async with snap_camera(told) as camera, asking(site, intake, clock) as pullers:
        site.put(camera_at(camera.port))
        site.bus.publish(PlateSourceChanged("u-1"))
        await has_rows(database, 1)

        (row,) = await rows(database)
        assert (row["plate"], row["source"], row["trust"]) == ("ABC1D23", "snapmanager", "fetched")
        assert row["captured_us"] == (1767225600 - 14) * 1_000_000 + 120_000
        assert row["confidence"] == pytest.approx(232 / 255)
        assert row["scene"]
        assert row["crop"]
        assert pullers.view_of("u-1").state is PullState.CONNECTED
        assert camera.asked[1] == (
            "GET /cgi-bin/snapManager.cgi?action=attachFileProc&channel=1&heartbeat=5"
            "&Flags[0]=Event&Events=[TrafficJunction] HTTP/1.1"
        )
        assert camera.logins == [True]
    assert pullers.view_of("u-1").state is PullState.OFF
    await becomes(lambda: camera.open_ == 0, within_s=5)


async def test_a_picture_that_comes_late_is_added(
    site: Site, intake: Intake, clock: FakeClock, database: Database
) -> None:
    go_on = asyncio.Event()

    async def says(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + text())
        await go_on.wait()
        writer.write(part("image/jpeg", SCENE) + HEARTBEAT)
        await asyncio.sleep(3600)

    async with snap_camera(says) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock):
            await has_rows(database, 1)
            assert (await rows(database))[0]["scene"] is None
            go_on.set()

            async def has_scene() -> bool:
                return (await rows(database))[0]["scene"] is not None

            await becomes(has_scene, within_s=5)
            assert len(await rows(database)) == 1


async def test_pictures_of_other_events_are_nobodys(
    site: Site, intake: Intake, clock: FakeClock, database: Database
) -> None:
    other = part("text/plain", b"Events[0].EventBaseInfo.Code=VideoMotion\r\n")
    told = saying(
        text("ABC1D21", event_id=1),
        other,
        part("image/jpeg", SCENE),
        part("text/plain", b"what is this"),
        part("image/jpeg", SCENE),
        text("ABC1D22", event_id=2),
        HEARTBEAT,
    )
    async with snap_camera(told) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock):
            await has_rows(database, 2)

    found = await rows(database)
    assert [(row["plate"], row["scene"]) for row in found] == [("ABC1D21", None), ("ABC1D22", None)]


async def test_a_stream_that_breaks_is_opened_again_and_again_with_growing_patience(
    site: Site, intake: Intake, clock: FakeClock, database: Database
) -> None:
    async with snap_camera(saying(text(), then_wait=False)) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock) as pullers:
            await becomes(lambda: camera.logins == [True], within_s=5)
            for tries, waited_s in ((2, 1.25), (3, 2.5), (4, 5.0)):
                await clock.until_asleep()
                await clock.advance(waited_s)
                await becomes(lambda tries=tries: len(camera.logins) == tries, within_s=5)
            await clock.until_asleep()
            assert pullers.view_of("u-1").state is PullState.UNREACHABLE
            await clock.advance(2.0)
            assert len(camera.logins) == 4

    assert len(await rows(database)) == 1


async def test_a_wrong_password_is_tried_once_and_not_again_for_minutes(
    site: Site, intake: Intake, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    site.password = "wr0ng-password"
    async with snap_camera(saying()) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock) as pullers:
            await clock.until_asleep()
            assert pullers.view_of("u-1").state is PullState.UNAUTHORIZED
            await clock.advance(MAX_DELAY_S * 5)
            assert camera.logins == [False]

            site.password = PASSWORD
            site.bus.publish(CameraChanged(CameraId("cam01"), CameraUuid("u-1")))
            await becomes(lambda: pullers.view_of("u-1").state is PullState.CONNECTED, within_s=5)
            assert camera.logins == [False, True]

    printed = capsys.readouterr().out
    assert "plate_pull_failed" in printed
    assert "wr0ng-password" not in printed
    assert PASSWORD not in printed


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", PullState.UNSUPPORTED),
        (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.9/\r\n\r\n", PullState.UNSUPPORTED),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", PullState.UNSUPPORTED),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", PullState.UNREACHABLE),
        (b"\x00\xff nonsense\r\n\r\n", PullState.GARBLED),
        (b"", PullState.UNREACHABLE),
        (HEAD + part("image/jpeg", b"", length=10**11), PullState.GARBLED),
        (HEAD + b"--myboundary\r\n" + b"x" * 100_000, PullState.GARBLED),
        (HEAD + part("image/jpeg", b"\xff" * 5 * 2**20, length=None), PullState.GARBLED),
        (
            b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
            PullState.UNAUTHORIZED,
        ),
    ],
)
async def test_a_camera_that_lies_is_given_up_and_its_neighbour_goes_on(
    site: Site,
    intake: Intake,
    clock: FakeClock,
    database: Database,
    answer: bytes,
    state: PullState,
) -> None:
    lying = saying(head=answer, then_wait=False)
    async with snap_camera(lying) as liar, snap_camera(saying(text(), HEARTBEAT)) as honest:
        site.put(camera_at(liar.port))
        site.put(camera_at(honest.port, 2))
        async with asking(site, intake, clock) as pullers:
            await has_rows(database, 1)
            await becomes(lambda: pullers.view_of("u-1").state is state, within_s=5)
            assert pullers.view_of("u-2").state is PullState.CONNECTED


async def test_a_camera_that_falls_silent_is_asked_anew(
    site: Site, intake: Intake, clock: FakeClock
) -> None:
    async with snap_camera(saying(HEARTBEAT)) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock, silent_s=0.2) as pullers:
            await becomes(lambda: pullers.view_of("u-1").state is PullState.UNREACHABLE, within_s=5)


async def test_nothing_listens_there(site: Site, intake: Intake, clock: FakeClock) -> None:
    async with snap_camera(saying()) as camera:
        port = camera.port
    site.put(camera_at(port))
    async with asking(site, intake, clock) as pullers:
        await becomes(lambda: pullers.view_of("u-1").state is PullState.UNREACHABLE, within_s=5)


async def test_who_is_turned_off_disabled_or_removed_is_left_alone(
    site: Site, intake: Intake, clock: FakeClock
) -> None:
    async with snap_camera(saying(HEARTBEAT)) as camera:
        whole = camera_at(camera.port)
        site.put(whole)
        async with asking(site, intake, clock) as pullers:
            changes: list[Callable[[], None]] = [
                lambda: site.put(whole, SourceSettings()),
                lambda: site.put(replace(whole, enabled=False)),
                site.cameras.clear,
            ]
            for change in changes:
                await becomes(
                    lambda: pullers.view_of("u-1").state is PullState.CONNECTED, within_s=5
                )
                change()
                site.bus.publish(CameraRemoved(CameraId("cam01"), CameraUuid("u-1")))
                await becomes(lambda: pullers.view_of("u-1").state is PullState.OFF, within_s=5)
                await becomes(lambda: camera.open_ == 0, within_s=5)
                site.put(whole)
                site.bus.publish(PlateSourceChanged("u-1"))


async def test_a_disk_that_fails_for_a_moment_costs_no_reading(
    site: Site, intake: Intake, clock: FakeClock, database: Database
) -> None:
    site.disk_fails = 2
    async with snap_camera(saying(text(), HEARTBEAT)) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock):
            for pause_s in (1, 2):
                await clock.until_asleep()
                await clock.advance(pause_s)
            await has_rows(database, 1)


async def test_a_flood_waits_in_the_camera(
    site: Site, intake: Intake, clock: FakeClock, database: Database
) -> None:
    flood = b"".join(text(f"ABC{number:04d}", event_id=number) for number in range(450))
    async with snap_camera(saying(flood, HEARTBEAT)) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock):
            await clock.until_asleep()
            assert len(await rows(database)) == 400
            await clock.advance(1)
            await has_rows(database, 450)


async def test_a_stream_that_comes_faster_than_any_camera_speaks_waits_in_the_camera(
    site: Site, intake: Intake, clock: FakeClock
) -> None:
    block = part("image/jpeg", b"\xff\xd8\xff" + bytes(2**16))
    given = 0

    async def floods(writer: asyncio.StreamWriter) -> None:
        nonlocal given
        writer.write(HEAD)
        while True:
            writer.write(block)
            await writer.drain()
            given += len(block)

    async with snap_camera(floods) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock):
            await clock.until_asleep()
            # What was given and not read lies in the buffers of the system.
            assert given < 2 * AT_ONCE
            before = given
            await clock.advance(2)
            await clock.until_asleep()
            assert PER_S < given - before < 3 * PER_S


async def test_however_small_its_parts_they_count(clock: FakeClock) -> None:
    pace = StreamPace(clock)
    task = asyncio.create_task(pace.keep(0, AT_ONCE // OF_A_PART + 1))

    await clock.until_asleep()
    await clock.advance(OF_A_PART / PER_S)

    await asyncio.wait_for(task, 5)


async def drips(writer: asyncio.StreamWriter) -> None:
    """Begin a picture and never come to its end."""
    writer.write(b"--myboundary\r\nContent-Type: image/jpeg\r\nContent-Length: 900000\r\n\r\n")
    while True:
        writer.write(b"\xff")
        await writer.drain()
        await asyncio.sleep(0.02)


async def test_a_passage_does_not_wait_for_a_picture_that_comes_byte_by_byte(
    site: Site, intake: Intake, clock: FakeClock, database: Database
) -> None:
    async def says(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + text())
        await drips(writer)

    async with snap_camera(says) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock):
            await has_rows(database, 1)


async def test_who_drips_and_never_says_anything_whole_has_fallen_silent(
    site: Site, intake: Intake, clock: FakeClock
) -> None:
    async def says(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + HEARTBEAT)
        await drips(writer)

    async with snap_camera(says) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock, silent_s=0.2) as pullers:
            await becomes(lambda: pullers.view_of("u-1").state is PullState.UNREACHABLE, 8)


def told(pullers: Pullers) -> list[tuple[object, object]]:
    return [(each.facts["camera_id"], each.facts["reason"]) for each in pullers.findings()]


async def test_a_refused_password_is_told_until_the_camera_answers(
    site: Site, intake: Intake, clock: FakeClock, database: Database
) -> None:
    site.password = "wr0ng"
    async with snap_camera(saying(text())) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock) as pullers:
            await clock.until_asleep()
            assert told(pullers) == [("cam01", "unauthorized")]
            (finding,) = pullers.findings()
            assert (finding.code, finding.facts["since_us"]) == (
                "plate_pull_failing",
                clock.now_us(),
            )

            site.password = PASSWORD
            site.bus.publish(CameraChanged(CameraId("cam01"), CameraUuid("u-1")))
            await has_rows(database, 1)
            await becomes(lambda: told(pullers) == [], within_s=5)
            assert pullers.view_of("u-1").trouble is None


async def test_a_camera_that_is_away_for_a_moment_is_shown_and_told_of_when_it_stays_away(
    site: Site, intake: Intake, clock: FakeClock
) -> None:
    nonsense = b"\x00\xff nonsense\r\n\r\n"
    async with snap_camera(saying(head=nonsense, then_wait=False)) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock) as pullers:
            await clock.until_asleep()
            began_us = clock.now_us()
            trouble = pullers.view_of("u-1").trouble
            assert trouble is not None
            assert (trouble.state, trouble.since_us) == (PullState.GARBLED, began_us)
            assert told(pullers) == []
            for waited_s, tries in ((1.25, 2), (2.5, 3)):
                await clock.advance(waited_s)
                await becomes(lambda tries=tries: in_a_row(pullers) == tries, within_s=5)
                await clock.until_asleep()

            assert told(pullers) == [("cam01", "garbled")]
            (finding,) = pullers.findings()
            assert finding.facts["since_us"] == began_us


def in_a_row(pullers: Pullers) -> int:
    trouble = pullers.view_of("u-1").trouble
    return trouble.in_a_row if trouble else 0


async def test_who_takes_the_call_and_says_nothing_is_not_well_until_it_was_heard(
    site: Site, intake: Intake, clock: FakeClock
) -> None:
    answers = iter([True])

    async def says(writer: asyncio.StreamWriter) -> None:
        if next(answers, False):
            return
        writer.write(HEAD + HEARTBEAT)
        await writer.drain()
        await asyncio.sleep(3600)

    async with snap_camera(says) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock, silent_s=15.0) as pullers:
            await clock.until_asleep()
            await clock.advance(1.25)
            await becomes(lambda: pullers.view_of("u-1").state is PullState.CONNECTED, within_s=5)
            assert in_a_row(pullers) == 1
            await clock.advance(15.1)
            assert pullers.view_of("u-1").trouble is None


async def test_a_camera_that_is_asked_no_more_is_no_trouble(
    site: Site, intake: Intake, clock: FakeClock
) -> None:
    site.password = "wr0ng"
    async with snap_camera(saying()) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock) as pullers:
            await becomes(lambda: told(pullers) == [("cam01", "unauthorized")], within_s=5)
            site.settings["u-1"] = SourceSettings()
            site.bus.publish(PlateSourceChanged("u-1"))
            await becomes(lambda: told(pullers) == [], within_s=5)


async def test_a_disk_that_takes_nothing_is_not_the_cameras_fault(
    site: Site, intake: Intake, clock: FakeClock
) -> None:
    site.disk_fails = TRIES
    async with snap_camera(saying(text(), HEARTBEAT)) as camera:
        site.put(camera_at(camera.port))
        async with asking(site, intake, clock) as pullers:
            for pause_s in (1, 2, 4, 8):
                await clock.until_asleep()
                await clock.advance(pause_s)
            await becomes(lambda: pullers.view_of("u-1").state is PullState.NOT_KEPT, within_s=5)
