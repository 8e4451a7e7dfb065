from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from gtvision_edge.health.findings import FindingRegistry
from gtvision_edge.runtime.findings import Finding, Severity
from tests.fakes.clock import FakeClock

SLOW = Finding("media_server_low_latency_hls")
GONE = Finding("media_server_silent", Severity.ALARM)


def test_alarms_come_first_and_the_rest_in_the_order_of_the_sources(clock: FakeClock) -> None:
    registry = FindingRegistry([lambda: [SLOW], list, lambda: [GONE]], clock)

    assert registry.findings() == [GONE, SLOW]


def test_what_comes_and_goes_is_logged_once_and_counted(clock: FakeClock) -> None:
    found: list[Finding] = []
    metrics = CollectorRegistry()
    registry = FindingRegistry([lambda: found], clock, registry=metrics)

    def alarms() -> float | None:
        return metrics.get_sample_value("gtvision_edge_findings", {"severity": "alarm"})

    with capture_logs() as logs:
        found.append(GONE)
        registry.look()
        registry.look()
        assert alarms() == 1
        found.clear()
        registry.look()
        assert alarms() == 0

    assert [(entry["event"], entry["code"]) for entry in logs] == [
        ("finding_came", "media_server_silent"),
        ("finding_went", "media_server_silent"),
    ]
