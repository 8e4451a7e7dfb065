"""What disk and index may have against one another, and what becomes of it."""

import asyncio
import os

import pytest

from gtvision_edge.audit import COMMAND_LINE, AuditLog
from gtvision_edge.recordings.errors import VolumeMissingError
from gtvision_edge.recordings.integrity.checking import Outcome
from gtvision_edge.recordings.integrity.comparing import Wanted
from gtvision_edge.recordings.integrity.hashes import Pace
from gtvision_edge.recordings.integrity.listing import SET_ASIDE
from gtvision_edge.recordings.integrity.mending import Mender
from gtvision_edge.recordings.integrity.model import Kind, Report, Verdict
from gtvision_edge.recordings.integrity.wording import describe_report
from gtvision_edge.recordings.markers import CAMERA_MARKER, VOLUME_MARKER
from tests.fakes.footage import hold
from tests.unit.recordings.integrity.conftest import FIRST_US, STEP_US, Box

LOOK = Wanted(deep=False, mends=False)
DEEP = Wanted(deep=True, mends=False, reads=Pace())
ALL_HASHES = Wanted(deep=False, mends=True, reads=Pace())


def found(report: Report) -> dict[Kind, tuple[int, int]]:
    return {kind: (tally.count, tally.mended) for kind, tally in report.findings}


async def test_a_box_on_which_all_fits_is_good_and_read_whole(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 5)

    report = await box.compare(DEEP)

    assert (report.verdict, found(report)) == (Verdict.GOOD, {})
    assert (report.cameras, report.rows, report.files, report.hashed_files) == (1, 5, 5, 5)
    assert report.sample_after == ids[-1]


async def test_a_row_whose_file_is_gone_is_kept_apart_and_said_once(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 5)
    box.path(2).unlink()

    report = await box.compare()

    assert found(report) == {Kind.FILE_MISSING: (1, 1)}
    assert report.verdict is Verdict.FAULTS  # footage was lost, however well the index knows of it
    assert await box.rows("missing_segments") == {ids[2]}
    again = await box.compare()
    assert (again.verdict, again.missing_before) == (Verdict.GOOD, 1)


async def test_looking_alone_changes_nothing(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 5)
    box.path(2).unlink()
    box.path(3).with_name("00-00-01-000000.mp4").write_bytes(b"rubbish")

    report = await box.compare(LOOK)

    assert found(report) == {Kind.FILE_MISSING: (1, 0), Kind.FILE_UNSOUND: (1, 0)}
    assert await box.rows() == set(ids)
    assert (await box.compare(LOOK)).document() == report.document()


async def test_a_sound_file_without_row_gets_one(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 3)
    box.write(5)
    box.write(9)  # the newest may be growing
    await box.index(number, 9)

    report = await box.compare()

    assert found(report) == {Kind.FILE_NOT_INDEXED: (1, 1)}
    assert report.verdict is Verdict.MENDED
    assert len(await box.rows()) == 5
    assert (await box.compare()).verdict is Verdict.GOOD


async def test_a_file_in_which_nothing_is_recorded_is_moved_and_not_deleted(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 3)
    odd = box.path(1).with_name("00-00-01-000000.mp4")
    odd.write_bytes(b"rubbish")
    os.utime(odd, ns=(FIRST_US * 1000, FIRST_US * 1000))

    report = await box.compare()

    assert found(report) == {Kind.FILE_UNSOUND: (1, 1)}
    kept = box.root / SET_ASIDE / odd.relative_to(box.root)
    assert kept.read_bytes() == b"rubbish"
    assert not odd.exists()
    assert (await box.compare()).verdict is Verdict.GOOD


async def test_a_day_that_cannot_have_been_is_said_and_nothing_in_it_indexed(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 2)
    path = box.path(0).parent.parent / "9999-12-31" / "23-59-59-999999.mp4"
    path.parent.mkdir()
    path.write_bytes(b"x" * 100)

    report = await box.compare()

    assert found(report) == {Kind.DAY_IMPOSSIBLE: (1, 0)}
    assert path.exists()
    assert await box.rows("segments") == set(ids)


