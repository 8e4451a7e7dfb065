"""``/purges/{id}.pdf`` with a real printer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from gtvision_edge.accounts import Principal
from gtvision_edge.api.purge_papers import purge_paper_endpoints
from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.papers import PaperPrinter, PaperShelf
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.purge_papers import LostFootage, PurgePapers, PurgeRecord
from gtvision_edge.storage import Database
from tests.tools import run_tool

PURGE_ID = "01939c6e-8000-7abc-8def-0123456789ab"


class NoSuchPurgeError(EdgeError):
    code: ClassVar[str] = "unknown_purge"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


@dataclass(frozen=True)
class Record:
    purge_id: str = PURGE_ID
    kind: str = "pressure"
    tenant_id: str | None = "a"
    started_us: int = 0
    finished_us: int | None = 1
    policy: dict[str, object] = field(default_factory=dict)
    actor: str = "system"
    actor_name: str = "system"
    reason: str = ""
    segments: int = 0
    size_bytes: int = 0
    held_skipped: int = 0
    failures: int = 0
    root: bytes | None = None
    unhashed: int = 0
    audit_seq: int | None = None
    cameras: tuple[LostFootage, ...] = ()


async def find(principal: Principal, purge_id: str) -> PurgeRecord:
    if purge_id == "running":
        return Record(finished_us=None)
    if purge_id != PURGE_ID or not principal.may_see_tenant("a"):
        raise NoSuchPurgeError("There is no such purge.")
    return Record()


async def test_an_auditor_gets_a_report_that_pdfsig_finds_good(
    start: Callable[..., Any], database: Database, keys: OpenedKeys, tmp_path: Path
) -> None:
    papers = PurgePapers(
        database,
        SegmentIndex(database, root=tmp_path),
        PaperShelf(tmp_path / "purges", PaperPrinter(keys.paper)),
        site=Site("a-site", "Central", "America/Sao_Paulo", "GT-Vision Edge", "1"),
    )
    endpoints = purge_paper_endpoints(find, papers, unknown=NoSuchPurgeError)
    async with start(endpoints) as served:

        async def get(purge_id: str, who: str) -> tuple[int, Any, Any]:
            path = f"/api/v1/purges/{purge_id}.pdf"
            answer: tuple[int, Any, Any] = await served.exchange("GET", path, who=who)
            return answer

        status, headers, content = await get(PURGE_ID, "auditor-a")
        again = await get(PURGE_ID, "admin")
        foreign = await get(PURGE_ID, "admin-b")
        unknown = await get("nothing", "admin")
        running = await get("running", "admin")
        operator = await get(PURGE_ID, "operator-a")

    assert (status, headers["Content-Type"]) == (200, "application/pdf")
    assert again[2] == content
    assert [foreign[0], unknown[0], running[0], operator[0]] == [404, 404, 409, 403]
    assert running[2]["code"] == "purge_running"
    path = tmp_path / "p.pdf"
    await asyncio.to_thread(path.write_bytes, content)
    _, verdict = await asyncio.to_thread(run_tool, "pdfsig", str(path))
    assert "Signature is Valid" in verdict
