"""Compares each night and when an admin asks, keeps the reports, and says when something must be looked at."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.accounts import Principal
from gtvision_edge.audit import SYSTEM, Actor, AuditLog
from gtvision_edge.recordings.integrity import repository
from gtvision_edge.recordings.integrity.comparing import Comparison, Wanted
from gtvision_edge.recordings.integrity.errors import (
    IntegrityRunningError,
    UnknownReportError,
)
from gtvision_edge.recordings.integrity.hashes import Pace
from gtvision_edge.recordings.integrity.model import (
    IntegrityFaultsFound,
    Kind,
    Report,
    StoredReport,
    Verdict,
)
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.runtime.waking import sleep_or_wake
from gtvision_edge.settings import IntegritySettings
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

LOOK_S: Final = 30.0
SETTLE_S: Final = 600.0
"""After a start nothing is compared for so long: what a kill left is being put right by those whose it is."""
NIGHTS: Final = 30
"""A sample reads this part of all files: each is read once a month, if the time allowed for a night suffices."""
KEPT: Final = 400


@dataclass(frozen=True, slots=True)
class _Asked:
    report_id: str
    actor: Actor
    deep: bool


class IntegrityService:
    """One comparison at a time; one that a stop broke off is noted as such by the next start, and not gone on with."""

    def __init__(
        self,
        comparison: Comparison,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        settings: IntegritySettings,
        zone: ZoneInfo,
        bus: EventBus,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._comparison = comparison
        self._database = database
        self._audit = audit
        self._clock = clock
        self._settings = settings
        self._zone = zone
        self._bus = bus
        self._began = clock.monotonic()
        self._asked: _Asked | None = None
        self._news = asyncio.Event()
        self._faults: tuple[str, ...] = ()
        registry = registry or CollectorRegistry()
        self._findings = Gauge(
            "gtvision_edge_integrity_findings",
            "What the last comparison of disk and index found and did not mend, by kind.",
            ["kind"],
            registry=registry,
        )
        self._finished = Gauge(
            "gtvision_edge_integrity_finished_timestamp_seconds",
            "When disk and index were last compared to the end.",
            registry=registry,
        )
        self._runs = Counter(
            "gtvision_edge_integrity_runs",
            "Comparisons of disk and index, by how they ended.",
            ["verdict"],
            registry=registry,
        )

    async def run(self) -> None:
        """Compare when it is time or asked for, until cancelled."""
        await self._resume()
        while True:
            if self._asked is None and await self._is_due():
                await self._begin_nightly()
            asked = self._asked
            if asked is None:
                self._news.clear()
                await self._wait()
                continue
            try:
                await self._compare(asked)
            finally:
                self._asked = None

    async def ask(self, principal: Principal, *, deep: bool, address: str) -> StoredReport:
        """Begin a comparison; return its report, which is empty as long as it runs.

        Raises:
            IntegrityRunningError: there is one already.

        """
        if self._asked is not None:
            raise IntegrityRunningError(
                "Disk and index are being compared already.", report_id=self._asked.report_id
            )
        actor = principal.actor(address)
        asked = _Asked(new_uuid7(self._clock), actor, deep)
        await self._begin(asked)
        self._news.set()
        return await self.find(asked.report_id)

    async def find(self, report_id: str) -> StoredReport:
        """Return a report.

        Raises:
            UnknownReportError: there is none.

        """
        found = await repository.find_report(self._database, report_id)
        if found is None:
            raise UnknownReportError("There is no such report.", report_id=report_id)
        return found

    async def page(self, *, before: str, limit: int) -> tuple[Sequence[StoredReport], str | None]:
        """Return a page of reports, newest first, and where the next one goes on."""
        found = await repository.fetch_reports(self._database, before, limit + 1)
        shown = found[:limit]
        return shown, shown[-1].report_id if len(found) > limit else None

    def findings(self) -> list[Finding]:
        """Return that the last comparison found what a person must look at, if it did."""
        kinds = list(self._faults)
        return [Finding("integrity_faults", facts={"kinds": kinds})] if kinds else []

    async def _begin_nightly(self) -> None:
        """Begin tonight's, unless somebody asked while it was found out that it is due: it comes after that one then."""
        if self._asked is None:
            await self._begin(_Asked(new_uuid7(self._clock), SYSTEM, deep=False))

    async def _begin(self, asked: _Asked) -> None:
        """Take the one place there is, before anything is awaited, and note what was asked for."""
        self._asked = asked
        try:
            await self._database.write(self._noting(asked))
        except BaseException:
            self._asked = None
            raise

    async def _resume(self) -> None:
        broken = await self._database.write(
            lambda transaction: repository.break_off(transaction, at_us=self._clock.now_us())
        )
        if broken:
            log.warning("integrity_broken_off", reports=broken)
        last = await repository.find_last_whole(self._database)
        if last is not None:
            self._show(last.document, last.verdict, last.finished_us or 0)

    async def _wait(self) -> None:
        await sleep_or_wake(self._clock, LOOK_S, self._news)

    async def _is_due(self) -> bool:
        """Tell whether tonight's comparison is to begin: at its hour, or later where the box was off then."""
        if not self._settings.nightly or self._clock.monotonic() - self._began < SETTLE_S:
            return False
        now_us = self._clock.now_us()
        last_us = await repository.find_last_started(self._database, SYSTEM.user_id)
        # A report of the future was made by a wrong clock.
        return last_us is None or not self._hour_before(now_us) <= last_us <= now_us

    def _hour_before(self, now_us: int) -> int:
        """Return the last moment at which a nightly comparison was to begin."""
        now = datetime.fromtimestamp(now_us / 1_000_000, UTC).astimezone(self._zone)
        due = now.replace(hour=self._settings.hour, minute=0, second=0, microsecond=0)
        if due > now:
            due -= timedelta(days=1)
        return round(due.timestamp() * 1_000_000)

    def _noting(self, asked: _Asked) -> Callable[[Transaction], None]:
        def write(transaction: Transaction) -> None:
            repository.insert_report(
                transaction,
                asked.report_id,
                started_us=self._clock.now_us(),
                asked_by=asked.actor.user_id,
            )
            self._audit.append(
                transaction,
                actor=asked.actor,
                action="integrity.started",
                subject=f"integrity:{asked.report_id}",
                details={"deep": asked.deep},
            )

        return write

    async def _compare(self, asked: _Asked) -> None:
        last = await repository.find_last_whole(self._database)
        after = 0 if last is None else int(last.document.get("sample_after", 0))
        pace = Pace(
            bytes_per_s=self._settings.read_per_second,
            longest_s=None if asked.deep else self._settings.longest,
            nights=1 if asked.deep else NIGHTS,
        )
        report = await self._comparison.run(
            Wanted(deep=asked.deep, mends=True, reads=pace, after=after)
        )
        await self._database.write(
            lambda transaction: write_report(
                transaction, asked.report_id, report, self._audit, asked.actor, self._clock
            )
        )
        self._show(report.document(), report.verdict.value, self._clock.now_us())
        self._runs.labels(report.verdict.value).inc()
        if report.verdict is Verdict.FAULTS:
            log.error("integrity_faults", report_id=asked.report_id, findings=list(self._faults))
            self._bus.publish(IntegrityFaultsFound(asked.report_id, self._faults))
        else:
            log.info(
                "integrity_compared",
                verdict=report.verdict.value,
                rows=report.rows,
                files=report.files,
                read_bytes=report.hashed_bytes,
            )

    def _show(self, document: dict[str, Any], verdict: str, finished_us: int) -> None:
        """Let metrics and health tell what a finished report says."""
        findings = {each["kind"]: each for each in document.get("findings", ())}
        is_faulty = verdict == Verdict.FAULTS.value
        self._faults = tuple(findings) if is_faulty else ()
        for kind in Kind:
            each = findings.get(kind.value, {"count": 0, "mended": 0})
            self._findings.labels(kind.value).set(each["count"] - each["mended"])
        self._finished.set(finished_us / 1_000_000)


def write_report(
    transaction: Transaction,
    report_id: str,
    report: Report,
    audit: AuditLog,
    actor: Actor,
    clock: Clock,
) -> None:
    """Store a finished report; what it found stands in the audit log, too."""
    repository.finish_report(
        transaction,
        report_id,
        finished_us=clock.now_us(),
        verdict=report.verdict,
        text=json.dumps(report.document(), ensure_ascii=False),
    )
    repository.forget_reports(transaction, keep=KEPT)
    audit.append(
        transaction,
        actor=actor,
        action="integrity.finished",
        subject=f"integrity:{report_id}",
        details={
            "verdict": report.verdict.value,
            "rows": report.rows,
            "files": report.files,
            "hashed_files": report.hashed_files,
            "findings": {
                kind.value: {"count": tally.count, "mended": tally.mended}
                for kind, tally in report.findings
            },
        },
    )
