"""The line to the hub as it is put together, with a hub and without one."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.keys import open_keys
from gtvision_edge.settings import PaperSettings, UplinkSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink import Outbox, repository
from gtvision_edge.uplink.opening import LineToHub, open_line
from tests.fakes.clock import FakeClock


def line(database: Database, clock: FakeClock, folder: Path, url: str) -> LineToHub:
    return open_line(
        UplinkSettings(url=SecretStr(url)),
        database,
        AuditLog(clock),
        clock,
        outbox=Outbox(clock, site_id="site-1", has_hub=bool(url)),
        site_id="site-1",
        key=open_keys(folder, PaperSettings(), site_id="site-1").site,
        trusts_clock=lambda: True,
    )


@pytest.mark.parametrize(("url", "tells"), [("", False), ("amqp://hub.example/", True)])
def test_the_audit_log_is_anchored_where_there_is_a_hub(
    database: Database, clock: FakeClock, tmp_path: Path, url: str, *, tells: bool
) -> None:
    assert ("audit-anchors" in line(database, clock, tmp_path, url).jobs) is tells


async def test_without_a_hub_an_old_backlog_is_bounded_and_nobody_is_told(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    opened = line(database, clock, tmp_path, "")
    audit = AuditLog(clock)
    await database.write(
        lambda transaction: audit.append(transaction, actor=SYSTEM, action="test.acted")
    )

    await opened.watch.look()
    await opened.bounds.go_round()

    assert list(opened.findings()) == []
    assert await repository.fetch_anchor(database) is None
