"""The daemon's pulse: how late the loop wakes up, and the sign of life for systemd."""

from prometheus_client import CollectorRegistry, Histogram

from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.systemd import notify_systemd, watchdog_interval_s

BEAT_S = 0.05
BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Pulse:
    """Wakes twenty times a second; a loop that something holds wakes it late, and a dead one never."""

    def __init__(self, clock: Clock, *, registry: CollectorRegistry) -> None:
        self._clock = clock
        self._watchdog_s = watchdog_interval_s()
        self._lag = Histogram(
            "gtvision_edge_loop_lag_seconds",
            "How much later than asked the event loop woke.",
            buckets=BUCKETS_S,
            registry=registry,
        )

    async def run(self) -> None:
        """Beat until cancelled."""
        told = self._clock.monotonic()
        while True:
            slept = self._clock.monotonic()
            await self._clock.sleep(BEAT_S)
            now = self._clock.monotonic()
            self._lag.observe(max(0.0, now - slept - BEAT_S))
            if self._watchdog_s is not None and now - told >= self._watchdog_s:
                notify_systemd("WATCHDOG=1")
                told = now
