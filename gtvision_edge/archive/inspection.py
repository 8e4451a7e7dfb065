"""The archive as the command line looks at it, beside a running daemon."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gtvision_edge.archive import repository
from gtvision_edge.archive.errors import ArchiveRefusedError, ArchiveUnreachableError
from gtvision_edge.archive.model import Parked, Totals
from gtvision_edge.archive.store import CopyStore, place_of
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Database

SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """What is owed, and whether the store takes something with these settings: *store* ``up``, ``off`` or an error's code."""

    place: str
    store: str
    reason: str
    totals: Totals
    parked: Sequence[Parked]
    """The first ones."""


async def inspect_archive(
    settings: ArchiveSettings, database: Database, *, site_id: str
) -> ArchiveReport:
    """Look at what is owed and try the store, by writing what every try of it writes; nothing is copied.

    Raises:
        ArchiveExtraMissingError: a bucket is named, and what talks to it is not installed.

    """
    totals = await repository.fetch_totals(database)
    parked = await repository.parked_after(database, 0, SHOWN)
    if not settings.bucket:
        return ArchiveReport("", "off", "", totals, parked)
    store, reason = "up", ""
    try:
        tried = await asyncio.to_thread(lambda: CopyStore(settings, site_id=site_id))
        await tried.knock()
    except (ArchiveRefusedError, ArchiveUnreachableError) as error:
        store, reason = error.code, str(error.details.get("reason", ""))
    return ArchiveReport(place_of(settings), store, reason, totals, parked)
