"""Whether the wall clock may be believed when footage is judged by its age (I11).

Deleting too late costs room, of which the volume's own thresholds take care; deleting too early cannot be undone. So a clock
that stepped, ran behind what is already recorded, or jumped ahead without a time server is not believed for a while.
"""

import ctypes
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

import structlog
from prometheus_client import CollectorRegistry, Gauge

from gtvision_edge.recordings.aging.doubts import ClockDoubts
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.model import DAY_US
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.storage import Database

log = structlog.get_logger(__name__)

LOOK_S: Final = 1.0
STEP_US: Final = 1_000_000
"""More than a second between the two clocks from one look to the next is no slewing: that is 0.5 ms a second at most."""
STABLE_S: Final = 600.0
UNCONFIRMED_S: Final = 7 * 86400.0
"""After a leap that no time server confirmed. A person sees the wrong date within days; nobody's footage is older for it."""
CONFIRMED_S: Final = 86400.0
"""After a far leap that a time server confirms: one that is wrong itself, or somebody who sets it so, is seen within a day."""
LEAP_US: Final = 3_600_000_000
"""A step ahead of more than this is a leap, which needs a time server."""
FAR_US: Final = DAY_US
"""A leap that ends so long after anything that is known is far; a start so long after that, too. The usual far one is a
box that was off; the usual step of a box without battery ends shortly after what it recorded last."""
_STA_UNSYNC: Final = 0x0040
_TIME_ERROR: Final = 5

_FAR: Final = "far"
"""In the clock log, as source: the clock leapt far."""

IsSynced = Callable[[], bool | None]
"""Whether the clock is in step with a time server; None = the system does not tell. Asked in the loop: it must not block."""


class ClockReason(StrEnum):
    """Why the clock is not believed."""

    STARTED = "started"
    STEPPED = "stepped"
    BEHIND_FOOTAGE = "behind_footage"
    LEAPT_UNSYNCED = "leapt_unsynced"
    LEAPT_FAR = "leapt_far"
    """More than a day ahead of all that is known, by a time server: believed after a day."""


_PASSING: Final = (None, ClockReason.STARTED, ClockReason.STEPPED)


class ClockEntry(NamedTuple):
    """What the log of the clock tells: when, by the new time; ``step_us`` of a step."""

    at_us: int
    kind: str
    step_us: int
    source: str


