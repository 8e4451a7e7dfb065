"""Keeps the list of recorded cameras in step with the site's cameras."""

from collections.abc import Sequence
from typing import Protocol

from gtvision_edge.cameras.model import CameraAdded, CameraChanged, CameraRemoved
from gtvision_edge.recordings.index import CameraOfSite, keep_cameras
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database


class CamerasOfSite(Protocol):
    """The cameras of the site, in memory."""

    def all_cameras(self) -> Sequence[CameraOfSite]: ...


class CameraKeeper:
    """Follows the news of cameras. The list is taken whole each time, so news that were lost do no harm."""

    def __init__(
        self, database: Database, cameras: CamerasOfSite, *, bus: EventBus, clock: Clock
    ) -> None:
        self._database = database
        self._cameras = cameras
        self._bus = bus
        self._clock = clock

    async def run(self) -> None:
        """Follow until cancelled."""
        with self._bus.listen(CameraAdded, CameraChanged, CameraRemoved) as news:
            await self.keep()
            async for _ in news:
                await self.keep()

    async def keep(self) -> None:
        """Take over the site's cameras as they are now."""
        cameras = self._cameras.all_cameras()
        now_us = self._clock.now_us()
        await self._database.write(
            lambda transaction: keep_cameras(transaction, cameras, now_us=now_us)
        )
