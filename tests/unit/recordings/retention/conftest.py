from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.recorded_volume import RecordedVolume, recorded_volume


@pytest.fixture
def volume(tmp_path: Path, database: Database) -> RecordedVolume:
    return recorded_volume(tmp_path / "rec", database)


@pytest.fixture
async def deleter(
    volume: RecordedVolume, database: Database, clock: FakeClock
) -> AsyncIterator[Deleter]:
    opened = Deleter(
        volume.index,
        database,
        AuditLog(clock),
        clock,
        root=volume.root,
        is_present=volume.is_present,
        zone=ZoneInfo("America/Sao_Paulo"),
    )
    yield opened
    opened.close()
