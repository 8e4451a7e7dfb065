"""An export that fails, or is cancelled at any moment, keeps none of the others waiting."""

import asyncio
import io
import json
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from gtvision_edge.accounts.model import THE_BOX
from gtvision_edge.audit import TreeHead
from gtvision_edge.recordings.errors import VolumeHangsError
from gtvision_edge.recordings.evidence import maker as maker_module
from gtvision_edge.recordings.evidence import ordering, worker
from gtvision_edge.recordings.evidence.errors import ExportFailedError
from gtvision_edge.recordings.evidence.model import Bundle, Order, Progress, expected_bytes
from gtvision_edge.recordings.evidence.process import run_export
from gtvision_edge.recordings.evidence.repository import move_state
from gtvision_edge.recordings.evidence.service import NewExport
from gtvision_edge.recordings.evidence.states import ExportState
from gtvision_edge.recordings.groups import UNREAD
from gtvision_edge.recordings.model import RecordedCamera, Segment, SegmentId
from tests.unit.recordings.evidence.test_exports import REQUEST, Box, box, reaches

__all__ = ["box"]


async def test_what_nobody_foresaw_fails_one_export_and_the_next_is_made(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    async def run(order: Order, heard: Callable[[Progress], None]) -> Bundle:
        tries.append(order.export_id)
        if len(set(tries)) == 1:
            raise ValueError("nobody foresaw this")
        return await run_export(order, heard)

    monkeypatch.setattr(maker_module, "run_export", run)
    async with box.running() as exports:
        bad = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        good = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        failed = await reaches(exports, bad, ExportState.FAILED)
        await reaches(exports, good, ExportState.DONE)

    assert (failed.state, failed.error) == (ExportState.FAILED, "internal")
    assert tries.count(bad.export_id) == 1
    assert box.files() == [f"{good.export_id}.zip"]
    assert "export.failed" in await box.acts()


async def test_a_process_that_says_too_much_in_a_line_is_a_failed_export(
    box: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chatty = tmp_path / "chatty.py"
    chatty.write_text("import sys; sys.stdin.buffer.read(1); print('x' * 100_000)\n")
    spawn = asyncio.create_subprocess_exec

    async def spawn_chatty(*command: str, **options: object) -> asyncio.subprocess.Process:
        return await spawn(sys.executable, str(chatty), **options)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spawn_chatty)
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        failed = await reaches(exports, asked, ExportState.FAILED)

    assert (failed.state, failed.error) == (ExportState.FAILED, "export_failed")


def test_however_many_faults_the_process_found_it_tells_them_in_a_line_its_parent_reads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(order: object, report: object) -> Bundle:
        raise ExportFailedError("m" * 90_000, faults=["f" * 120] * 5000)

    for name in ("_die_with_parent", "_be_nice", "_end_with_stdin"):
        monkeypatch.setattr(worker, name, lambda: None)
    monkeypatch.setattr(worker, "assemble", fail)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(pickle.dumps("order"))))

    worker.main()

    said = capsys.readouterr().out
    assert len(said) < 2**16
    assert json.loads(said)["error"] == "export_failed"
    assert "ffff" in json.loads(said)["facts"]


async def test_an_export_cancelled_while_its_order_is_written_starts_no_process(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, goes_on = asyncio.Event(), asyncio.Event()
    head_of = ordering.OrderWriter._head
    made: list[str] = []

    async def head(orders: ordering.OrderWriter) -> TreeHead | None:
        began.set()
        await goes_on.wait()
        return await head_of(orders)

    async def run(order: Order, heard: Callable[[Progress], None]) -> Bundle:
        made.append(order.export_id)
        return await run_export(order, heard)

    monkeypatch.setattr(ordering.OrderWriter, "_head", head)
    monkeypatch.setattr(maker_module, "run_export", run)
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await began.wait()
        await exports.service.remove(THE_BOX, asked.export_id)
        goes_on.set()
        neighbour = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, neighbour, ExportState.DONE)

    assert made == [neighbour.export_id]
    assert (await exports.service.get(THE_BOX, asked.export_id)).state is ExportState.CANCELLED


async def test_an_export_cancelled_between_its_order_and_its_process_starts_none(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    made_ready: list[str] = []
    write = ordering.OrderWriter.write

    async def run(order: Order, heard: Callable[[Progress], None]) -> Bundle:
        made.append(order.export_id)
        return await run_export(order, heard)

    async def cancelled(orders: ordering.OrderWriter, *args: object, **options: object) -> Order:
        order = await write(orders, *args, **options)  # type: ignore[arg-type]  # as they came
        if made_ready:
            return order
        made_ready.append(order.export_id)
        await box.database.write(
            lambda each: each.execute(
                "UPDATE exports SET state = 'cancelled' WHERE export_id = ?", (order.export_id,)
            )
        )
        return order

    monkeypatch.setattr(ordering.OrderWriter, "write", cancelled)
    monkeypatch.setattr(maker_module, "run_export", run)
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        neighbour = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, neighbour, ExportState.DONE)

    assert made_ready == [asked.export_id]
    assert made == [neighbour.export_id]


class UnansweringDisk:
    """Reads no groups; notes that it was asked to."""

    def __init__(self) -> None:
        self.asked = 0

    async def fill(
        self, camera: RecordedCamera, segments: Sequence[Segment]
    ) -> Mapping[SegmentId, Segment]:
        self.asked += 1
        raise VolumeHangsError("The disk does not answer.")


async def test_asking_for_an_export_reads_no_file(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.database.write(
        lambda each: each.execute("UPDATE segments SET groups = ?", (UNREAD,))  # as a rebuild does
    )
    disk = UnansweringDisk()
    monkeypatch.setattr(box.index, "_filler", disk)

    async with box.exports() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))

    rows = await box.database.fetch_all("SELECT sum(size_bytes) AS size_bytes FROM segments")
    assert asked.total_bytes == expected_bytes(rows[0]["size_bytes"])
    assert disk.asked == 0


async def test_a_column_that_an_export_has_not_is_an_error_and_no_change(box: Box) -> None:
    async with box.exports() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))

    for wrong in ("bundle_sha", "created_us", "tenant_id"):
        with pytest.raises(ValueError, match=wrong):
            await box.database.write(
                lambda each: move_state(
                    each,
                    asked.export_id,
                    frozenset({ExportState.QUEUED}),
                    ExportState.DONE,
                    **{wrong: "x"},  # noqa: B023 -- awaited here
                )
            )

    async with box.exports() as exports:
        found = await exports.service.get(THE_BOX, asked.export_id)
    assert found.state is ExportState.QUEUED
