"""A site that copies: real database, real files, a strict object store on loopback."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.archive.bounds import ArchiveBounds
from gtvision_edge.archive.copier import Copier
from gtvision_edge.archive.debts import BundleCopies, PictureCopies
from gtvision_edge.archive.files import FilesToCopy
from gtvision_edge.archive.model import Kind, Parked, Totals
from gtvision_edge.archive.pace import Pace
from gtvision_edge.archive.parked import FailedCopies
from gtvision_edge.archive.repository import fetch_totals
from gtvision_edge.archive.store import CopyStore, Patience
from gtvision_edge.archive.watch import ArchiveWatch
from gtvision_edge.audit import AuditLog
from gtvision_edge.lines.parked import ParkedDesk
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.object_store import ObjectStore, running_store
from tests.waiting import patiently

SITE = "site-1"
EXPORT = "019b0000-0000-7000-8000-00000000e001"


@dataclass
class Box:
    """What a test turns. A copier of its own for each start of the daemon."""

    database: Database
    clock: FakeClock
    store: ObjectStore
    folder: Path
    settings: ArchiveSettings
    audit: AuditLog
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def setting(self, **changes: Any) -> ArchiveSettings:
        return settings_for(self.store, **changes)

    def picture_path(self, name: str) -> Path:
        return self.folder / "pictures" / f"{name}.jpg"

    def bundle_path(self, export_id: str) -> Path:
        return self.folder / "exports" / f"{export_id}.zip"

    async def keep_picture(self, jpeg: bytes, *, settings: ArchiveSettings | None = None) -> str:
        """Store a picture and say so, as who accepts a reading does; return its key in the store."""
        name = hashlib.sha256(jpeg).hexdigest()
        self.picture_path(name).write_bytes(jpeg)
        copies = PictureCopies(settings or self.settings, self.clock)
        await self.database.write(lambda transaction: copies.came(transaction, {name: len(jpeg)}))
        return f"{SITE}/pictures/{name[:2]}/{name}.jpg"

    async def drop_picture(self, jpeg: bytes, *, settings: ArchiveSettings | None = None) -> None:
        name = hashlib.sha256(jpeg).hexdigest()
        self.picture_path(name).unlink(missing_ok=True)
        copies = PictureCopies(settings or self.settings, self.clock)
        await self.database.write(lambda transaction: copies.left(transaction, [name]))

    async def make_bundle(self, content: bytes, export_id: str = EXPORT) -> str:
        self.bundle_path(export_id).write_bytes(content)
        digest = hashlib.sha256(content)
        copies = BundleCopies(self.settings, self.clock)
        await self.database.write(
            lambda transaction: copies.made(
                transaction,
                export_id,
                tenant_id="a",
                sha256=digest.digest(),
                size_bytes=len(content),
            )
        )
        return f"{SITE}/evidence/{export_id}/{digest.hexdigest()}.zip"

    async def delete_bundle(
        self, content: bytes, export_id: str = EXPORT, *, settings: ArchiveSettings | None = None
    ) -> None:
        self.bundle_path(export_id).unlink()
        copies = BundleCopies(settings or self.settings, self.clock)
        await self.database.write(
            lambda transaction: copies.gone(
                transaction, export_id, tenant_id="a", sha256=hashlib.sha256(content).digest()
            )
        )

    @asynccontextmanager
    async def copying(
        self,
        settings: ArchiveSettings | None = None,
        *,
        patience: Patience = Patience(),
    ) -> AsyncIterator[Copier]:
        """Have it copied while the block is open."""
        wanted = settings or self.settings
        files = FilesToCopy(
            {Kind.PICTURE: self.picture_path, Kind.EVIDENCE: self.bundle_path},
            pace=Pace(self.clock, wanted.bytes_per_second),
        )
        copier = Copier(
            wanted,
            self.database,
            self.audit,
            self.clock,
            connect=lambda: CopyStore(wanted, site_id=SITE, patience=patience),
            files=files,
            registry=CollectorRegistry(),
        )
        running = asyncio.create_task(copier.run())
        try:
            yield copier
        finally:
            running.cancel()
            await asyncio.wait({running})
            files.close()

    async def totals(self) -> Totals:
        return await fetch_totals(self.database)

    async def until(self, condition: Callable[[Totals], bool], *, turning_s: float = 1.0) -> Totals:
        """Turn the clock until the totals are so."""
        async with asyncio.timeout(patiently(20)):
            while not condition(totals := await self.totals()):
                await self.clock.advance(turning_s)
                await asyncio.sleep(0.01)
        return totals

    async def until_done(self) -> Totals:
        return await self.until(lambda totals: not totals.waiting and not totals.removing)

    async def until_asked(self, method: str, key: str) -> None:
        async with asyncio.timeout(patiently(20)):
            while (method, key) not in self.store.asked:
                await self.clock.advance(1)
                await asyncio.sleep(0.01)

    def watch(self, copier: Copier, settings: ArchiveSettings | None = None) -> ArchiveWatch:
        return ArchiveWatch(settings or self.settings, self.database, copier, self.clock)

    def bounds(self, *, trusts: bool = True, **settings: Any) -> ArchiveBounds:
        return ArchiveBounds(
            self.setting(**settings),
            self.database,
            self.audit,
            self.clock,
            trusts_clock=lambda: trusts,
        )

    def desk(self, *, is_on: bool = True) -> ParkedDesk[Parked]:
        return ParkedDesk(FailedCopies(is_on=is_on), self.database, self.audit, self.clock)

    async def acts(self, action: str) -> list[dict[str, Any]]:
        """Return the details of the audit entries of that action."""
        import json

        rows = await self.database.fetch_all(
            "SELECT details FROM audit_log WHERE action = ? ORDER BY seq", (action,)
        )
        return [json.loads(row[0]) for row in rows]


def settings_for(store: ObjectStore, **changes: Any) -> ArchiveSettings:
    return ArchiveSettings.model_validate(
        {
            "bucket": store.bucket,
            "endpoint": store.url,
            "access_key": store.access_key,
            "secret_key": store.secret_key,
        }
        | changes
    )


@pytest.fixture
async def store() -> AsyncIterator[ObjectStore]:
    async with running_store() as running:
        yield running


@pytest.fixture
def box(database: Database, clock: FakeClock, store: ObjectStore, tmp_path: Path) -> Box:
    for name in ("pictures", "exports"):
        (tmp_path / name).mkdir()
    return Box(database, clock, store, tmp_path, settings_for(store), AuditLog(clock))
