from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gtvision_edge.papers import CustodyForm, PaperShelf, PurgePaper
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import CameraNo
from gtvision_edge.recordings.purge_papers import PurgePapers, PurgeRunningError
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import MINUTE_US, START_US, keep

SITE = Site("site-1", "Central", "America/Sao_Paulo", "GT-Vision Edge", "9.9")


@dataclass(frozen=True)
class Lost:
    camera_no: CameraNo
    segments: int = 3
    size_bytes: int = 300
    first_us: int = START_US
    last_us: int = START_US + 3 * MINUTE_US


@dataclass(frozen=True)
class Record:
    cameras: Sequence[Lost]
    purge_id: str = "p-1"
    kind: str = "age"
    tenant_id: str | None = "town"
    started_us: int = START_US
    finished_us: int | None = START_US + MINUTE_US
    policy: Mapping[str, object] = None  # type: ignore[assignment]  # set below
    actor: str = "system"
    actor_name: str = "system"
    reason: str = ""
    segments: int = 3
    size_bytes: int = 300
    held_skipped: int = 1
    failures: int = 0
    root: bytes | None = bytes(32)
    unhashed: int = 0
    audit_seq: int | None = 7


class KeepingPrinter:
    def __init__(self) -> None:
        self.papers: list[PurgePaper] = []

    async def render(self, paper: PurgePaper | CustodyForm) -> bytes:
        assert isinstance(paper, PurgePaper)
        self.papers.append(paper)
        return b"%%PDF-1.4 %d %%%%EOF" % len(self.papers)


@pytest.fixture
def printer() -> KeepingPrinter:
    return KeepingPrinter()


@pytest.fixture
async def record(database: Database) -> Record:
    await database.write(
        lambda each: each.execute(
            "INSERT INTO tenants (tenant_id, name, created_us) VALUES ('town', 'Prefeitura', 0)"
        )
    )
    (camera_no,) = await keep(database, FakeCamera("cam01", name="Praça"))
    policy = {"scope": "tenant", "subject": "town", "retain_days": 30, "version": 2}
    return Record([Lost(camera_no), Lost(CameraNo(99))], policy=policy | {"camera_nos": [1]})


@pytest.fixture
def papers(database: Database, printer: KeepingPrinter, tmp_path: Path) -> PurgePapers:
    index = SegmentIndex(database, root=tmp_path)
    return PurgePapers(database, index, PaperShelf(tmp_path / "purges", printer), site=SITE)


async def test_a_purge_becomes_a_paper_in_words(
    papers: PurgePapers, printer: KeepingPrinter, record: Record
) -> None:
    first = await papers.fetch(record)
    assert await papers.fetch(record) == first

    (paper,) = printer.papers
    assert paper.issuer.organisation == "Prefeitura"
    assert paper.issuer.software == "GT-Vision Edge 9.9"
    assert paper.policy == {
        "scope": "tenant",
        "subject": "Prefeitura",
        "retain_days": 30,
        "version": 2,
    }
    assert (paper.actor_name, paper.root, paper.root_audit_seq) == ("", bytes(32), 7)
    assert [(each.camera_id, each.name) for each in paper.cameras] == [
        ("cam01", "Praça"),
        ("nº 99", ""),
    ]


async def test_a_person_who_deleted_is_named(
    papers: PurgePapers, printer: KeepingPrinter, record: Record
) -> None:
    await papers.fetch(
        replace(record, actor="u-1", actor_name="ana", kind="manual", tenant_id=None)
    )

    assert (printer.papers[0].actor_name, printer.papers[0].issuer.organisation) == ("ana", "")


async def test_a_running_purge_has_no_paper(papers: PurgePapers, record: Record) -> None:
    with pytest.raises(PurgeRunningError):
        await papers.fetch(replace(record, finished_us=None))
