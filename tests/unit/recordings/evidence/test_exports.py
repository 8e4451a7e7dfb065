"""Exports from asking to expiry, each made by the real process from real files; kills at every step."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts.model import THE_BOX
from gtvision_edge.audit import SYSTEM, AuditLog, check_entry_document
from gtvision_edge.detections.opening import readings_for_evidence
from gtvision_edge.keys import OpenedKeys, SitePublicKey
from gtvision_edge.recordings.evidence import maker as maker_module
from gtvision_edge.recordings.evidence import ordering, repository
from gtvision_edge.recordings.evidence.copies import NO_COPIES, Copies
from gtvision_edge.recordings.evidence.errors import (
    ExportFailedError,
    ExportNoSpaceError,
    ExportNotReadyError,
    NothingToExportError,
)
from gtvision_edge.recordings.evidence.exports import Exports, open_exports
from gtvision_edge.recordings.evidence.folder import ExportFolder
from gtvision_edge.recordings.evidence.maker import Trust
from gtvision_edge.recordings.evidence.model import Bundle, Export, LegalRequest, Order, Progress
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.evidence.process import run_export
from gtvision_edge.recordings.evidence.service import NewExport
from gtvision_edge.recordings.evidence.states import ExportState
from gtvision_edge.recordings.evidence.verify import Remark, verify_bundle
from gtvision_edge.recordings.incidents.errors import IncidentExportingError, IncidentReleasedError
from gtvision_edge.recordings.incidents.service import IncidentRequest, IncidentService
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.indexing.hashing import Hasher
from gtvision_edge.recordings.model import Span
from gtvision_edge.recordings.retention.clock_guard import ClockGuard
from gtvision_edge.recordings.retention.waters import waters
from gtvision_edge.recordings.seals import FootageSeals
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import ExportSettings, VolumeSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.storage.errors import StorageError
from tests.fakes.cameras import FakeCamera
from tests.fakes.clips import ClipSpec
from tests.fakes.clock import FakeClock
from tests.fakes.footage import add, keep, place
from tests.fakes.recorded import START_US, flip, hashed, record
from tests.fakes.volumes import ROOMY
from tests.unit.recordings.evidence.conftest import FPS, SITE_ID, S
from tests.waiting import becomes, patiently

REQUEST = LegalRequest("Delegacia", "Ofício 1/2026", "CPP art. 6º", "investigação")
SPEC = ClipSpec(fps=FPS, seconds=4.0, audio="aac")


class NoCameras:
    def find_camera(self, camera_id: str) -> None:
        return None


@dataclass
class Believed:
    is_trusted: bool = True


@dataclass
class Box:
    """A site with eight seconds of a camera, ten seconds ago, and an incident over them."""

    database: Database
    audit: AuditLog
    clock: FakeClock
    root: Path
    keys: OpenedKeys
    index: SegmentIndex
    incidents: IncidentService
    incident_id: str = ""
    trust: Trust = field(default_factory=Believed)
    copies: Copies = NO_COPIES

    @property
    def folder(self) -> Path:
        return self.root / ".exports"

    @asynccontextmanager
    async def exports(self, *, keep: str = "7d") -> AsyncIterator[Exports]:
        timelines = TimelineService(
            self.index, self.database, self.clock, zone=ZoneInfo("America/Sao_Paulo")
        )
        hasher = Hasher(self.root, self.database, is_present=lambda: True, clock=self.clock)
        async with open_exports(
            ExportSettings(keep=keep),  # type: ignore[arg-type]  # as the file writes it
            root=self.root,
            thresholds=ROOMY,
            require_volume=lambda: None,
            trust=self.trust,
            database=self.database,
            audit=self.audit,
            clock=self.clock,
            index=self.index,
            timelines=timelines,
            incidents=self.incidents,
            cameras=NoCameras(),
            site=Site(SITE_ID, "Praça", "America/Sao_Paulo", "GT-Vision Edge", "0.1.0"),
            keys=self.keys,
            seals=FootageSeals(self.database, self.audit, self.clock, key=self.keys.site),
            hasher=hasher,
            readings=readings_for_evidence(self.database, self.root.parent / "state"),
            copies=self.copies,
            registry=CollectorRegistry(),
        ) as opened:
            yield opened
        hasher.close()

    @asynccontextmanager
    async def running(self, *, keep: str = "7d") -> AsyncIterator[Exports]:
        async with AsyncExitStack() as stack:
            opened = await stack.enter_async_context(self.exports(keep=keep))
            task = asyncio.create_task(opened.maker.run())
            try:
                yield opened
            finally:
                task.cancel()
                await asyncio.wait({task})

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    async def acts(self) -> list[str]:
        page = await self.audit.page(self.database)
        return [entry.action for entry in reversed(page.entries)]


@pytest.fixture
async def box(database: Database, clock: FakeClock, tmp_path: Path, keys: OpenedKeys) -> Box:
    root = tmp_path / "volume"
    await database.write(
        lambda transaction: transaction.execute(
            "INSERT INTO tenants (tenant_id, name, created_us) VALUES ('town', 'Prefeitura', 0)"
        )
    )
    (camera_no,) = await keep(database, FakeCamera("cam01"))
    await place(database, camera_no, "cam01_rec")
    start_us = START_US - 18 * S

    def write() -> list[object]:
        return [
            hashed(
                record(
                    root / "cam01_rec",
                    SPEC,
                    start_us=start_us + n * 4 * S,
                    continues=n > 0,
                    camera_no=camera_no,
                )
            ).segment
            for n in range(2)
        ]

    segments = await asyncio.to_thread(write)
    await add(database, *segments)  # type: ignore[arg-type]
    audit = AuditLog(clock)
    index = SegmentIndex(database, root=root)
    incidents = IncidentService(database, audit, clock, index=index)
    found = await incidents.create(
        THE_BOX, IncidentRequest(("cam01",), Span(start_us, start_us + 8 * S), "furto na praça")
    )
    box = Box(database, audit, clock, root, keys, index, incidents)
    box.incident_id = found.incident.incident_id
    return box


def content_of(bundle: Path, name: str) -> Any:
    with zipfile.ZipFile(bundle) as archive:
        return json.loads(archive.read(name))


async def reaches(exports: Exports, export: Export, *states: ExportState) -> Export:
    last = export

    async def is_there() -> bool:
        nonlocal last
        last = await exports.service.get(THE_BOX, export.export_id)
        return last.state in states

    await becomes(is_there, 25)
    return last


async def test_an_export_becomes_a_bundle_that_verifies(box: Box) -> None:
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        done = await reaches(exports, asked, ExportState.DONE, ExportState.FAILED)

        assert done.state is ExportState.DONE, done.error
        _, path = await exports.service.bundle_of(THE_BOX, done.export_id)

    verdict = await asyncio.to_thread(verify_bundle, path, trusted=[box.keys.site.public.openssh])
    assert verdict.is_good
    assert verdict.is_trusted
    assert verdict.sealed == 2
    assert verdict.remarks == []
    assert done.bundle is not None
    assert done.bundle.size_bytes == path.stat().st_size
    assert box.files() == [path.name]
    assert await box.acts() == [
        "incident.created",
        "export.created",
        "footage.sealed",
        "export.finished",
    ]


async def test_the_bundle_proves_its_history_by_the_log(box: Box) -> None:
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, asked, ExportState.DONE)
        _, path = await exports.service.bundle_of(THE_BOX, asked.export_id)

    history = content_of(path, "history.json")
    key = SitePublicKey(box.keys.site.public.name, box.keys.site.public.raw)
    entries = [
        check_entry_document(each, history["checkpoint"], key) for each in history["entries"]
    ]
    assert [entry["action"] for entry in entries] == ["incident.created", "export.created"]


@pytest.mark.parametrize("moment", ["first", "originals", "checking"])
async def test_a_cancelled_export_leaves_nothing(box: Box, moment: str) -> None:
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        if moment != "first":
            await becomes(lambda: box.folder.exists() and bool(box.files()), 25)
        await exports.service.remove(THE_BOX, asked.export_id)
        found = await exports.service.get(THE_BOX, asked.export_id)

        assert found.state is ExportState.CANCELLED
        assert box.files() == []
        again = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, again, ExportState.DONE)
    assert [act for act in await box.acts() if act != "footage.sealed"] == [
        "incident.created",
        "export.created",
        "export.cancelled",
        "export.created",
        "export.finished",
    ]


def children() -> list[psutil.Process]:
    return [
        each
        for each in psutil.Process().children(recursive=True)
        if "gtvision_edge.recordings.evidence.worker" in " ".join(each.cmdline())
    ]


async def test_a_process_that_is_killed_is_a_failed_export(box: Box) -> None:
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await becomes(lambda: bool(children()), 25)
        children()[0].kill()
        failed = await reaches(exports, asked, ExportState.FAILED, ExportState.DONE)

    assert (failed.state, failed.error) == (ExportState.FAILED, "export_failed")
    assert box.files() == []


@pytest.mark.parametrize("left", ["nothing", "draft", "bundle"])
async def test_after_a_kill_the_export_is_made_anew(box: Box, left: str) -> None:
    """What a kill leaves at each step: the row says running, the disk has nothing, a draft, or a bundle not entered yet."""
    async with box.exports() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
    await box.database.write(
        lambda transaction: transaction.execute("UPDATE exports SET state = 'running'")
    )
    suffix = {"nothing": None, "draft": "draft", "bundle": "zip"}[left]
    if suffix:
        (box.folder / f"{asked.export_id}.{suffix}").write_bytes(b"half")
    (box.folder / "another.txt").write_bytes(b"not ours")

    async with box.running() as exports:
        done = await reaches(exports, asked, ExportState.DONE, ExportState.FAILED)

    assert done.state is ExportState.DONE
    assert box.files() == sorted([f"{asked.export_id}.zip", "another.txt"])
    verdict = await asyncio.to_thread(verify_bundle, box.folder / f"{asked.export_id}.zip")
    assert verdict.is_good


async def test_a_stop_ends_the_process_and_the_next_start_takes_the_export_up(box: Box) -> None:
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await becomes(lambda: bool(children()) and box.files() == [f"{asked.export_id}.draft"], 25)
    assert children() == []
    assert box.files() == []
    left = await repository.find_export(box.database, asked.export_id)
    assert left is not None
    assert left.state is ExportState.QUEUED

    async with box.running() as exports:
        done = await reaches(exports, asked, ExportState.DONE, ExportState.FAILED)

    assert done.state is ExportState.DONE


async def test_bundles_expire_and_their_record_stays(box: Box) -> None:
    async with box.running(keep="1h") as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, asked, ExportState.DONE)
        await box.clock.advance(3601)
        await exports.maker.expire()

        found = await exports.service.get(THE_BOX, asked.export_id)
        with pytest.raises(ExportNotReadyError):
            await exports.service.bundle_of(THE_BOX, asked.export_id)

    assert found.state is ExportState.EXPIRED
    assert box.files() == []
    assert (await box.acts())[-1] == "export.expired"


class Heard:
    """Writes down what it is told of bundles; ``fails``: in the middle of the transaction."""

    def __init__(self) -> None:
        self.news: list[tuple[object, ...]] = []
        self.fails = False

    def made(
        self,
        transaction: Transaction,
        export_id: str,
        *,
        tenant_id: str,
        sha256: bytes,
        size_bytes: int,
    ) -> None:
        self.news.append(("made", export_id, tenant_id, sha256, size_bytes))
        if self.fails:
            raise RuntimeError("the power was cut")

    def gone(
        self, transaction: Transaction, export_id: str, *, tenant_id: str, sha256: bytes
    ) -> None:
        self.news.append(("gone", export_id, tenant_id, sha256))


@pytest.mark.parametrize("how", ["expired", "deleted"])
async def test_whoever_keeps_copies_hears_of_a_bundle_that_is_made_and_gone(
    box: Box, how: str
) -> None:
    box.copies = heard = Heard()
    async with box.running(keep="1h") as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        done = await reaches(exports, asked, ExportState.DONE)
        path = exports.folder.bundle(asked.export_id)
        digest = hashlib.sha256(await asyncio.to_thread(path.read_bytes)).digest()
        size = path.stat().st_size
        if how == "expired":
            await box.clock.advance(3601)
            await exports.maker.expire()
        else:
            await exports.service.remove(THE_BOX, asked.export_id)
            await exports.service.remove(THE_BOX, asked.export_id)

    assert heard.news == [
        ("made", done.export_id, done.tenant_id, digest, size),
        ("gone", done.export_id, done.tenant_id, digest),
    ]


async def test_a_bundle_is_not_done_when_its_copy_could_not_be_owed(box: Box) -> None:
    box.copies = heard = Heard()
    heard.fails = True
    async with box.exports() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        with pytest.raises(RuntimeError):
            await exports.maker.run()

    left = await repository.find_export(box.database, asked.export_id)
    assert left is not None
    assert left.state is ExportState.RUNNING  # the next start makes it anew
    assert "export.finished" not in await box.acts()


async def test_no_bundle_expires_by_a_clock_that_leapt(box: Box) -> None:
    guard = ClockGuard(box.database, box.clock, is_synced=lambda: True)
    await guard.start()
    box.trust = guard
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, asked, ExportState.DONE)

        async def state_after(days: float) -> tuple[ExportState, bool]:
            await box.clock.advance(days * 86400)
            await guard.look()
            await exports.maker.expire()
            found = await exports.service.get(THE_BOX, asked.export_id)
            return found.state, guard.is_trusted

        box.clock.step_wall(40 * 86400)
        await guard.look()
        assert await state_after(0) == (ExportState.DONE, False)
        assert await state_after(2) == (ExportState.DONE, True)
        assert box.files() == [f"{asked.export_id}.zip"]
        assert await state_after(6) == (ExportState.EXPIRED, True)


@pytest.mark.parametrize("lost", [ExportState.DONE, ExportState.FAILED])
async def test_an_export_whose_end_could_not_be_written_is_made_anew(
    box: Box, lost: ExportState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the disk of the database is full at that moment: the job fails, and is started again."""
    failures = [StorageError("The database cannot be written.")]
    moved = repository.move_state

    def move(transaction: Transaction, *arguments: Any, **columns: Any) -> bool:
        if failures and arguments[2] is lost:
            raise failures.pop()
        return moved(transaction, *arguments, **columns)

    monkeypatch.setattr(repository, "move_state", move)
    if lost is ExportState.FAILED:
        broken = [ExportFailedError("It broke.")]

        async def run(order: Order, heard: Callable[[Progress], None]) -> Bundle:
            if broken:
                raise broken.pop()
            return await run_export(order, heard)

        monkeypatch.setattr(maker_module, "run_export", run)
    async with box.exports() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        with pytest.raises(StorageError):
            await exports.maker.run()
        task = asyncio.create_task(exports.maker.run())
        try:
            await reaches(exports, asked, ExportState.DONE)
        finally:
            task.cancel()
            await asyncio.wait({task})

    assert box.files() == [f"{asked.export_id}.zip"]


