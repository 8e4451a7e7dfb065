"""Who took which bundle, written to the audit log: once per person, bundle and some minutes, not per request."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.recordings.evidence.maker import note
from gtvision_edge.recordings.evidence.model import Export
from gtvision_edge.recordings.playback.answering import Asked
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

AGAIN_AFTER_S: Final = 600.0
"""What an entry tells it tells for so long; after that the next byte is another download."""


@dataclass(slots=True)
class _Download:
    """``start`` to ``end`` is what the log says may be taken; nothing yet where they are the same."""

    told: float = float("-inf")
    start: int = 0
    end: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Downloads:
    """``export.downloaded`` stands in the log before the first byte of what it tells goes out.

    It tells the first and the last byte that were asked for. Whoever then asks for others takes the bundle in pieces: the
    second entry tells the whole of it, and further pieces make none until its time is over.
    """

    def __init__(self, database: Database, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._downloads: dict[tuple[str, str, str], _Download] = {}

    async def note(self, actor: Actor, export: Export, asked: Asked) -> None:
        """Write down that *actor* is about to get *asked* of the bundle of *export*, unless the log says so already.

        Raises:
            StorageError: it could not be written.

        """
        self._forget()
        key = (actor.user_id or "", actor.address or "", export.export_id)
        download = self._downloads.setdefault(key, _Download())
        async with download.lock:
            is_told = self._is_told(download)
            if is_told and download.start <= asked.start and asked.end <= download.end:
                return
            start, end = (0, asked.size) if is_told else (asked.start, asked.end)
            await self._write(actor, export, start, end, asked.size)
            download.told, download.start, download.end = self._clock.monotonic(), start, end

    async def _write(self, actor: Actor, export: Export, start: int, end: int, size: int) -> None:
        def write(transaction: Transaction) -> None:
            note(
                self._audit,
                transaction,
                actor,
                "export.downloaded",
                export,
                sha256=export.bundle.sha256.hex() if export.bundle else "",
                first_byte=start,
                last_byte=end - 1,
                bytes=size,
            )

        await self._database.write(write)

    def _is_told(self, download: _Download) -> bool:
        return self._clock.monotonic() - download.told < AGAIN_AFTER_S

    def _forget(self) -> None:
        over = [
            key
            for key, each in self._downloads.items()
            if not each.lock.locked() and not self._is_told(each)
        ]
        for key in over:
            del self._downloads[key]
