"""A damaged marker is written anew only where the index leaves no doubt whose the directory is."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gtvision_edge.recordings.markers import CAMERA_MARKER, CameraMarker, read_camera_marker
from gtvision_edge.recordings.model import CameraNo
from gtvision_edge.recordings.ownership.mending import AGAIN_S, MarkerMender, Outcome
from gtvision_edge.recordings.volume import Volume, open_volume
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus
from tests.fakes.footage import MINUTE_US, START_US
from tests.fakes.recorded_volume import RecordedVolume, recorded_volume

T = TypeVar("T")

DAMAGE = [
    "",
    '{"camera_uuid": "00000000-00',
    "[]",
    '{"camera_uuid": "../x", "camera_id": "c1"}',
    None,
]


async def run(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


@pytest.fixture
def volume(tmp_path: Path, database: Database) -> RecordedVolume:
    return recorded_volume(tmp_path / "rec", database)


@pytest.fixture
def mender(volume: RecordedVolume, database: Database, clock: FakeClock) -> MarkerMender:
    return MarkerMender(volume.root, database, clock)


async def recorded(
    volume: RecordedVolume, camera_id: str, minutes: int, *, start_us: int = START_US
) -> CameraNo:
    """Record files that are as large as their rows say."""
    camera_no = await volume.camera(camera_id)
    await volume.record(camera_no, minutes, start_us=start_us)
    for file in (volume.root / f"{camera_id}_rec").rglob("*.mp4"):
        file.write_bytes(b"x" * 1000)
    return camera_no


def spoil(directory: Path, content: str | None = "") -> None:
    (directory / CAMERA_MARKER).unlink(missing_ok=True)
    if content is not None:
        (directory / CAMERA_MARKER).write_text(content)


async def marker_in(directory: Path) -> CameraMarker | None:
    return await asyncio.to_thread(read_camera_marker, directory / CAMERA_MARKER)


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_marker_is_written_anew_from_the_index(
    volume: RecordedVolume, mender: MarkerMender, damage: str | None
) -> None:
    await recorded(volume, "c1", 5)
    await recorded(volume, "c2", 5, start_us=START_US + 7)
    home = volume.root / "c1_rec"
    before = await marker_in(home)
    assert before is not None
    spoil(home, damage)

    assert await mender.mend("c1_rec", run) is Outcome.MENDED

    after = await marker_in(home)
    assert after is not None
    assert (after.camera_uuid, after.camera_id, after.tenant_id) == (
        before.camera_uuid,
        "c1",
        "town",
    )
    assert mender.findings() == []


async def test_a_directory_is_told_by_its_files_whatever_it_is_called(
    volume: RecordedVolume, mender: MarkerMender
) -> None:
    await recorded(volume, "c1", 3)
    aside = volume.root / "c1_rec.unknown.aside"
    (volume.root / "c1_rec").rename(aside)
    spoil(aside)

    assert await mender.mend(aside.name, run) is Outcome.MENDED
    found = await marker_in(aside)
    assert found is not None
    assert found.camera_id == "c1"


async def test_files_of_two_cameras_leave_it_nobodys(
    volume: RecordedVolume, mender: MarkerMender
) -> None:
    await recorded(volume, "c1", 5)
    await recorded(volume, "c2", 1, start_us=START_US + 10 * MINUTE_US)
    shutil.copytree(volume.root / "c2_rec", volume.root / "c1_rec", dirs_exist_ok=True)
    shutil.rmtree(volume.root / "c2_rec")
    spoil(volume.root / "c1_rec")

    assert await mender.look(["c1_rec"], run) is False

    assert (volume.root / "c1_rec" / CAMERA_MARKER).read_text() == ""
    assert mender.findings() == [
        Finding("footage_unreachable", Severity.ALARM, {"directory": "c1_rec"})
    ]


async def test_files_of_other_sizes_or_mostly_unknown_prove_nothing(
    volume: RecordedVolume, mender: MarkerMender, database: Database
) -> None:
    await recorded(volume, "c1", 5)
    await recorded(volume, "c2", 5)
    files = sorted((volume.root / "c1_rec").rglob("*.mp4"))
    spoil(volume.root / "c1_rec")
    spoil(volume.root / "c2_rec")
    for file in files[:3]:
        file.write_bytes(b"x" * 999)
    await database.write(
        lambda transaction: transaction.execute("UPDATE segments SET size_bytes = 7")
    )

    assert await mender.mend("c2_rec", run) is Outcome.UNKNOWN

    await database.write(
        lambda transaction: transaction.execute(
            "UPDATE segments SET size_bytes = 1000 WHERE camera_no = 1"
        )
    )
    assert await mender.mend("c1_rec", run) is Outcome.UNKNOWN


async def test_a_camera_that_has_another_directory_gets_no_second_one(
    volume: RecordedVolume, mender: MarkerMender
) -> None:
    await recorded(volume, "c1", 4)
    shutil.copytree(volume.root / "c1_rec", volume.root / "c1_rec.unknown.aside")
    spoil(volume.root / "c1_rec.unknown.aside")

    assert await mender.mend("c1_rec.unknown.aside", run) is Outcome.UNKNOWN


async def test_without_footage_there_is_nothing_to_reach(
    volume: RecordedVolume, mender: MarkerMender
) -> None:
    (volume.root / "c1_rec").mkdir()
    (volume.root / "c1_rec" / "notes").mkdir()

    assert await mender.mend("c1_rec", run) is Outcome.NOTHING
    assert mender.findings() == []


async def test_the_alarm_goes_when_a_person_mended_it_or_took_it_away(
    volume: RecordedVolume, mender: MarkerMender, clock: FakeClock
) -> None:
    await volume.camera("c1")
    home = volume.root / "c1_rec" / "2026-01-01"
    home.mkdir()
    (home / "00-00-00-000000.mp4").write_bytes(b"x")
    spoil(volume.root / "c1_rec")
    await mender.look(["c1_rec"], run)
    assert [each.code for each in mender.findings()] == ["footage_unreachable"]

    await mender.look([], run)
    assert mender.findings() == []

    await mender.look(["c1_rec"], run)
    shutil.rmtree(home)
    await clock.advance(AGAIN_S)
    await mender.look(["c1_rec"], run)
    assert mender.findings() == []


@pytest.fixture
async def claiming(
    volume: RecordedVolume, mender: MarkerMender, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[Volume]:
    (volume.root / ".gtvision-volume.json").unlink()
    async with open_volume(
        volume.root,
        state_dir=tmp_path,
        site_id="s1",
        clock=clock,
        bus=RememberingBus(),
        mender=mender,
    ) as opened:
        yield opened


async def camera_named(volume: RecordedVolume, camera_id: str) -> FakeCamera:
    (found,) = [each for each in await volume.index.cameras() if each.camera_id == camera_id]
    return FakeCamera(camera_id, found.camera_uuid, "town")


@pytest.mark.parametrize("damage", ["", None])
async def test_a_claim_mends_its_own_directory_and_sets_nothing_aside(
    volume: RecordedVolume, claiming: Volume, damage: str | None
) -> None:
    await recorded(volume, "c1", 3)
    camera = await camera_named(volume, "c1")
    spoil(volume.root / "c1_rec", damage)

    assert await claiming.claim_directory(camera, may_set_aside=False)

    assert len(list((volume.root / "c1_rec").rglob("*.mp4"))) == 3
    assert sorted(each.name for each in volume.root.glob("c1_rec*")) == ["c1_rec"]


@pytest.mark.parametrize("damage", ["", None])
async def test_a_claim_never_takes_what_the_index_knows_as_anothers(
    volume: RecordedVolume, claiming: Volume, damage: str | None
) -> None:
    await recorded(volume, "c1", 3)
    old = await camera_named(volume, "c1")
    spoil(volume.root / "c1_rec", damage)
    heir = FakeCamera("c1", "019b0000-0000-7000-8000-00000000bbbb", "town")

    assert await claiming.claim_directory(heir)

    aside = volume.root / f"c1_rec.{old.camera_uuid[-8:]}.aside"
    found = await marker_in(aside)
    assert found is not None
    assert found.camera_uuid == old.camera_uuid
    assert list((volume.root / "c1_rec").rglob("*.mp4")) == []
