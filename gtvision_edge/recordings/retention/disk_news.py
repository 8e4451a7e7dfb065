"""What others are told of the volume: thresholds that are crossed, and that it is gone or there again."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from gtvision_edge.recordings.retention.waters import waters
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.settings import VolumeSettings
from gtvision_edge.storage import Database, Transaction

LOOK_S: Final = 5.0


class DiskEvent(StrEnum):
    """What became of the volume. ``pressure_*``: the oldest footage goes early, and no longer."""

    PRESSURE_BEGAN = "pressure_began"
    PRESSURE_ENDED = "pressure_ended"
    BREAKER_OPENED = "breaker_opened"
    BREAKER_CLOSED = "breaker_closed"
    VOLUME_LOST = "volume_lost"
    VOLUME_FOUND = "volume_found"


@dataclass(frozen=True, slots=True)
class DiskNews:
    """An event of the volume. *reason* is a stable code, '' where there is none; the sizes are None while it is away."""

    event: DiskEvent
    at_us: int
    reason: str = ""
    free_bytes: int | None = None
    total_bytes: int | None = None


class WatchedVolume(Protocol):
    """The volume as it was at the last look."""

    @property
    def usage(self) -> Usage | None: ...
    @property
    def trouble(self) -> str: ...


class DiskWatch:
    """Tells of thresholds that are crossed and of a volume that goes or comes; the breaker tells of itself.

    *tell* writes in a transaction. What was told before the daemon stopped is not remembered: a volume that is in trouble at
    the start is told of again, one that is well is not.
    """

    def __init__(
        self,
        volume: WatchedVolume,
        database: Database,
        clock: Clock,
        *,
        settings: VolumeSettings,
        tell: Callable[[Transaction, DiskNews], None],
    ) -> None:
        self._volume = volume
        self._database = database
        self._clock = clock
        self._settings = settings
        self._tell = tell
        self._is_away = False
        self._is_pressed = False

    async def run(self) -> None:
        """Look until cancelled. What the disk would not take is told at the next look, if it still holds."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Tell what is otherwise than at the last look.

        Raises:
            StorageError: the disk failed; nothing counts as told.

        """
        usage = self._volume.usage
        if usage is None and not self._volume.trouble:
            return  # nobody has looked at it yet
        if (usage is None) is not self._is_away:
            event = DiskEvent.VOLUME_LOST if usage is None else DiskEvent.VOLUME_FOUND
            await self._write(event, usage, self._volume.trouble)
            self._is_away = usage is None
        if usage is None:
            return
        wanted = waters(self._settings, usage)
        # Between the two waters the state stays.
        is_pressed = usage.free < (wanted.low if self._is_pressed else wanted.high)
        if is_pressed is not self._is_pressed:
            event = DiskEvent.PRESSURE_BEGAN if is_pressed else DiskEvent.PRESSURE_ENDED
            await self._write(event, usage, "")
            self._is_pressed = is_pressed

    async def _write(self, event: DiskEvent, usage: Usage | None, reason: str) -> None:
        news = DiskNews(
            event,
            self._clock.now_us(),
            reason,
            usage.free if usage else None,
            usage.total if usage else None,
        )
        await self._database.write(lambda transaction: self._tell(transaction, news))
