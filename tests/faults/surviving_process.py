"""``python -m tests.faults.surviving_process DIRECTORY WORK STEP``: do WORK there, and die by SIGKILL at that step (0 = never).

Steps are what touches disk or database; for a write those before it, inside it after all was said, and after its commit.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from gtvision_edge.accounts.model import THE_BOX
from gtvision_edge.audit import AuditLog
from gtvision_edge.detections.opening import readings_for_evidence
from gtvision_edge.keys import open_keys
from gtvision_edge.media.model import PathView
from gtvision_edge.recordings.evidence.exports import open_exports
from gtvision_edge.recordings.evidence.folder import ExportFolder
from gtvision_edge.recordings.evidence.model import LegalRequest
from gtvision_edge.recordings.evidence.ordering import Site as ExportSite
from gtvision_edge.recordings.evidence.service import NewExport
from gtvision_edge.recordings.evidence.states import ExportState
from gtvision_edge.recordings.incidents.flags import HoldFlags
from gtvision_edge.recordings.incidents.service import IncidentRequest, IncidentService
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.indexing.hashing import Hasher
from gtvision_edge.recordings.indexing.indexer import Indexer
from gtvision_edge.recordings.model import Span
from gtvision_edge.recordings.retention import deleter as deleting
from gtvision_edge.recordings.retention import unlinking
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.recordings.retention.model import Order, PurgeKind
from gtvision_edge.recordings.seals import FootageSeals
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import ExportSettings, PaperSettings
from gtvision_edge.storage import open_database
from tests.fakes.cameras import FakeCamera
from tests.fakes.volumes import ROOMY
from tests.faults.indexing_process import MortalDatabase
from tests.waiting import becomes

CAMERA = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000aaaa", camera_id="cam01")
ZONE = ZoneInfo("America/Sao_Paulo")


class Site:
    def all_cameras(self) -> list[FakeCamera]:
        return [CAMERA]


class NoCameras:
    def find_camera(self, camera_id: str) -> None:
        return None


class Process:
    def __init__(self, directory: Path, database: Any) -> None:
        self.directory = directory
        self.root = directory / "recordings"
        self.database = database
        self.clock = SystemClock()
        self.audit = AuditLog(self.clock)
        self.index = SegmentIndex(self.database, root=self.root)
        self.incidents = IncidentService(self.database, self.audit, self.clock, index=self.index)

    def stepping(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **words: Any) -> Any:
            self.database._step()
            result = work(*arguments, **words)
            self.database._step()
            return result

        return stepped

    async def index_all(self) -> None:
        indexer = Indexer(
            self.root,
            self.database,
            Site(),
            is_present=lambda: True,
            view=lambda _: PathView(available=False, receiving=False, recording=False),
            bus=EventBus(),
            clock=self.clock,
        )
        hasher = Hasher(self.root, self.database, is_present=lambda: True, clock=self.clock)
        await indexer.look_everywhere()
        while await hasher.hash_some():
            pass
        indexer.close()
        hasher.close()

    async def purge(self) -> None:
        """End what was begun, then have all but the four newest go."""
        deleting.BATCH = 2  # type: ignore[misc]  # smaller, for more steps
        unlinking._remove = self.stepping(unlinking._remove)
        deleter = Deleter(
            self.index,
            self.database,
            self.audit,
            self.clock,
            root=self.root,
            is_present=lambda: True,
            zone=ZONE,
        )
        await deleter.recover()
        victims = await self.index.oldest_deletable(limit=1000)
        if len(victims) > 4:
            await deleter.delete(Order(PurgeKind.PRESSURE, {}), victims[:-4])
        deleter.close()

    async def export(self) -> None:
        """End what was begun, else ask for a bundle of an incident over all there is."""
        ExportFolder.publish = self.stepping(ExportFolder.publish)  # type: ignore[method-assign]
        ExportFolder.remove = self.stepping(ExportFolder.remove)  # type: ignore[method-assign]
        ExportFolder.sweep = self.stepping(ExportFolder.sweep)  # type: ignore[method-assign]
        await HoldFlags(self.database, self.clock).settle()  # as each start of the daemon does
        keys = await asyncio.to_thread(open_keys, self.directory, PaperSettings(), site_id="site-1")
        hasher = Hasher(self.root, self.database, is_present=lambda: True, clock=self.clock)
        async with open_exports(
            ExportSettings(),
            root=self.root,
            thresholds=ROOMY,
            require_volume=lambda: None,
            trust=SimpleNamespace(is_trusted=True),
            database=self.database,
            audit=self.audit,
            clock=self.clock,
            index=self.index,
            timelines=TimelineService(self.index, self.database, self.clock, zone=ZONE),
            incidents=self.incidents,
            cameras=NoCameras(),
            site=ExportSite("site-1", "Praça", str(ZONE), "GT-Vision Edge", "0.1.0"),
            keys=keys,
            seals=FootageSeals(self.database, self.audit, self.clock, key=keys.site),
            hasher=hasher,
            readings=readings_for_evidence(self.database, self.directory),
        ) as exports:
            rows = await self.database.fetch_all("SELECT export_id FROM exports")
            if rows:
                export_id = rows[0]["export_id"]
            else:
                export_id = await self._ask(exports.service)
            making = asyncio.create_task(exports.maker.run())

            async def is_done() -> bool:
                found = await exports.service.get(THE_BOX, export_id)
                assert found.state is not ExportState.FAILED, found.error
                return found.state is ExportState.DONE

            await becomes(is_done, 60)
            making.cancel()
            await asyncio.wait({making})
        hasher.close()

    async def _ask(self, service: Any) -> str:
        rows = await self.database.fetch_all("SELECT incident_id FROM incidents")
        if rows:
            incident_id = rows[0]["incident_id"]
        else:
            camera = (await self.index.cameras())[0]
            extent = await self.index.extent(camera.camera_no)
            assert extent is not None
            span = Span(extent.start_us, extent.end_us)
            made = await self.incidents.create(
                THE_BOX, IncidentRequest((CAMERA.camera_id,), span, "furto na praça")
            )
            incident_id = made.incident.incident_id
        request = LegalRequest("Delegacia", "Ofício 1/2026", "CPP art. 6º", "investigação")
        asked = await service.create(THE_BOX, NewExport(incident_id, request))
        return str(asked.export_id)


async def main(directory: Path, work: str, dies_at: int) -> None:
    async with open_database(directory / "edge.db") as real:
        process = Process(directory, MortalDatabase(real, dies_at))
        await {"index": process.index_all, "purge": process.purge, "export": process.export}[work]()
        print(process.database.steps)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
