"""A replaced disk becomes the site's by a person, and only where nothing can be lost by it."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gtvision_edge.audit import AuditFilter, AuditLog
from gtvision_edge.errors import EdgeError
from gtvision_edge.recordings.adoption import Candidate, adopt, describe
from gtvision_edge.recordings.errors import (
    VolumeChangedError,
    VolumeForeignError,
    VolumeMarkerOddError,
    VolumeMissingError,
    VolumeStillMountedError,
    VolumeUnwritableError,
)
from gtvision_edge.recordings.markers import VOLUME_MARKER
from gtvision_edge.recordings.volume import KNOWN_VOLUME, Volume, VolumeFound, open_volume
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus

SITE = "s1"


def yes(_: Candidate) -> bool:
    return True


class Box:
    """A site whose disk is at ``root``, with a daemon's eyes on it."""

    def __init__(self, folder: Path, database: Database, clock: FakeClock) -> None:
        self.root, self.state = folder / "rec", folder
        self.database, self.clock, self.audit = database, clock, AuditLog(clock)
        self.bus = RememberingBus()

    @property
    def marker(self) -> Path:
        return self.root / VOLUME_MARKER

    @property
    def note(self) -> Path:
        return self.state / KNOWN_VOLUME

    def volume_id(self) -> str:
        return str(json.loads(self.note.read_text())["volume_id"])

    async def adopt(
        self, agrees: Callable[[Candidate], bool] = yes, *, may_be_bare_folder: bool = False
    ) -> str | None:
        return await adopt(
            self.root,
            agrees,
            may_be_bare_folder=may_be_bare_folder,
            state_dir=self.state,
            site_id=SITE,
            database=self.database,
            audit=self.audit,
            clock=self.clock,
        )

    async def acts(self) -> list[dict[str, object]]:
        page = await self.audit.page(self.database, wanted=AuditFilter(action="volume.adopted"))
        return [
            json.loads(entry.details) | {"who": entry.actor_name, "subject": entry.subject}
            for entry in page.entries
        ]


@pytest.fixture
def box(tmp_path: Path, database: Database, clock: FakeClock) -> Box:
    return Box(tmp_path, database, clock)


@pytest.fixture
async def volume(box: Box) -> AsyncIterator[Volume]:
    async with open_volume(
        box.root, state_dir=box.state, site_id=SITE, clock=box.clock, bus=box.bus
    ) as opened:
        assert opened.is_present()
        yield opened


async def test_an_empty_disk_is_taken_when_a_person_says_so_and_not_before(
    box: Box, volume: Volume
) -> None:
    former = box.volume_id()
    box.marker.unlink()
    await volume.check()
    assert not volume.is_present()

    adopted = await box.adopt()

    await volume.check()
    assert volume.is_present()
    assert box.bus.events[-1] == VolumeFound(str(adopted))
    assert (box.volume_id(), json.loads(box.marker.read_text())["site"]) == (adopted, SITE)
    assert adopted != former
    assert await box.acts() == [
        {
            "who": "cli",
            "subject": f"volume:{adopted}",
            "former": former,
            "path": str(box.root),
            "is_mount": False,
            "held_files": 0,
        }
    ]


async def test_a_daemon_that_looks_in_the_middle_changes_nothing_about_it(
    box: Box, volume: Volume
) -> None:
    box.marker.unlink()
    await volume.check()
    box.marker.write_text(json.dumps({"volume_id": "new", "site": SITE}))

    await volume.check()  # marked, and not yet noted

    assert volume.is_present()
    assert box.volume_id() == "new"


async def test_without_consent_nothing_is_changed(box: Box, volume: Volume) -> None:
    box.marker.unlink()
    note = box.note.read_bytes()

    assert await box.adopt(lambda _: False) is None

    assert not box.marker.exists()
    assert box.note.read_bytes() == note
    assert await box.acts() == []


async def test_a_disk_that_changes_while_a_person_thinks_is_not_taken(
    box: Box, volume: Volume
) -> None:
    marker = box.marker.read_bytes()
    box.marker.unlink()

    def mounts_the_old_one(_: Candidate) -> bool:
        box.marker.write_bytes(marker)
        return True

    with pytest.raises((VolumeChangedError, VolumeStillMountedError)):
        await box.adopt(mounts_the_old_one)
    box.marker.unlink()

    def puts_something_there(_: Candidate) -> bool:
        (box.root / "cam01_rec").mkdir()
        return True

    with pytest.raises(VolumeChangedError):
        await box.adopt(puts_something_there)
    assert await box.acts() == []


FOREIGN = json.dumps({"volume_id": "other", "site": "s2"})


@pytest.mark.parametrize(
    ("marker", "note", "refusal"),
    [
        (None, None, VolumeStillMountedError),
        (FOREIGN, None, VolumeForeignError),
        (FOREIGN, "damaged", VolumeForeignError),
        ("{}", None, VolumeMarkerOddError),
        ("", json.dumps({"volume_id": "old", "is_mount": True}), VolumeMissingError),
    ],
)
async def test_what_could_lose_something_is_refused(
    box: Box, volume: Volume, marker: str | None, note: str | None, refusal: type[EdgeError]
) -> None:
    if marker is not None:
        box.marker.write_text(marker)
    if marker == "":
        box.marker.unlink()
    if note is not None:
        box.note.write_text(note)
    before = box.note.read_bytes()

    with pytest.raises(refusal):
        await box.adopt()

    assert box.note.read_bytes() == before
    assert await box.acts() == []


async def test_the_old_marker_in_a_bare_mount_point_is_no_disk(box: Box, volume: Volume) -> None:
    known = json.loads(box.note.read_text())
    box.note.write_text(json.dumps(known | {"is_mount": True}))

    with pytest.raises(VolumeMissingError):
        await box.adopt()


async def test_a_bare_folder_is_taken_if_that_is_said(box: Box, volume: Volume) -> None:
    box.marker.unlink()
    box.note.write_text(json.dumps({"volume_id": "old", "is_mount": True}))

    adopted = await box.adopt(may_be_bare_folder=True)

    await volume.check()
    assert volume.is_present()
    assert box.volume_id() == adopted


async def test_a_damaged_note_is_mended_by_it(box: Box, volume: Volume) -> None:
    box.marker.unlink()
    box.note.write_text("damaged")

    adopted = await box.adopt()

    assert box.volume_id() == adopted
    assert [act["former"] for act in await box.acts()] == [None]


async def test_another_disk_of_this_site_keeps_its_name(box: Box, volume: Volume) -> None:
    box.marker.write_text(json.dumps({"volume_id": "second", "site": SITE}))

    assert await box.adopt() == "second"


@pytest.mark.parametrize("what", ["nothing", "file"])
async def test_a_place_that_is_no_folder_is_refused(box: Box, what: str) -> None:
    if what == "file":
        box.root.write_text("")

    with pytest.raises((VolumeMissingError, VolumeUnwritableError)):
        await box.adopt()


async def test_a_person_is_told_what_lies_there(box: Box, volume: Volume) -> None:
    box.marker.unlink()
    for name in ("lost+found", "fotos", "cam01_rec"):
        (box.root / name).mkdir()
    told: list[str] = []

    def reads(candidate: Candidate) -> bool:
        told.extend(describe(candidate))
        return False

    await box.adopt(reads)

    assert told[0] == f"{box.root} is a folder of the disk around it."
    assert told[1] == "It was never a volume, and 2 things lie on it; they stay."
    assert box.volume_id() in told[2]
