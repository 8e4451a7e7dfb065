"""In-process news. Lossy on purpose: who needs the truth after a drop reads it from SQLite."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager


class Mailbox:
    """One listener's bounded queue; when full, its oldest event goes and is counted."""

    def __init__(self, kinds: tuple[type, ...], size: int) -> None:
        self._kinds = kinds
        self._events: deque[object] = deque(maxlen=size)
        self._arrived = asyncio.Event()
        self.dropped = 0

    def put(self, event: object) -> None:
        if not isinstance(event, self._kinds):
            return
        if len(self._events) == self._events.maxlen:
            self.dropped += 1
        self._events.append(event)
        self._arrived.set()

    async def __aiter__(self) -> AsyncIterator[object]:
        while True:
            while self._events:
                yield self._events.popleft()
            self._arrived.clear()
            await self._arrived.wait()


class EventBus:
    """Tells whoever listens that something happened; never waits, never fails.

    Events are frozen dataclasses in the past tense with ids and facts. Call from the loop's thread only.
    """

    def __init__(self) -> None:
        self._mailboxes: list[Mailbox] = []

    def publish(self, event: object) -> None:
        for mailbox in self._mailboxes:
            mailbox.put(event)

    @contextmanager
    def listen(self, *kinds: type, size: int = 1000) -> Iterator[Mailbox]:
        """Open a mailbox for events of *kinds*; closed with the block."""
        mailbox = Mailbox(kinds, size)
        self._mailboxes.append(mailbox)
        try:
            yield mailbox
        finally:
            self._mailboxes.remove(mailbox)