async def test_what_is_being_written_or_waits_for_the_index_is_left_alone(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 3)
    await box.database.write(
        lambda transaction: transaction.execute("UPDATE segments SET sha256 = NULL")
    )  # else their seals would be late
    growing = box.write(4)
    growing.write_bytes(growing.read_bytes()[:-100])
    box.is_running = True
    fresh = box.path(1).with_name("00-00-01-000000.mp4")
    fresh.write_bytes(b"")
    os.utime(fresh, ns=(box.clock.now_us() * 1000, box.clock.now_us() * 1000))

    report = await box.compare()

    assert (report.verdict, report.waiting_files) == (Verdict.GOOD, 2)
    assert fresh.exists()


async def test_nothing_is_changed_when_over_half_of_the_rows_would_go(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 5)
    for n in range(3):
        box.path(n).unlink()

    report = await box.compare()

    assert found(report) == {Kind.FILE_MISSING: (3, 0), Kind.REFUSED: (1, 0)}
    assert report.verdict is Verdict.FAULTS
    assert await box.rows() == set(ids)


async def test_an_empty_disk_of_ours_in_place_of_the_full_one_changes_nothing(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 4)
    (box.root / "cam01_rec").rename(box.root.parent / "elsewhere")

    report = await box.compare()

    assert report.has(Kind.REFUSED)
    assert await box.rows() == set(ids)


async def test_without_the_volume_nothing_is_said_of_files(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 4)
    box.error = VolumeMissingError("away")

    report = await box.compare(ALL_HASHES)

    assert found(report) == {Kind.VOLUME_AWAY: (1, 0)}
    assert await box.rows() == set(ids)


async def test_a_volume_whose_marker_is_gone_meanwhile_counts_as_away(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 4)
    box.path(1).unlink()
    (box.root / VOLUME_MARKER).unlink()

    report = await box.compare()

    assert found(report) == {Kind.VOLUME_AWAY: (1, 0)}
    assert len(await box.rows()) == 4


async def test_a_directory_that_lost_its_marker_is_said_and_its_rows_are_kept(box: Box) -> None:
    for camera_id in ("cam01", "cam02", "cam03"):
        number = await box.camera(camera_id)
        await box.record(number, 3, camera_id)
    (box.root / "cam02_rec" / CAMERA_MARKER).write_text("{")

    report = await box.compare()

    assert found(report) == {Kind.DIRECTORY_UNOWNED: (1, 0)}
    assert len(await box.rows()) == 9
    assert len(list((box.root / "cam02_rec").rglob("*.mp4"))) == 3


async def test_a_second_directory_of_a_camera_is_said_and_left_alone(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 3)
    other = box.root / "cam07_rec"
    other.mkdir()
    (other / CAMERA_MARKER).write_bytes((box.root / "cam01_rec" / CAMERA_MARKER).read_bytes())

    assert found(await box.compare()) == {Kind.DIRECTORY_TWICE: (1, 0)}


async def test_one_changed_byte_is_found_where_the_size_is_the_same(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 4)
    content = bytearray(box.path(2).read_bytes())
    content[-1] ^= 1
    box.path(2).write_bytes(content)

    report = await box.compare(DEEP)

    assert found(report) == {Kind.HASH_DIFFERS: (1, 0)}
    assert report.tallies[Kind.HASH_DIFFERS].examples[0].segment_id == ids[2]
    assert report.verdict is Verdict.FAULTS


async def test_another_size_is_found_without_reading(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 4)
    os.truncate(box.path(2), 100)

    assert found(await box.compare()) == {Kind.SIZE_DIFFERS: (1, 0)}


async def test_a_file_without_hash_is_compared_by_its_boxes_and_said(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 2)
    for n in (2, 3):
        box.write(n)
        await box.index(number, n, hashed=False)
    data = bytearray(box.path(3).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 1000] = os.urandom(1000)
    box.path(3).write_bytes(data)

    report = await box.compare(DEEP)

    assert (report.hashed_files, report.unhashed_files) == (2, 2)
    assert found(report) == {Kind.LAYOUT_DIFFERS: (1, 0)}
    lines = describe_report(report, is_running=False)
    assert any(line.startswith("2 files have no SHA-256 yet") for line in lines)
    assert lines[-1] == "Not all fits."


