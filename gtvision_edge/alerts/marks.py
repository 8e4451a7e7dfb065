"""Readings as a timeline shows them: when something passed, and whether it was wanted. No plate: that is asked for one by one."""

import asyncio
from typing import Final, NamedTuple

from gtvision_edge.accounts import Principal
from gtvision_edge.alerts import repository as alerts
from gtvision_edge.detections.intervals import repository as detections
from gtvision_edge.detections.model import DetectionId, WatchLevel
from gtvision_edge.storage import Database

MOST: Final = 288
"""Readings told one by one; of more, the first of each of so many parts of the interval (of a day, 5 minutes). Lines are hardly
told apart that are nearer."""
MOST_WANTED: Final = 200


class ReadingMark(NamedTuple):
    """A reading, or several (``detection_id`` None): the first at ``start_us``, all before ``end_us``.

    ``level`` is that of the alert which it raised, None = it raised none. Wanted plates are always told one by one, the newest
    200 of the interval; where others are told together, they are among those, too.
    """

    start_us: int
    end_us: int
    detection_id: DetectionId | None = None
    level: WatchLevel | None = None


class ReadingMarks:
    """Tells readings of a camera that the caller knows to be visible; of them, those of the person's tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, principal: Principal, camera_id: str, camera_uuid: str, *, start_us: int, end_us: int
    ) -> list[ReadingMark]:
        """Return the readings in [start, end), in order of time."""
        marks, wanted = await asyncio.gather(
            self._readings(principal.tenant_id, camera_uuid, start_us, end_us),
            alerts.fetch_wanted_moments(
                self._database,
                camera_id,
                camera_uuid,
                from_us=start_us,
                to_us=end_us,
                tenant_id=principal.tenant_id,
                most=MOST_WANTED,
            ),
        )
        named = {detection_id for _, detection_id, _ in wanted}
        marks = [each for each in marks if each.detection_id not in named]
        marks += [
            ReadingMark(at_us, at_us, detection_id, level) for at_us, detection_id, level in wanted
        ]
        return sorted(marks, key=lambda each: (each.start_us, each.detection_id or ""))

    async def _readings(
        self, tenant_id: str | None, camera_uuid: str, start_us: int, end_us: int
    ) -> list[ReadingMark]:
        single = await detections.fetch_moments(
            self._database,
            camera_uuid,
            from_us=start_us,
            to_us=end_us,
            tenant_id=tenant_id,
            most=MOST,
        )
        if single is not None:
            return [ReadingMark(at_us, at_us, detection_id) for at_us, detection_id in single]
        step_us = -(-(end_us - start_us) // MOST)
        first = await detections.fetch_first_moments(
            self._database,
            camera_uuid,
            from_us=start_us,
            to_us=end_us,
            tenant_id=tenant_id,
            step_us=step_us,
        )
        return [
            ReadingMark(
                at_us, min(end_us, start_us + ((at_us - start_us) // step_us + 1) * step_us)
            )
            for at_us in first
        ]