async def sized(box: Box, size_bytes: int) -> None:
    """Let the index say that the first file is so large."""
    await box.database.write(
        lambda transaction: transaction.execute(
            "UPDATE segments SET size_bytes = ? WHERE segment_id = 1", (size_bytes,)
        )
    )


async def test_what_cannot_be_exported_is_refused_when_it_is_asked_for(
    box: Box,
) -> None:
    wanted = NewExport(box.incident_id, REQUEST)
    async with box.exports() as exports:
        await sized(box, 2**50)
        with pytest.raises(ExportNoSpaceError) as refused:
            await exports.service.create(THE_BOX, wanted)
        assert int(str(refused.value.details["needed_bytes"])) > 2**51
        await sized(box, 200_000)

        empty = await box.incidents.create(
            THE_BOX,
            IncidentRequest(("cam01",), Span(START_US - 100 * S, START_US - 90 * S), "nada aqui"),
        )
        with pytest.raises(NothingToExportError):
            await exports.service.create(THE_BOX, NewExport(empty.incident.incident_id, REQUEST))

        await box.incidents.release(THE_BOX, box.incident_id, reason="arquivado")
        with pytest.raises(IncidentReleasedError):
            await exports.service.create(THE_BOX, wanted)


async def test_no_bundle_fills_the_disk_so_far_that_footage_has_to_go(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is free above the high water, its reserve counted, is what a bundle may take: not a byte more."""
    thresholds = VolumeSettings()
    total, used = 10**12, 84 * 10**10
    usage = SimpleNamespace(total=total, used=used, free=total - used)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    folder = ExportFolder(box.root, thresholds=thresholds)

    room = usage.free - waters(thresholds, usage).high
    assert 0 < room <= 10**10
    folder.require_room(room)
    with pytest.raises(ExportNoSpaceError) as refused:
        folder.require_room(room + 1)
    assert refused.value.details["free_bytes"] == room


async def test_of_a_long_history_no_act_is_left_out_and_left_out_viewings_are_counted(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "MAX_VIEWINGS", 3)
    monkeypatch.setattr(ordering, "VIEWINGS_PAGE", 2)
    start, end = to_rfc3339(START_US - 18 * S), to_rfc3339(START_US - 10 * S)

    def watch(transaction: Transaction) -> None:
        for number in range(7):
            box.audit.append(
                transaction,
                actor=SYSTEM,
                action="footage.viewed",
                subject="camera:cam01",
                tenant_id="town",
                details={"start": start, "end": end, "number": number},
            )

    await box.database.write(watch)
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, asked, ExportState.DONE)

    bundle = box.folder / f"{asked.export_id}.zip"
    history = content_of(bundle, "history.json")
    entries = [
        check_entry_document(each, history["checkpoint"], box.keys.site.public)
        for each in history["entries"]
    ]
    assert [each["action"] for each in entries] == [
        "incident.created",
        *["footage.viewed"] * 3,
        "export.created",
    ]
    assert [each["details"]["number"] for each in entries[1:4]] == [4, 5, 6]
    assert content_of(bundle, "manifest.json")["history"]["viewings_left_out"] == 4
    verdict = await asyncio.to_thread(verify_bundle, bundle)
    assert verdict.is_good
    assert Remark("viewings_left_out", {"count": 4}) in verdict.remarks


async def test_footage_that_vanished_meanwhile_is_told_and_the_rest_handed_over(box: Box) -> None:
    async with box.exports() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
    files = sorted((box.root / "cam01_rec").rglob("*.mp4"))
    files[0].unlink()

    async with box.running() as exports:
        await reaches(exports, asked, ExportState.DONE)

    bundle = box.folder / f"{asked.export_id}.zip"
    manifest = content_of(bundle, "manifest.json")
    (missing,) = manifest["cameras"][0]["unreadable"]
    assert missing["reason"] == "missing"
    assert len(manifest["cameras"][0]["originals"]) == 1


async def test_a_sealed_file_that_rotted_is_handed_over_and_said(box: Box) -> None:
    seals = FootageSeals(box.database, box.audit, box.clock, key=box.keys.site)
    await seals.seal_now()
    path = sorted((box.root / "cam01_rec").rglob("*.mp4"))[0]
    await asyncio.to_thread(flip, path, path.stat().st_size - 50)

    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        done = await reaches(exports, asked, ExportState.DONE, ExportState.FAILED)

    assert done.state is ExportState.DONE, done.error
    bundle = box.folder / f"{asked.export_id}.zip"
    originals = content_of(bundle, "manifest.json")["cameras"][0]["originals"]
    assert [each["match"] for each in originals] == [False, True]
    verdict = await asyncio.to_thread(verify_bundle, bundle)
    assert verdict.is_good
    assert verdict.sealed == 1
    assert verdict.remarks == [Remark("not_as_hashed", {"file": originals[0]["path"]})]


async def test_a_file_the_disk_does_not_give_is_told_and_the_rest_handed_over(box: Box) -> None:
    async with box.exports() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
    first = sorted((box.root / "cam01_rec").rglob("*.mp4"))[0]
    first.unlink()
    first.mkdir()  # opens, and cannot be read

    async with box.running() as exports:
        done = await reaches(exports, asked, ExportState.DONE, ExportState.FAILED)

    assert done.state is ExportState.DONE, done.error
    bundle = box.folder / f"{asked.export_id}.zip"
    (camera,) = content_of(bundle, "manifest.json")["cameras"]
    assert [each["reason"] for each in camera["unreadable"]] == ["unreadable"]
    assert len(camera["originals"]) == 1
    assert (await asyncio.to_thread(verify_bundle, bundle)).is_good


def test_the_process_dies_with_its_parent(tmp_path: Path) -> None:
    """A daemon killed outright leaves no export running."""
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'gtvision_edge.recordings.evidence.worker'],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)

    psutil.wait_procs(_alive(pid), timeout=patiently(20))
    assert not _alive(pid)


def _alive(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [] if process.status() == psutil.STATUS_ZOMBIE else [process]
    except psutil.NoSuchProcess:
        return []


async def test_what_is_not_hashed_yet_is_hashed_and_sealed_before_it_leaves(box: Box) -> None:
    await box.database.write(
        lambda transaction: transaction.execute("UPDATE segments SET sha256 = NULL")
    )
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, asked, ExportState.DONE)

    verdict = await asyncio.to_thread(verify_bundle, box.folder / f"{asked.export_id}.zip")
    assert verdict.sealed == 2


async def test_a_file_changed_with_its_row_after_sealing_is_not_sealed_any_more(box: Box) -> None:
    """Whoever edits a recording and its hash in the index cannot have been in the log with it."""
    seals = FootageSeals(box.database, box.audit, box.clock, key=box.keys.site)
    await seals.seal_now()

    def forge() -> bytes:
        path = sorted((box.root / "cam01_rec").rglob("*.mp4"))[0]
        flip(path, path.stat().st_size - 50)
        return hashlib.sha256(path.read_bytes()).digest()

    forged = await asyncio.to_thread(forge)
    await box.database.write(
        lambda transaction: transaction.execute(
            "UPDATE segments SET sha256 = ? WHERE segment_id = 1", (forged,)
        )
    )
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, asked, ExportState.DONE)

    verdict = await asyncio.to_thread(verify_bundle, box.folder / f"{asked.export_id}.zip")
    assert verdict.sealed == 1
    assert verdict.remarks == [Remark("unsealed", {"count": 1})]


async def test_an_incident_is_not_released_while_its_bundle_is_made(box: Box) -> None:
    async with box.exports() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        with pytest.raises(IncidentExportingError):
            await box.incidents.release(THE_BOX, box.incident_id, reason="arquivado")
        held = await box.database.fetch_all("SELECT held FROM segments")
        assert {row["held"] for row in held} == {1}

        await exports.service.remove(THE_BOX, asked.export_id)
        await box.incidents.release(THE_BOX, box.incident_id, reason="arquivado")
