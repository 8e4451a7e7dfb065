"""When it is compared, and who hears of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts import Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.integrity.comparing import Comparison
from gtvision_edge.recordings.integrity.model import IntegrityFaultsFound, StoredReport
from gtvision_edge.recordings.integrity.service import LOOK_S, SETTLE_S, IntegrityService
from gtvision_edge.runtime.events import EventBus, Mailbox
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.settings import IntegritySettings
from tests.fakes.people import viewer
from tests.unit.recordings.integrity.conftest import Box

pytestmark = pytest.mark.timeout(60)

HOUR_S = 3600
LEAST_S = 600
"""The service reads the database between two looks at the clock: it may begin so much late here."""


@dataclass
class Night:
    box: Box
    service: IntegrityService
    registry: CollectorRegistry
    heard: Mailbox

    async def reports(self) -> list[StoredReport]:
        return list((await self.service.page(before="", limit=100))[0])

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and let the service end what it began."""
        left = seconds
        while left > 0:
            await self.box.clock.until_asleep()
            await self.box.clock.advance(min(left, LEAST_S))
            left -= LEAST_S
        await self.box.clock.until_asleep()


@pytest.fixture
async def night(box: Box) -> AsyncIterator[Night]:
    registry, bus = CollectorRegistry(), EventBus()
    comparison = Comparison(
        box.root,
        box.database,
        AuditLog(box.clock),
        box.clock,
        is_running=True,
        exports=box.root / ".exports",
        volume_error=lambda: box.error,
    )
    service = IntegrityService(
        comparison,
        box.database,
        AuditLog(box.clock),
        box.clock,
        settings=IntegritySettings(hour=3),
        zone=ZoneInfo("America/Sao_Paulo"),
        bus=bus,
        registry=registry,
    )
    with bus.listen(IntegrityFaultsFound) as heard:
        job = asyncio.create_task(service.run())
        yield Night(box, service, registry, heard)
        job.cancel()
        await asyncio.wait({job})
    comparison.close()


async def test_each_night_at_the_hour_of_the_sites_zone(night: Night) -> None:
    await night.pass_time(SETTLE_S + LOOK_S)
    assert len(await night.reports()) == 1  # it is the first ever

    await night.pass_time(48 * HOUR_S)

    starts = [
        datetime.fromtimestamp(report.started_us / 1e6, UTC) for report in await night.reports()
    ]
    assert [start.hour for start in starts] == [6, 6, 0]  # 3 h in São Paulo is 6 h UTC
    assert all(report.asked_by == "system" for report in await night.reports())


async def test_faults_are_told_by_event_metric_and_health_until_they_are_gone(night: Night) -> None:
    number = await night.box.camera("cam01")
    night.box.write(0)
    night.box.write(1)
    for n in range(2):
        await night.box.index(number, n, hashed=False)
    night.box.path(0).unlink()
    assert night.service.findings() == []

    await night.pass_time(SETTLE_S + LOOK_S)

    told = [Finding("integrity_faults", facts={"kinds": ["file_missing"]})]
    assert night.service.findings() == told
    assert [event async for event in first(night.heard)] == [
        IntegrityFaultsFound((await night.reports())[0].report_id, ("file_missing",))
    ]

    await night.pass_time(24 * HOUR_S)
    assert night.service.findings() == []
    sample = night.registry.get_sample_value
    assert sample("gtvision_edge_integrity_runs_total", {"verdict": "faults"}) == 1
    assert sample("gtvision_edge_integrity_findings", {"kind": "file_missing"}) == 0


async def test_who_asks_as_the_night_begins_gets_his_report_and_the_night_its_own(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_due = night.service._is_due
    asked: list[str] = []

    async def due_while_somebody_asks() -> bool:
        due = await is_due()
        if due and not asked:
            admin = viewer("root", None, role=Role.ADMIN)
            report = await night.service.ask(admin, deep=True, address="")
            asked.append(report.report_id)
        return due

    monkeypatch.setattr(night.service, "_is_due", due_while_somebody_asks)

    await night.pass_time(SETTLE_S + 3 * LOOK_S)

    reports = {each.report_id: each for each in await night.reports()}
    assert [each.verdict for each in reports.values()] == ["good", "good"]
    assert reports[asked[0]].asked_by != "system"


async def first(mailbox: Mailbox) -> AsyncIterator[object]:
    async for event in mailbox:
        yield event
        return
