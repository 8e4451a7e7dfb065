"""What is recorded through the link reaches the site's volume or nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gtvision_edge.recordings.integrity.listing import list_directories
from gtvision_edge.recordings.markers import VOLUME_MARKER
from gtvision_edge.recordings.record_link import LINK, RecordLink, guard_name
from gtvision_edge.recordings.volume import KNOWN_VOLUME, Volume, open_volume
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus

GUARD = guard_name("s1")
DAY = Path("cam01_rec/2026-01-01")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "rec"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    return state


@pytest.fixture
async def volume(root: Path, state: Path, clock: FakeClock) -> AsyncIterator[Volume]:
    async with open_volume(
        root, state_dir=state, site_id="s1", clock=clock, bus=RememberingBus()
    ) as opened:
        yield opened


async def test_nothing_can_be_made_through_the_link_while_the_disk_is_away(
    volume: Volume, root: Path
) -> None:
    (volume.record_root / DAY).mkdir(parents=True)
    assert (root / DAY).is_dir()
    disk = root.rename(root.with_name("disk"))
    root.mkdir()

    with pytest.raises(
        FileExistsError
    ):  # as Go's MkdirAll: each missing directory, the link's own name first
        (volume.record_root / "cam02_rec").mkdir(parents=True)
    assert list(root.iterdir()) == []

    root.rmdir()
    disk.rename(root)  # and nobody looked at it yet
    (volume.record_root / "cam02_rec").mkdir(parents=True)
    assert (root / "cam02_rec").is_dir()


async def test_the_disk_of_another_site_is_not_recorded_to(
    volume: Volume, root: Path, tmp_path: Path, clock: FakeClock
) -> None:
    root.rename(root.with_name("ours"))
    (tmp_path / "theirs").mkdir()
    async with open_volume(
        root, state_dir=tmp_path / "theirs", site_id="s2", clock=clock, bus=RememberingBus()
    ) as theirs:
        assert theirs.is_present()

    with pytest.raises(FileExistsError):
        (volume.record_root / DAY).mkdir(parents=True)


async def test_a_volume_of_before_can_be_recorded_to_from_the_first_look_on(
    volume: Volume, root: Path, state: Path
) -> None:
    (root / GUARD).rmdir()
    (state / LINK).unlink()

    await volume.check()

    assert volume.is_present()
    (volume.record_root / DAY).mkdir(parents=True)
    assert (root / DAY).is_dir()


async def test_a_site_that_began_before_its_disk_was_mounted_leaves_no_way_into_the_mount_point(
    volume: Volume, root: Path, state: Path
) -> None:
    note = state / KNOWN_VOLUME
    note.write_text(json.dumps(json.loads(note.read_text()) | {"is_mount": True}))

    await volume.check()

    assert volume.trouble == "volume_missing"
    with pytest.raises(FileExistsError):
        (volume.record_root / DAY).mkdir(parents=True)
    assert [entry.name for entry in root.iterdir()] == [VOLUME_MARKER]


def test_the_way_is_not_opened_where_the_volume_was_unmounted_a_moment_ago(
    root: Path, state: Path
) -> None:
    root.mkdir()

    with pytest.raises(FileNotFoundError):
        RecordLink(root, state_dir=state, site_id="s1").connect()

    assert list(root.iterdir()) == []


async def test_where_no_link_can_be_the_volume_is_recorded_to_by_its_own_name(
    root: Path, state: Path, clock: FakeClock
) -> None:
    (state / LINK / "of somebody").mkdir(parents=True)

    async with open_volume(
        root, state_dir=state, site_id="s1", clock=clock, bus=RememberingBus()
    ) as volume:
        assert volume.is_present()
        assert volume.record_root == root
        assert (state / LINK / "of somebody").is_dir()


async def test_a_folder_that_took_the_place_of_the_link_stops_the_recording(
    volume: Volume, state: Path
) -> None:
    (state / LINK).unlink()
    (state / LINK).mkdir()

    await volume.check()

    assert volume.trouble == "volume_unwritable"
    assert LINK in str(volume.error)


async def test_the_directory_that_the_link_leads_over_is_nobodys_footage(
    volume: Volume, root: Path
) -> None:
    assert (root / GUARD).is_dir()

    found = await asyncio.to_thread(list_directories, root)

    assert (found.owned, found.unowned, found.twice) == ({}, [], [])