async def test_what_could_not_be_read_again_is_not_called_all(box: Box) -> None:
    number = await box.camera("cam01")
    box.write(0)
    await box.index(number, 0, hashed=False)

    report = await box.compare(DEEP)

    assert (report.verdict, report.unhashed_files) == (Verdict.GOOD, 1)
    assert describe_report(report, is_running=False)[-1] == "All that was compared fits."


async def test_a_report_says_whether_content_was_read(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 1)
    said = "Files were compared by name and size; --deep reads their content too."

    plain = describe_report(await box.compare(LOOK), is_running=False)
    deep = describe_report(await box.compare(DEEP), is_running=False)

    assert said in plain
    assert said not in deep


async def test_samples_go_on_where_the_last_ended_until_all_are_read(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 7)
    after, read = 0, []
    for _ in range(4):
        report = await box.compare(
            Wanted(deep=False, mends=True, reads=Pace(nights=3), after=after)
        )
        read.append(report.hashed_files)
        after = report.sample_after

    assert read == [3, 3, 3, 3]
    assert after == ids[4]  # once round: 3 + 3 + 1, then 2 + 3 more


async def test_reading_keeps_to_its_pace_and_ends_when_its_time_is_over(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 4)
    size = box.path(0).stat().st_size
    began = box.clock.monotonic()

    task = asyncio.create_task(
        box.compare(Wanted(deep=False, mends=False, reads=Pace(bytes_per_s=size, longest_s=1.5)))
    )
    for _ in range(1000):
        if task.done():
            break
        await asyncio.sleep(0.002)
        await box.clock.advance(0.1)
    report = await task

    assert report.hashed_files == 2
    assert box.clock.monotonic() - began >= 2


async def test_what_an_incident_keeps_is_marked_again(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 4)
    await hold(box.database, number, FIRST_US + STEP_US, FIRST_US + STEP_US + 1)

    assert found(await box.compare()) == {Kind.NOT_HELD: (1, 1)}
    assert (await box.compare()).verdict is Verdict.GOOD


async def test_wrong_totals_are_summed_again(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 4)
    await box.database.write(
        lambda transaction: transaction.execute("UPDATE camera_days SET bytes = bytes + 1")
    )

    assert found(await box.compare()) == {Kind.TOTALS_DIFFER: (1, 1)}
    assert (await box.compare()).verdict is Verdict.GOOD


async def test_a_deletion_that_was_broken_off_is_said_and_left_to_the_deleter(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 4)
    await box.database.write(
        lambda transaction: transaction.execute(
            "UPDATE segments SET doomed = 1 WHERE segment_id = ?", (ids[0],)
        )
    )
    box.path(0).unlink()

    assert found(await box.compare()) == {Kind.DELETION_UNFINISHED: (1, 0)}
    assert await box.rows() == set(ids)


async def test_hashes_that_no_seal_came_for_are_told_while_the_daemon_runs(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 2)
    assert (await box.compare()).verdict is Verdict.GOOD  # the next start seals them at once
    box.is_running = True

    assert found(await box.compare()) == {Kind.SEAL_LATE: (2, 0)}


async def test_rows_of_a_disk_that_was_replaced_are_said_as_such(box: Box) -> None:
    number = await box.camera("cam01")
    ids = await box.record(number, 4)
    audit = AuditLog(box.clock)
    await box.database.write(
        lambda transaction: audit.append(
            transaction,
            actor=COMMAND_LINE,
            action="volume.adopted",
            subject="volume:the-new-one",
            details={"former": "the-old-one"},
        )
    )
    for n in range(4):
        box.path(n).unlink()

    report = await box.compare()

    assert found(report) == {Kind.FORMER_VOLUME: (4, 0)}
    assert "the-old-one" in report.tallies[Kind.FORMER_VOLUME].examples[0].detail
    assert await box.rows() == set(ids)


