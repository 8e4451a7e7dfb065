"""What people, ``/status`` and metrics are told of the copies in the object store."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Gauge

from gtvision_edge.archive import repository
from gtvision_edge.archive.model import StoreState, Totals
from gtvision_edge.lines.bounds import is_news
from gtvision_edge.lines.lag import Lag, age_s
from gtvision_edge.lines.standing import Standing
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Database

LOOK_S: Final = 5.0
UNREACHABLE_US: Final = 900_000_000
"""A store that was away for less is no news: copies are in no hurry."""


class Store(Protocol):
    """The store, as far as it is watched."""

    @property
    def standing(self) -> Standing[StoreState]: ...


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """The copies as people see them."""

    standing: Standing[StoreState]
    totals: Totals


class ArchiveWatch:
    """Looks every five seconds; every look costs the same however much waits."""

    def __init__(
        self,
        settings: ArchiveSettings,
        database: Database,
        store: Store,
        clock: Clock,
        *,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._totals = Totals()
        self._lag = Lag(settings.alert_waiting, settings.alert_age)
        registry = registry or CollectorRegistry()

        def gauge(name: str, words: str) -> Gauge:
            return Gauge(f"gtvision_edge_archive_{name}", words, registry=registry)

        self._gauges = {
            "waiting": gauge("waiting", "Files that wait to be copied to the object store"),
            "waiting_bytes": gauge("waiting_bytes", "Bytes of these"),
            "removing": gauge("removing", "Copies that are still to be removed there"),
            "parked": gauge("parked", "Copies and removals that failed too often"),
            "copies": gauge("copies", "Copies in the object store"),
            "copied_bytes": gauge("copied_bytes", "Bytes of these"),
            "given_up": gauge("given_up", "Copies and removals that were given up, ever"),
        }
        self._oldest = gauge("oldest_seconds", "How long the oldest one has waited")

    @property
    def view(self) -> ArchiveView:
        return ArchiveView(self._store.standing, self._totals)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Take the figures as they are now."""
        self._totals = totals = await repository.fetch_totals(self._database)
        for name, gauge in self._gauges.items():
            gauge.set(getattr(totals, name))
        self._oldest.set(self._age_s())
        self._lag.judge(totals.waiting + totals.removing, self._age_s())

    def findings(self) -> Iterable[Finding]:
        """Return what somebody should mend about the store, as of the last look."""
        totals, standing = self._totals, self._store.standing
        if standing.state is StoreState.OFF:
            if totals.removing:  # personal data that should be gone is still there
                yield Finding("archive_off_with_removals", facts={"removing": totals.removing})
            return
        if standing.state is StoreState.REFUSED:
            yield Finding("archive_refused", facts=standing.facts())
        away_us = self._clock.now_us() - standing.since_us
        if standing.state is StoreState.UNREACHABLE and away_us >= UNREACHABLE_US:
            yield Finding("archive_unreachable", facts=standing.facts())
        facts: dict[str, object]
        if self._lag.is_far_behind:
            facts = {
                "waiting": totals.waiting,
                "removing": totals.removing,
                "oldest_s": round(self._age_s()),
            }
            yield Finding("archive_far_behind", Severity.ALARM, facts)
        if totals.parked:
            yield Finding("archive_parked", facts={"parked": totals.parked})
        if is_news(totals.given_up_us, self._clock.now_us()):
            facts = {"given_up": totals.given_up, "at_us": totals.given_up_us}
            yield Finding("archive_copies_given_up", Severity.ALARM, facts)

    def _age_s(self) -> float:
        return age_s(self._totals.oldest_us, self._clock.now_us())
