"""Everything on the box that somebody should mend, in one list."""

from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, FindingSource, Severity

log = structlog.get_logger(__name__)

LOOK_INTERVAL_S: Final = 5.0


class FindingRegistry:
    """Asks its *sources* whenever somebody wants to know, and writes what came and went into the log."""

    def __init__(
        self,
        sources: Sequence[FindingSource],
        clock: Clock,
        *,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._told: dict[tuple[str, str], Finding] = {}
        self._gauge = Gauge(
            "gtvision_edge_findings",
            "What somebody should mend, by severity",
            ["severity"],
            registry=registry or CollectorRegistry(),
        )

    def findings(self) -> list[Finding]:
        """Return what is wrong now, alarms first, otherwise in the order of the sources."""
        found = [finding for source in self._sources for finding in source()]
        return sorted(found, key=lambda finding: finding.severity is not Severity.ALARM)

    async def run(self) -> None:
        """Tell of news until cancelled."""
        while True:
            self.look()
            await self._clock.sleep(LOOK_INTERVAL_S)

    def look(self) -> None:
        """Log and count what came and went since the last look."""
        found = {(each.code, repr(sorted(each.facts.items()))): each for each in self.findings()}
        for key in found.keys() - self._told.keys():
            finding = found[key]
            log.warning(
                "finding_came", code=finding.code, severity=finding.severity, facts=finding.facts
            )
        for key in self._told.keys() - found.keys():
            log.info("finding_went", code=self._told[key].code, facts=self._told[key].facts)
        self._told = found
        for severity in Severity:
            count = sum(finding.severity is severity for finding in found.values())
            self._gauge.labels(severity.value).set(count)
