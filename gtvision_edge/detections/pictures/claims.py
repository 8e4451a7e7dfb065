"""Who works on which picture file: none is removed while a row that names it is being written."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager


class PictureClaims:
    """Pictures are shared by what is in them, so one that goes with its last reading may be coming with the next one."""

    def __init__(self) -> None:
        self._kept: Counter[str] = Counter()
        self._removed: set[str] = set()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def keeping(self, names: Iterable[str]) -> AsyncIterator[None]:
        """Keep *names* from being removed while the block stores them and commits the row that has them.

        Waits while one of them is being removed: it has to be stored anew afterwards.
        """
        wanted = set(names)
        if not wanted:
            yield
            return
        async with self._changed:
            await self._changed.wait_for(lambda: not wanted & self._removed)
            self._kept.update(wanted)
        try:
            yield
        finally:
            self._kept.subtract(wanted)
            self._kept = +self._kept

    @asynccontextmanager
    async def removing(self, names: Iterable[str]) -> AsyncIterator[Sequence[str]]:
        """Give those of *names* that the block may remove; whether a row has them must be asked inside of it.

        The others are being written, or removed by somebody else.
        """
        free = sorted(set(names) - set(self._kept) - self._removed)
        self._removed.update(free)
        try:
            yield free
        finally:
            self._removed.difference_update(free)
            async with self._changed:
                self._changed.notify_all()
