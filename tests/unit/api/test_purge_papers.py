"""``/purges/{id}.pdf`` of a real purge, with a real printer."""

import asyncio
from pathlib import Path
from typing import Any

from gtvision_edge.accounts import Principal
from gtvision_edge.recordings.retention.model import DAY_US
from gtvision_edge.recordings.retention.ordering import PurgeRequest
from gtvision_edge.storage import Database
from tests.fakes.footage import START_US
from tests.tools import run_tool
from tests.unit.api.conftest import FakeFootage, Served
from tests.unit.api.test_storage import record


async def test_an_auditor_gets_a_report_that_pdfsig_finds_good(
    served: Served, footage: FakeFootage, database: Database, admin: Principal, tmp_path: Path
) -> None:
    await record(footage, database, "cam01", "a")
    purges = footage.retention.purges
    request = PurgeRequest(
        ["cam01"], START_US, "pedido do titular", START_US - 7 * DAY_US, "Protocolo 7/2026"
    )
    (purge_id,) = await purges.order(admin, request)
    await footage.retention.keeper.keep_house()
    (running_id,) = await purges.order(admin, PurgeRequest(["cam01"], START_US, "outro pedido"))

    async def get(purge_id: str, who: str) -> tuple[int, Any, Any]:
        path = f"/api/v1/purges/{purge_id}.pdf"
        answer: tuple[int, Any, Any] = await served.exchange("GET", path, who=who)
        return answer

    status, headers, content = await get(purge_id, "auditor-a")
    again = await get(purge_id, "admin")
    foreign = await get(purge_id, "admin-b")
    unknown = await get("nothing", "admin")
    running = await get(running_id, "admin")
    operator = await get(purge_id, "operator-a")

    assert (status, headers["Content-Type"]) == (200, "application/pdf")
    assert again[2] == content
    assert [foreign[0], unknown[0], running[0], operator[0]] == [404, 404, 409, 403]
    assert running[2]["code"] == "purge_running"
    path = tmp_path / "p.pdf"
    await asyncio.to_thread(path.write_bytes, content)
    _, verdict = await asyncio.to_thread(run_tool, "pdfsig", str(path))
    assert "Signature is Valid" in verdict
    _, words = await asyncio.to_thread(run_tool, "pdftotext", "-layout", str(path), "-")
    assert "Protocolo 7/2026" in words
    assert "Gravações a partir de" in words
