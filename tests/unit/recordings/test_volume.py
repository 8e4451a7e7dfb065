"""Markers: the right disk, and no footage inherited."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gtvision_edge.recordings.errors import (
    VolumeError,
    VolumeForeignError,
    VolumeFullError,
    VolumeMissingError,
)
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    VOLUME_MARKER,
    CameraMarker,
    read_camera_marker,
)
from gtvision_edge.recordings.volume import (
    FULL_BYTES,
    TRUSTED_S,
    Usage,
    Volume,
    VolumeFound,
    VolumeLost,
    measure,
    open_volume,
)
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus

OLD = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000aaaa")
NEW = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000bbbb")


@pytest.fixture
def bus() -> RememberingBus:
    return RememberingBus()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "rec"


@pytest.fixture
async def volume(
    root: Path, tmp_path: Path, bus: RememberingBus, clock: FakeClock
) -> AsyncIterator[Volume]:
    async with open_volume(root, state_dir=tmp_path, site_id="s1", clock=clock, bus=bus) as opened:
        yield opened


async def test_the_first_start_marks_the_volume(
    volume: Volume, root: Path, bus: RememberingBus
) -> None:
    marker = json.loads((root / VOLUME_MARKER).read_text())

    assert volume.is_present()
    assert marker["site"] == "s1"
    assert bus.events == [VolumeFound(marker["volume_id"])]
    assert volume.usage is not None
    assert 0 < volume.usage.free < volume.usage.total


async def test_checks_and_many_claims_at_once_find_no_disk_that_hangs(
    volume: Volume, bus: RememberingBus
) -> None:
    for turn in range(20):
        cameras = [
            FakeCamera(
                camera_id=f"c{turn}-{n}", camera_uuid=f"019b0000-0000-7000-8000-{turn:06d}{n:06d}"
            )
            for n in range(16)
        ]
        outcomes = await asyncio.gather(
            volume.check(),
            *(volume.claim_directory(camera) for camera in cameras),
            volume.check(),
            return_exceptions=True,
        )
        assert not [each for each in outcomes if isinstance(each, BaseException)]

    assert not any(isinstance(event, VolumeLost) for event in bus.events)


async def test_an_unmounted_disk_is_noticed_and_nothing_is_written_underneath(
    volume: Volume, root: Path, bus: RememberingBus
) -> None:
    root.rename(root.with_name("disk"))  # what is left of a mount point: an empty directory
    root.mkdir()

    await volume.check()

    assert not volume.is_present()
    assert isinstance(volume.error, VolumeMissingError)
    assert bus.events[-1] == VolumeLost("volume_missing")
    with pytest.raises(VolumeMissingError):
        await volume.claim_directory(NEW)
    assert list(root.iterdir()) == []


async def test_a_disk_unmounted_since_the_last_check_gets_no_directory(
    volume: Volume, root: Path
) -> None:
    root.rename(root.with_name("disk"))
    root.mkdir()

    with pytest.raises(VolumeMissingError):
        await volume.claim_directory(NEW)

    assert list(root.iterdir()) == []


async def test_a_disk_mounted_again_is_found(
    volume: Volume, root: Path, bus: RememberingBus
) -> None:
    disk = root.rename(root.with_name("disk"))
    await volume.check()
    disk.rename(root)

    await volume.check()

    assert volume.is_present()
    assert [type(event) for event in bus.events] == [VolumeFound, VolumeLost, VolumeFound]


async def test_a_disk_of_another_site_is_refused(volume: Volume, root: Path) -> None:
    (root / VOLUME_MARKER).write_text('{"volume_id": "other", "site": "s2"}')

    await volume.check()

    assert isinstance(volume.error, VolumeForeignError)


async def test_another_disk_of_this_site_is_taken(volume: Volume, root: Path) -> None:
    (root / VOLUME_MARKER).write_text('{"volume_id": "second", "site": "s1"}')

    await volume.check()

    assert volume.is_present()


async def test_a_volume_that_cannot_be_written_is_a_state(
    tmp_path: Path, bus: RememberingBus, clock: FakeClock
) -> None:
    root = tmp_path / "file"
    root.write_text("not a directory")

    async with open_volume(root, state_dir=tmp_path, site_id="s1", clock=clock, bus=bus) as volume:
        assert volume.error is not None
        assert volume.error.code == "volume_unwritable"


async def test_a_camera_gets_its_directory_once(volume: Volume, root: Path) -> None:
    first = await volume.claim_directory(OLD)
    (root / "cam01_rec" / "footage").mkdir()
    again = await volume.claim_directory(OLD)

    assert (first, again) == (True, True)
    assert json.loads((root / "cam01_rec" / CAMERA_MARKER).read_text()) == {
        "camera_uuid": OLD.camera_uuid,
        "camera_id": "cam01",
        "tenant_id": "town",
        "name": "Gate",
    }
    assert (root / "cam01_rec" / "footage").is_dir()


async def test_a_new_camera_under_an_old_name_inherits_nothing(volume: Volume, root: Path) -> None:
    await volume.claim_directory(OLD)
    (root / "cam01_rec" / "footage").mkdir()

    left_alone = await volume.claim_directory(NEW, may_set_aside=False)
    was_there = (root / "cam01_rec" / "footage").is_dir()
    is_own = await volume.claim_directory(NEW)

    assert (left_alone, was_there, is_own) == (False, True, True)
    assert [entry.name for entry in (root / "cam01_rec").iterdir()] == [CAMERA_MARKER]
    assert (root / "cam01_rec.0000aaaa.aside" / "footage").is_dir()


async def test_a_name_used_four_times_keeps_all_footage_apart(volume: Volume, root: Path) -> None:
    for camera in (OLD, NEW, OLD, NEW):
        await volume.claim_directory(camera)

    assert sorted(entry.name for entry in root.glob("cam01*")) == [
        "cam01_rec",
        "cam01_rec.0000aaaa.aside",
        "cam01_rec.0000aaaa.aside2",
        "cam01_rec.0000bbbb.aside",
    ]


async def test_a_directory_without_marker_becomes_the_cameras(volume: Volume, root: Path) -> None:
    (root / "cam01_rec" / "2026-01-01").mkdir(parents=True)

    assert await volume.claim_directory(NEW, may_set_aside=False)

    assert (root / "cam01_rec" / "2026-01-01").is_dir()


async def test_a_directory_that_cannot_be_claimed_says_so(volume: Volume, root: Path) -> None:
    (root / "cam01_rec").write_text("in the way")

    with pytest.raises(VolumeError):
        await volume.claim_directory(NEW)


ODD = [
    '{"camera_uuid": "x"}',
    '{"volume_id": 7, "site": "s1"}',
    '{"volume_id": "../x", "site": "s1"}',
    '{"volume_id": "v1"}',
    "[1]",
    "null",
    "",
    "{",
    "[" * 4000,
    '{"volume_id": "v1", "site": "s1", "x": "' + "y" * 100_000 + '"}',
]


@pytest.mark.parametrize("content", ODD, ids=lambda content: content[:40] or "empty")
async def test_a_marker_that_is_none_is_a_lost_volume_with_a_code(
    volume: Volume, root: Path, bus: RememberingBus, content: str
) -> None:
    (root / VOLUME_MARKER).write_text(content)

    await volume.check()

    assert not volume.is_present()
    assert bus.events[-1] == VolumeLost("volume_marker_odd")
    assert (root / VOLUME_MARKER).read_text() == content


@pytest.mark.parametrize("content", ["", "{", "[]", '{"volume_id": 3}'])
async def test_a_damaged_note_is_no_first_start(
    volume: Volume, root: Path, tmp_path: Path, clock: FakeClock, bus: RememberingBus, content: str
) -> None:
    volume.close()
    (tmp_path / "volume.json").write_text(content)
    root.rename(root.with_name("disk"))
    root.mkdir()

    async with open_volume(root, state_dir=tmp_path, site_id="s1", clock=clock, bus=bus) as again:
        assert not again.is_present()
        assert bus.events[-1] == VolumeLost("volume_note_damaged")
        assert list(root.iterdir()) == []

        root.rmdir()
        root.with_name("disk").rename(root)
        await again.check()

        assert again.is_present()  # this site's own volume mends the note
    assert json.loads((tmp_path / "volume.json").read_text())["volume_id"]


async def test_a_damaged_note_takes_no_volume_of_another_site(
    volume: Volume, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "volume.json").write_text("")
    (root / VOLUME_MARKER).write_text('{"volume_id": "other", "site": "s2"}')

    await volume.check()

    assert volume.error is not None
    assert volume.error.code == "volume_note_damaged"


async def test_a_volume_missing_from_the_start_is_told(
    volume: Volume, root: Path, tmp_path: Path, clock: FakeClock
) -> None:
    volume.close()
    root.rename(root.with_name("disk"))
    root.mkdir()
    bus = RememberingBus()

    async with open_volume(root, state_dir=tmp_path, site_id="s1", clock=clock, bus=bus):
        assert bus.events == [VolumeLost("volume_missing")]


async def test_what_lies_in_the_bare_mount_point_is_not_the_mounted_disk(
    volume: Volume, root: Path, tmp_path: Path
) -> None:
    note = tmp_path / "volume.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"is_mount": True}))

    await volume.check()
    same = volume.error
    (root / VOLUME_MARKER).write_text('{"volume_id": "second", "site": "s1"}')
    await volume.check()

    assert isinstance(same, VolumeMissingError)
    assert isinstance(volume.error, VolumeMissingError)


async def test_what_was_found_long_ago_is_not_believed(volume: Volume, clock: FakeClock) -> None:
    await clock.advance(TRUSTED_S + 1)

    assert not volume.is_present()
    assert (volume.trouble, volume.usage) == ("volume_hangs", None)
    with pytest.raises(VolumeError):
        await volume.claim_directory(NEW)

    await volume.check()
    assert volume.is_present()


def test_full_is_told_before_the_last_byte() -> None:
    big, small = 4 * 10**12, 60 * 10**6

    assert Usage(big, big - FULL_BYTES + 1, FULL_BYTES - 1).is_full
    assert not Usage(big, 0, FULL_BYTES).is_full
    assert Usage(small, small - 500_000, 500_000).is_full
    assert not Usage(small, small - 700_000, 700_000).is_full


async def test_a_full_volume_is_present_and_in_trouble(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gtvision_edge.recordings.volume.measure", lambda _: Usage(10**12, 10**12, 0)
    )

    await volume.check()

    assert volume.is_present()
    assert volume.trouble == "volume_full"
    with pytest.raises(VolumeFullError):
        await volume.require()


async def test_only_the_camera_that_claimed_a_directory_has_it(volume: Volume, root: Path) -> None:
    (root / "cam01_rec").mkdir()

    async def whose() -> tuple[Path | None, Path | None]:
        old = await asyncio.to_thread(volume.directory_of, OLD)
        return old, await asyncio.to_thread(volume.directory_of, NEW)

    unmarked = await whose()
    await volume.claim_directory(OLD)
    claimed = await whose()
    await volume.claim_directory(NEW)
    claimed_anew = await whose()

    assert unmarked == (None, None)
    assert claimed == (root / "cam01_rec", None)
    assert claimed_anew == (None, root / "cam01_rec")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"camera_uuid": "../../x", "camera_id": "cam01"}', '{"volume_id": "x"}']
)
async def test_a_directory_of_nobody_knows_whom_is_set_aside(
    volume: Volume, root: Path, content: str
) -> None:
    (root / "cam01_rec" / "footage").mkdir(parents=True)
    (root / "cam01_rec" / CAMERA_MARKER).write_text(content)
    assert await asyncio.to_thread(volume.directory_of, NEW) is None

    assert await volume.claim_directory(NEW)

    assert (root / "cam01_rec.unknown.aside" / "footage").is_dir()
    assert not (root / "cam01_rec" / "footage").exists()


async def test_a_marker_that_is_a_pipe_hangs_no_claim_and_leaves_the_volume_well(
    volume: Volume, root: Path
) -> None:
    (root / "cam01_rec" / "footage").mkdir(parents=True)
    os.mkfifo(root / "cam01_rec" / CAMERA_MARKER)
    assert await asyncio.to_thread(volume.directory_of, NEW) is None

    assert await volume.claim_directory(NEW)

    await volume.check()
    assert volume.error is None
    assert (root / "cam01_rec.unknown.aside" / "footage").is_dir()


async def test_a_new_name_is_noted_in_the_directory_and_sets_nothing_aside(
    volume: Volume, root: Path
) -> None:
    await volume.claim_directory(OLD)

    renamed = FakeCamera(camera_uuid=OLD.camera_uuid, name="Portão é aqui", tenant_id="other")
    is_own = await volume.claim_directory(renamed, may_set_aside=False)

    marker = await asyncio.to_thread(read_camera_marker, root / "cam01_rec" / CAMERA_MARKER)
    assert is_own
    assert marker == CameraMarker(OLD.camera_uuid, "cam01", "other", "Portão é aqui")


@pytest.mark.parametrize("words", [{}, {"name": 7, "tenant_id": []}, {"name": "x" * 3000}])
async def test_odd_words_in_a_marker_do_not_cost_the_directory_its_owner(
    volume: Volume, root: Path, words: dict[str, object]
) -> None:
    (root / "cam01_rec").mkdir()
    (root / "cam01_rec" / CAMERA_MARKER).write_text(
        json.dumps({"camera_uuid": OLD.camera_uuid, "camera_id": "cam01", **words})
    )

    assert await volume.claim_directory(OLD, may_set_aside=False)


def test_inodes_count_where_they_are_shorter_than_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(files: int, free_files: int) -> Usage:
        fields = (4096, 4096, 1000, 600, 500, files, free_files, free_files, 0, 255)
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(fields))
        return measure(tmp_path)

    plenty = told(1000, 900)
    short = told(1000, 10)
    assert (plenty.free, plenty.used) == (500 * 4096, 400 * 4096)
    assert (short.free, short.used) == (900 * 4096 // 100, 900 * 4096 - 900 * 4096 // 100)
    assert told(1000, 0).is_full
    assert told(0, 0) == plenty
