"""Looks after the volume: what is too old, over a quota or in the way goes, in that order of need, and never what is held."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog

from gtvision_edge.audit import Actor
from gtvision_edge.recordings.aging.repository import EARLIEST_US, settle_segments
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import CameraNo, LeanSegment, RecordedCamera, SegmentId
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.deleter import BATCH, Deleter
from gtvision_edge.recordings.retention.model import (
    DAY_US,
    Ends,
    Order,
    Purge,
    PurgeKind,
    Rule,
)
from gtvision_edge.recordings.retention.others import OtherBytes
from gtvision_edge.recordings.retention.rules import (
    RuleBook,
    as_many_as,
    excess_of_quota,
    expiry_us,
    missing_room,
    rule_book,
)
from gtvision_edge.recordings.retention.waters import waters
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.waking import sleep_or_wake
from gtvision_edge.settings import RecordingSettings, VolumeSettings
from gtvision_edge.storage import Database
from gtvision_edge.storage.errors import StorageError

log = structlog.get_logger(__name__)

PRESS_EVERY_S: Final = 10.0
URGENT_EVERY_S: Final = 1.0
"""While there is less room than wanted."""
AGE_EVERY_S: Final = 60.0
FORGET_EVERY_S: Final = 3600.0
STUBBORN_S: Final = 600.0
"""A file that could not be deleted is left alone for so long."""
LATE_S: Final = 180.0
"""A camera that was removed may have a file in hand for so long."""
DETAILS_US: Final = 90 * DAY_US
"""The single segments of a purge are listed for so long; its record stays."""
MISSING_US: Final = 400 * DAY_US
"""That a file was gone is shown for so long after it was found to be; the audit log keeps a root of what was forgotten."""


class WatchedVolume(Protocol):
    """The volume as it was at the last look."""

    @property
    def usage(self) -> Usage | None: ...

    def is_present(self) -> bool: ...


class Trust(Protocol):
    """Whether the wall clock may be believed."""

    @property
    def is_trusted(self) -> bool: ...


class Keeper:
    """Runs the rules. Whatever it chooses goes through :class:`Deleter`, whose gate spares what incidents hold.

    *on_short* is asked when there is too little room and nothing left that may be deleted.
    """

    def __init__(
        self,
        index: SegmentIndex,
        deleter: Deleter,
        *,
        volume: WatchedVolume,
        trust: Trust,
        database: Database,
        clock: Clock,
        settings: RecordingSettings,
        thresholds: VolumeSettings,
        on_short: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._index = index
        self._deleter = deleter
        self._volume = volume
        self._trust = trust
        self._database = database
        self._clock = clock
        self._settings = settings
        self._thresholds = thresholds
        self._stubborn: dict[SegmentId, float] = {}
        self._age_at = float("-inf")
        self._forget_at = float("-inf")
        self._wake = asyncio.Event()
        self._on_short = on_short
        self._judged: Usage | None = None
        self._others = OtherBytes(clock)
        self._is_pressing = False
        self._is_short_of_room = False

    @property
    def is_short_of_room(self) -> bool:
        """Tell whether less is free than wanted, and nothing is left that may be deleted."""
        return self._is_short_of_room

    def findings(self) -> list[Finding]:
        """Tell when others take the room that footage needs."""
        return self._others.findings()

    def wake(self) -> None:
        """Ask for a pass now: a rule was changed, a purge ordered."""
        self._age_at = float("-inf")
        self._wake.set()

    async def rules(self) -> RuleBook:
        """Return the rules as they are now."""
        return rule_book(
            await repository.fetch_policies(self._database), default_days=self._settings.retain_days
        )

    async def run(self) -> None:
        """Keep house until cancelled."""
        await self.start()
        while True:
            self._wake.clear()
            try:
                await self.keep_house()
            except (VolumeError, StorageError) as error:
                log.warning("retention_broken_off", code=error.code)
            await self._pause()

    async def start(self) -> None:
        """End what the last run left: files half deleted, records of the system left open."""
        try:
            await self._deleter.recover()
        except VolumeError as error:
            log.warning("retention_broken_off", code=error.code)
            return
        await self._close_broken_off()

    async def keep_house(self) -> None:
        """Make one pass.

        Raises:
            VolumeError: the volume went away, or hangs. The next pass goes on, and closes the records left open.

        """
        if not self._volume.is_present():
            return
        await self._deleter.recover()
        await self._close_broken_off()
        await self.press()
        if self._clock.monotonic() >= self._age_at:
            self._age_at = self._clock.monotonic() + AGE_EVERY_S
            await self._close_days()
            rules = await self.rules()
            if self._trust.is_trusted:
                await self._age(rules)
            await self._quotas(rules)
            await self._forget()
        await self._ordered()

    async def press(self) -> None:
        """Make room while there is too little, oldest footage first; never more than one look at the volume asks for.

        What others took a moment ago is not made up for at once: they may give it back, and deleted footage does not come back.
        """
        usage = self._volume.usage
        if usage is None or usage is self._judged:
            return
        self._judged = usage
        awaited = self._deleter.awaited.look(usage)
        free = usage.free + awaited
        recorded = await repository.fetch_recorded_bytes(self._database)
        self._others.note(usage, recorded=recorded, awaited=awaited)
        missing = missing_room(free, waters(self._thresholds, usage))
        self._is_pressing = missing > 0
        if missing == 0:
            self._is_short_of_room = False
            return
        self._others.are_in_the_way()
        taken = self._others.took_lately()
        missing = max(0, missing - taken)
        order = Order(
            PurgeKind.PRESSURE,
            {
                "high_water": self._thresholds.high_water,
                "low_water": self._thresholds.low_water,
            },
        )
        while missing > 0 and self._volume.is_present():
            found = await self._choose(self._oldest)
            deleted = await self._delete(order, as_many_as(found, missing))
            if deleted == 0:
                break
            missing -= deleted
        self._is_short_of_room = missing > 0
        await self._finish(order)
        if missing > 0 and not taken and self._on_short is not None:
            await self._on_short()

    async def _oldest(self, limit: int) -> list[LeanSegment]:
        # When the clock has been wrong, times do not tell what is oldest; the order of recording does.
        if self._trust.is_trusted:
            return await self._index.oldest_deletable(limit=limit)
        return await repository.oldest_recorded(self._database, limit=limit)

    async def _age(self, rules: RuleBook) -> None:
        now_us = self._clock.now_us()
        await self._settle(now_us)
        for camera in await self._index.cameras():
            rule = rules.rule_of(camera)
            before_us = expiry_us(rule, now_us)
            if before_us is not None:
                await self._expire(camera, rule, before_us)

    async def _settle(self, now_us: int) -> None:
        """Let footage that a wrong clock named count from now on, when the clock is right."""
        while self._trust.is_trusted and now_us >= EARLIEST_US:
            count = await self._database.write(
                lambda transaction: settle_segments(transaction, now_us, limit=BATCH)
            )
            if count < BATCH:
                return

    async def _expire(self, camera: RecordedCamera, rule: Rule, before_us: int) -> None:
        order = Order(PurgeKind.AGE, rule.facts)
        while self._trust.is_trusted and self._volume.is_present():
            victims = await self._choose(
                lambda n: self._index.oldest_deletable(
                    limit=n, camera_nos=[camera.camera_no], before_us=before_us
                )
            )
            if not victims or not await self._delete(order, victims):
                return
            await self.press()

    async def _quotas(self, rules: RuleBook) -> None:
        if not any(policy.quota_bytes for policy in rules.tenants.values()):
            return
        used = await repository.fetch_tenant_bytes(self._database)
        for tenant_id, policy in rules.tenants.items():
            if excess_of_quota(used.get(tenant_id, 0), policy.quota_bytes) == 0:
                continue
            cameras = [
                each.camera_no
                for each in await self._index.cameras()
                if each.tenant_id == tenant_id
            ]
            held = await repository.fetch_held_bytes(self._database)
            held_bytes = sum(held.get(camera_no, 0) for camera_no in cameras)
            excess = excess_of_quota(used.get(tenant_id, 0), policy.quota_bytes, held_bytes)
            if held_bytes >= (policy.quota_bytes or 0):
                log.warning("quota_is_held", tenant_id=tenant_id, held_bytes=held_bytes)
            order = Order(
                PurgeKind.QUOTA,
                {
                    "scope": "tenant",
                    "subject": tenant_id,
                    "quota_bytes": policy.quota_bytes,
                    "version": policy.version,
                },
            )
            while excess > 0:
                found = await self._choose(
                    lambda n, nos=cameras: self._index.oldest_deletable(limit=n, camera_nos=nos)  # type: ignore[misc]
                )
                deleted = await self._delete(order, as_many_as(found, excess))
                if deleted == 0:
                    break
                excess -= deleted
            await self._finish(order)

    async def _ordered(self) -> None:
        """Go on with what people ordered."""
        for purge in await repository.fetch_open_purges(self._database):
            if purge.kind.ends is Ends.WHEN_DONE:
                await self._go_on(purge)

    async def _go_on(self, purge: Purge) -> None:
        order = _order_of(purge)
        numbers = purge.policy.get("camera_nos")
        camera_nos = [CameraNo(each) for each in numbers] if isinstance(numbers, list) else []
        after_us, before_us = purge.interval_us
        while self._volume.is_present():
            found = await self._choose(
                lambda n: self._index.oldest_deletable(
                    limit=n, camera_nos=camera_nos, before_us=before_us, after_us=after_us
                )
            )
            if not found or not await self._delete(order, found):
                break
            await self.press()
        else:
            return
        age_us = self._clock.now_us() - purge.started_us
        if purge.kind is PurgeKind.CAMERA_REMOVED and 0 <= age_us < LATE_S * 1_000_000:
            return  # its last file is closed and found a moment after the camera is gone
        fresh = await repository.find_purge(self._database, purge.purge_id)
        if fresh is not None:
            await self._deleter.finish(fresh)

    async def _choose(
        self, oldest: Callable[[int], Awaitable[list[LeanSegment]]]
    ) -> list[LeanSegment]:
        """Return up to a batch of victims, without those that could not be deleted a short while ago."""
        now = self._clock.monotonic()
        self._stubborn = {each: until for each, until in self._stubborn.items() if until > now}
        found = await oldest(BATCH + len(self._stubborn))
        return [each for each in found if each.segment_id not in self._stubborn][:BATCH]

    async def _delete(self, order: Order, victims: Sequence[LeanSegment]) -> int:
        """Return how many bytes went.

        Raises:
            VolumeError: the volume is away or hangs.

        """
        done = await self._deleter.delete(order, victims)
        until = self._clock.monotonic() + STUBBORN_S
        self._stubborn |= dict.fromkeys(done.kept, until)
        return done.size_bytes

    async def _finish(self, order: Order) -> None:
        for purge in await repository.fetch_open_purges(self._database):
            if purge.kind is order.kind:
                await self._deleter.finish(purge)

    async def _close_broken_off(self) -> None:
        for purge in await repository.fetch_open_purges(self._database):
            if purge.kind.ends is Ends.WITH_ITS_PASS:
                await self._deleter.finish(purge)

    async def _close_days(self) -> None:
        for purge in await repository.fetch_open_purges(self._database):
            if self._deleter.is_over(purge):
                await self._deleter.finish(purge)

    async def _forget(self) -> None:
        if not self._trust.is_trusted or self._clock.monotonic() < self._forget_at:
            return
        before_us = self._clock.now_us() - DETAILS_US
        count = await self._database.write(
            lambda transaction: repository.forget_details(
                transaction, before_us=before_us, limit=BATCH
            )
        )
        missing_before_us = self._clock.now_us() - MISSING_US
        count = max(count, await self._deleter.forget_missing(before_us=missing_before_us))
        if count < BATCH:
            self._forget_at = self._clock.monotonic() + FORGET_EVERY_S

    async def _pause(self) -> None:
        delay_s = URGENT_EVERY_S if self._is_pressing else PRESS_EVERY_S
        await sleep_or_wake(self._clock, delay_s, self._wake)


def _order_of(purge: Purge) -> Order:
    return Order(purge.kind, purge.policy, Actor(purge.actor, purge.actor_name), purge.reason)