@pytest.mark.parametrize("deep", [False, True])
async def test_a_changed_audit_log_is_found(box: Box, *, deep: bool) -> None:
    audit = AuditLog(box.clock)
    for _ in range(2):
        await box.database.write(
            lambda transaction: audit.append(transaction, actor=COMMAND_LINE, action="x")
        )
    await box.database.write(
        lambda transaction: transaction.execute("UPDATE audit_log SET action = 'y' WHERE seq = 1")
    )

    report = await box.compare(Wanted(deep=deep, mends=True))

    assert found(report) == {Kind.AUDIT_BROKEN: (1, 0)}


async def test_an_export_without_its_bundle_is_found(box: Box) -> None:
    def work(transaction: object) -> None:
        execute = transaction.execute  # type: ignore[attr-defined]
        execute("INSERT INTO tenants VALUES ('t1', 'T', 0)")
        execute(
            "INSERT INTO incidents (incident_id, tenant_id, start_us, end_us, reason, reference, created_by,"
            " created_by_name, created_us) VALUES ('i1', 't1', 0, 1, 'why', '', 'u', 'u', 0)"
        )
        execute(
            "INSERT INTO exports (export_id, incident_id, tenant_id, request, state, created_by, created_by_name,"
            " created_us, bundle, bundle_bytes) VALUES ('e1', 'i1', 't1', '{}', 'done', 'u', 'u', 0, 'e1.zip', 5)"
        )

    await box.database.write(work)
    assert found(await box.compare()) == {Kind.EXPORT_MISSING: (1, 0)}

    (box.root / ".exports").mkdir()
    (box.root / ".exports" / "e1.zip").write_bytes(b"12345")
    assert (await box.compare()).verdict is Verdict.GOOD

    draft = box.root / ".exports" / "019b0000-0000-7000-8000-00000000aaaa.draft"
    draft.write_bytes(b"")
    (box.root / ".exports" / "notes.txt").write_bytes(b"")
    assert found(await box.compare()) == {Kind.EXPORT_UNFINISHED: (1, 0)}
    assert draft.exists()


async def held(box: Box) -> list[int]:
    rows = await box.database.fetch_all("SELECT held FROM segments ORDER BY segment_id")
    return [row["held"] for row in rows]


async def release(box: Box) -> None:
    """Release the incident as the incidents do, while its row is not marked yet."""
    await box.database.write(
        lambda transaction: transaction.execute("UPDATE incidents SET released_us = 1")
    )


async def test_an_incident_released_while_disk_and_index_are_compared_holds_nothing(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await box.camera("cam01")
    await box.record(number, 5)
    await hold(box.database, number, FIRST_US, FIRST_US + 1)
    real = Mender.mend

    async def mend(self: Mender, report: Report, outcome: Outcome) -> None:
        await release(box)
        await real(self, report, outcome)

    monkeypatch.setattr(Mender, "mend", mend)
    await box.compare()

    assert await held(box) == [0] * 5


async def test_what_nobody_holds_is_said_and_let_go(box: Box) -> None:
    number = await box.camera("cam01")
    await box.record(number, 3)
    await hold(box.database, number, FIRST_US, FIRST_US + 1)
    await box.database.write(
        lambda transaction: transaction.execute("UPDATE segments SET held = 1")
    )

    report = await box.compare(LOOK)
    assert (report.verdict, found(report)) == (Verdict.FAULTS, {Kind.HELD_BY_NOBODY: (2, 0)})
    assert await held(box) == [1, 1, 1]

    report = await box.compare()
    assert (report.verdict, found(report)) == (Verdict.MENDED, {Kind.HELD_BY_NOBODY: (2, 2)})
    assert await held(box) == [1, 0, 0]


async def test_a_refused_comparison_still_marks_what_an_incident_keeps_and_frees_nothing(
    box: Box,
) -> None:
    number = await box.camera("cam01")
    await box.record(number, 3)
    await box.database.write(
        lambda transaction: transaction.execute(
            "UPDATE segments SET held = 1 WHERE segment_id = (SELECT max(segment_id) FROM segments)"
        )
    )
    await hold(box.database, number, FIRST_US, FIRST_US + 1)
    for n in range(3):
        box.path(n).unlink()

    report = await box.compare()

    assert report.has(Kind.REFUSED)
    assert await held(box) == [1, 0, 1]
