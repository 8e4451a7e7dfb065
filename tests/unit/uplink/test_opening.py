"""The line to the hub as it is put together, with a hub and without one."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.keys import SiteKey, open_keys
from gtvision_edge.settings import PaperSettings, UplinkSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink import Outbox, repository
from gtvision_edge.uplink.opening import LineToHub, open_line
from tests.fakes.clock import FakeClock


@pytest.fixture
def key(tmp_path: Path) -> SiteKey:
    return open_keys(tmp_path, PaperSettings(), site_id="site-1").site


def line(database: Database, clock: FakeClock, key: SiteKey, url: str) -> LineToHub:
    return open_line(
        UplinkSettings(url=SecretStr(url)),
        database,
        AuditLog(clock),
        clock,
        outbox=Outbox(clock, site_id="site-1", has_hub=bool(url)),
        site_id="site-1",
        key=key,
        trusts_clock=lambda: True,
    )


@pytest.mark.parametrize(("url", "tells"), [("", False), ("amqp://hub.example/", True)])
def test_the_audit_log_is_anchored_where_there_is_a_hub(
    database: Database, clock: FakeClock, key: SiteKey, url: str, *, tells: bool
) -> None:
    assert ("audit-anchors" in line(database, clock, key, url).jobs) is tells


async def test_without_a_hub_an_old_backlog_is_bounded_and_nobody_is_told(
    database: Database, clock: FakeClock, key: SiteKey
) -> None:
    opened = line(database, clock, key, "")
    audit = AuditLog(clock)
    await database.write(
        lambda transaction: audit.append(transaction, actor=SYSTEM, action="test.acted")
    )

    await opened.watch.look()
    await opened.bounds.go_round()

    assert list(opened.findings()) == []
    assert await repository.fetch_anchor(database) is None
