"""The line to the hub as the command line looks at it, beside a running daemon."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink import outbox, repository
from gtvision_edge.uplink.broker import connected
from gtvision_edge.uplink.errors import HubRefusedError, HubUnreachableError
from gtvision_edge.uplink.outbox import Backlog
from gtvision_edge.uplink.repository import OutboxPurge

_PACKAGE: Final = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class LineReport:
    """What waits, and whether the hub's broker takes a connection with these settings: *hub* ``up``, ``off`` or an error's code."""

    backlog: Backlog
    newest_purge: OutboxPurge | None
    hub: str
    reason: str
    detail: str
    """What it means and what to mend, in words; '' where it takes the connection."""
    depths: Mapping[str, int | None]


async def inspect_line(settings: UplinkSettings, database: Database, *, site: str) -> LineReport:
    """Look at the outbox and try the line; nothing is published."""
    backlog = await outbox.fetch_backlog(database)
    newest = await repository.purges_before(database, "", 1)
    hub, reason, detail = "off", "", ""
    depths: dict[str, int | None] = {}
    if settings.has_hub:
        hub = "up"
        try:
            async with connected(settings, site=site) as broker:
                for queue in settings.watch_queues:
                    try:
                        depths[queue] = await broker.depth(queue)
                    except HubRefusedError:
                        depths[queue] = None
        except (HubRefusedError, HubUnreachableError) as error:
            hub, detail = error.code, error.message
            reason = str(error.details.get("reason", ""))
    return LineReport(backlog, newest[0] if newest else None, hub, reason, detail, depths)


def schemas_folder() -> Path:
    """Return where the schemas of events are: in the installed package, or in a checkout."""
    installed = _PACKAGE / "schemas"
    return installed if installed.is_dir() else _PACKAGE.parent / "config" / "schemas"
