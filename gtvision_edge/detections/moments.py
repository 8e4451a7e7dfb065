"""When a passage was: what the camera wrote, held against when it was told and where the camera stands."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gtvision_edge.detections.model import Reading, TimeSource
from gtvision_edge.runtime.timestamps import from_datetime

AHEAD_US: Final = 5 * 60_000_000
"""A camera's clock may be ahead by so much; a passage after its being told is none."""
BEHIND_US: Final = 400 * 86_400_000_000
"""Nobody sends again what is older: a clock that was never set."""
LATE_US: Final = 60_000_000
"""What is told so long after it was alarms nobody."""
_NEAR_US: Final = 10 * 60_000_000
_FAR_US: Final = 50 * 60_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """When it was, by whom, and whether it is told too late to alarm anybody."""

    us: int
    source: TimeSource
    is_late: bool


def moment_of(reading: Reading, *, received_us: int, zone: ZoneInfo, is_signed: bool) -> Moment:
    """Return when the passage of *reading* was.

    A camera left on its factory zone writes the right local time with the wrong offset (``+08:00``): where that puts the passage
    far from its receipt and the same time in *zone* is near, it is taken as local. *is_signed*: its sender signed the time, who is no
    camera with a clock that was never set: it stands as it is.
    """
    us, source = reading.captured_us, TimeSource.CAMERA
    if is_signed and us is not None:
        return Moment(us, source, is_late=reading.is_resent or received_us - us > LATE_US)
    if us is not None and reading.offset_min is not None:
        is_odd = abs(received_us - us) > _FAR_US
        in_zone = _wall(us + reading.offset_min * 60_000_000, zone) if is_odd else None
        if in_zone is not None and abs(received_us - in_zone) <= _NEAR_US:
            us, source = in_zone, TimeSource.CAMERA_ZONE
    elif reading.local_time is not None:
        us, source = _local(reading.local_time, zone), TimeSource.CAMERA_ZONE
    if us is None or us > received_us + AHEAD_US or us < received_us - BEHIND_US:
        return Moment(received_us, TimeSource.RECEIPT, is_late=reading.is_resent)
    is_late = reading.is_resent or received_us - us > LATE_US
    return Moment(us, source, is_late=is_late)


def _wall(local_us: int, zone: ZoneInfo) -> int | None:
    """Return *local_us*, microseconds of a wall clock, as UTC in *zone*."""
    try:
        naive = datetime(1970, 1, 1) + timedelta(microseconds=local_us)  # noqa: DTZ001 -- local on purpose
        return from_datetime(naive.replace(tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _local(text: str, zone: ZoneInfo) -> int | None:
    try:
        return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError):
        return None