class ClockGuard:
    """Compares wall and monotonic clock each second, and writes what happened into the clock log."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        is_synced: IsSynced,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._is_synced = is_synced
        self._doubts = ClockDoubts(database)
        self._synced: bool | None = None
        self._offset_us = self._offset()
        self._newest_us = 0
        self._noted: list[ClockEntry] = []
        self._reason: ClockReason | None = ClockReason.STARTED
        self._since_us = clock.now_us()
        self._stable_since = clock.monotonic()
        self._leapt = False
        self._is_far = False
        self._before_leap_us = 0
        """What was known before the clock leapt far."""
        self._not_before = 0.0
        """By the monotonic clock: a start is no time to believe anything, whatever was waited before."""
        self._gauge = Gauge(
            "gtvision_edge_clock_trusted",
            "1 while footage may be deleted by its age",
            registry=registry or CollectorRegistry(),
        )
        self._gauge.set(0)

    @property
    def is_trusted(self) -> bool:
        # A step since the last look is not known yet, and who asks is about to judge by the new time.
        return self._reason is None and abs(self._offset() - self._offset_us) <= STEP_US

    @property
    def reason(self) -> ClockReason | None:
        """Return why the clock is not believed; None when it is."""
        return self._reason

    @property
    def since_us(self) -> int:
        """Return since when it has been believed, or not been."""
        return self._since_us

    @property
    def is_synced(self) -> bool | None:
        """Return whether a time server keeps the clock; None = not known."""
        return self._synced

    def findings(self) -> list[Finding]:
        """Return a doubt that somebody should see to; those of a start and of a step end by themselves in minutes."""
        if self._reason in _PASSING:
            return []
        return [Finding("clock_in_doubt", facts={"reason": str(self._reason)})]

    async def run(self) -> None:
        """Watch until cancelled."""
        await self.start()
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def start(self) -> None:
        """Compare the clock with what was written before."""
        self._newest_us = await repository.fetch_newest_us(self._database)
        now_us = self._clock.now_us()
        await self._doubts.start(now_us, self._newest_us)
        self._leapt = self._is_far = self._newest_us > 0 and now_us > self._newest_us + FAR_US
        if self._is_far:
            await self._write(now_us, "start", source=_FAR)
            return
        # A restart must not make one forget that the clock had leapt.
        leap = await repository.find_last_far_leap(self._database, _FAR)
        if leap is not None and 0 <= now_us - leap < UNCONFIRMED_S * 1_000_000:
            self._leapt = self._is_far = True
            self._stable_since -= (now_us - leap) / 1_000_000
            self._not_before = self._clock.monotonic() + STABLE_S
        await self._write(now_us, "start")

    async def look(self) -> None:
        """Compare the clocks once."""
        now_us, offset_us = self._clock.now_us(), self._offset()
        step_us = offset_us - self._offset_us
        self._offset_us = offset_us
        synced = self._is_synced()
        if synced != self._synced:
            self._synced = synced
            if synced is not None:
                self._note(now_us, "synced" if synced else "unsynced", source="adjtimex")
        if abs(step_us) > STEP_US:
            log.warning("clock_stepped", step_s=step_us / 1_000_000)
            self._stable_since = self._clock.monotonic()
            self._leapt = self._leapt or step_us > LEAP_US
            if step_us > LEAP_US:
                self._doubts.leapt(now_us - step_us, now_us)
            known_us = max(self._newest_us, now_us - step_us)
            is_far = now_us > known_us + FAR_US
            # Stepped back to what was known before a leap: that one is undone.
            self._is_far = is_far or (self._is_far and now_us > self._before_leap_us + FAR_US)
            if is_far:
                self._before_leap_us = known_us
            self._newest_us = known_us
            self._doubt(ClockReason.STEPPED, now_us)
            self._note(now_us, "step", step_us=step_us, source=_FAR if is_far else "")
        try:
            await self._write_noted()
            await self._doubts.look(now_us, is_confirmed=synced is True)
        finally:
            self._judge(now_us)

    def _judge(self, now_us: int) -> None:
        stable_s = self._clock.monotonic() - self._stable_since
        is_confirmed = self._synced is True or stable_s >= UNCONFIRMED_S
        if now_us < self._newest_us and not is_confirmed:
            self._doubt(ClockReason.BEHIND_FOOTAGE, now_us)
        elif stable_s < STABLE_S or self._clock.monotonic() < self._not_before:
            self._doubt(self._reason or ClockReason.STARTED, now_us)
        elif self._leapt and not is_confirmed:
            self._doubt(ClockReason.LEAPT_UNSYNCED, now_us)
        elif self._is_far and stable_s < CONFIRMED_S:
            self._doubt(ClockReason.LEAPT_FAR, now_us)
        elif self._reason is not None and not self._noted and self._doubts.is_written:
            # Until a step is written down nobody can tell what was recorded by the wrong time.
            self._leapt = self._is_far = False
            self._newest_us = 0
            self._reason, self._since_us = None, now_us
            self._gauge.set(1)
            log.info("clock_trusted", synced=self._synced)

    def _doubt(self, reason: ClockReason, now_us: int) -> None:
        if self._reason is None or reason is ClockReason.STEPPED:
            self._since_us = now_us
        self._reason = reason
        self._gauge.set(0)

    def _offset(self) -> int:
        return self._clock.now_us() - int(self._clock.monotonic() * 1_000_000)

    async def _write(self, at_us: int, kind: str, *, source: str = "") -> None:
        self._note(at_us, kind, source=source)
        await self._write_noted()

    def _note(self, at_us: int, kind: str, *, step_us: int = 0, source: str = "") -> None:
        self._noted.append(ClockEntry(at_us, kind, step_us, source))

    async def _write_noted(self) -> None:
        """Write down what was seen; what a full disk refuses waits for the next look."""
        while self._noted:
            entry = self._noted[0]
            await self._database.write(
                lambda transaction, entry=entry: repository.insert_clock_entry(  # type: ignore[misc]
                    transaction, entry.at_us, entry.kind, step_us=entry.step_us, source=entry.source
                )
            )
            del self._noted[0]


class _Timex(ctypes.Structure):
    """``struct timex`` of 64-bit Linux (adjtimex(2)); only ``modes`` and ``status`` are used."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def kernel_says_synced() -> bool | None:
    """Return whether the kernel counts the clock as kept by a time server (any of them tells it); None = cannot be asked.

    One system call, which waits for nothing.
    """
    try:
        timex = _Timex()
        state = _libc().adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    return state != _TIME_ERROR and not timex.status & _STA_UNSYNC


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
