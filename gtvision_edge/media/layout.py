"""Where recordings lie on the volume: the one place that knows.

``<volume>/<camera_id>_rec/<YYYY-MM-DD>/<HH-MM-SS-ffffff>.mp4``, in UTC; a segment's thumbnails beside it as ``.thumbs``.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

SEGMENT_SUFFIX: Final = ".mp4"
THUMBNAILS_SUFFIX: Final = ".thumbs"
RECORD_TEMPLATE: Final = "%path/%Y-%m-%d/%H-%M-%S-%f"
"""As MediaMTX's ``recordPath`` says it; relative to the volume."""

LAST_YEAR: Final = 2199
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US: Final = 86_400_000_000
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME: Final = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d{6})\.mp4", re.ASCII)
_DIRECTORY: Final = re.compile(r"([a-z0-9][a-z0-9_-]{0,31})_rec(\.[A-Za-z0-9_-]+\.aside\d*)?")


def camera_directory(camera_id: str) -> str:
    """Return the name of the directory of the camera that has this id now."""
    return f"{camera_id}_rec"


def parse_camera_directory(name: str) -> str | None:
    """Return the id of the camera to which a directory belongs, or belonged before it was set aside; None for others."""
    found = _DIRECTORY.fullmatch(name)
    return found[1] if found else None


def is_set_aside(name: str) -> bool:
    """Tell whether a camera's directory of that name was set aside: nobody records to it any more."""
    found = _DIRECTORY.fullmatch(name)
    return found is not None and found[2] is not None


def segment_file(name_us: int) -> PurePosixPath:
    """Return the file of the segment named after *name_us* (UTC µs), relative to its camera's directory."""
    return PurePosixPath(segment_name(name_us))


def segment_name(name_us: int) -> str:
    """Return what :func:`segment_file` does as a text: by reckoning, for the volume has half a million of them."""
    day, moment_us = divmod(name_us, _DAY_US)
    seconds, part_us = divmod(moment_us, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_day_name(day)}/{hour:02}-{minute:02}-{second:02}-{part_us:06}.mp4"


@lru_cache(maxsize=1024)
def _day_name(day: int) -> str:
    return (_EPOCH.date() + timedelta(days=day)).isoformat()


def is_impossible_day(name: str) -> bool:
    """Tell whether *name* is that of a day on which nothing can have been recorded."""
    return _DAY.fullmatch(name) is not None and parse_day(name) is None


def parse_day(name: str) -> int | None:
    """Return the begin of the day (UTC µs) whose directory is called so; None if that is no day.

    A clock that was never set says 1970, and one that was set wrong some year to come. Neither writes a day before the one or
    after ``LAST_YEAR``: such a name was made by hand, and times near its end cannot be reckoned with.
    """
    found = _DAY.fullmatch(name)
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    if not _EPOCH.year <= day.year <= LAST_YEAR:
        return None
    return (day - _EPOCH.date()).days * _DAY_US


def parse_segment(day_us: int, name: str) -> int | None:
    """Return the time (UTC µs) in a file's name, in the directory of the day that begins at *day_us*; None if it is no segment."""
    found = _TIME.fullmatch(name)
    if found is None:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3])
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return day_us + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + int(found[4])


def thumbnails_file(segment: Path) -> Path:
    """Return where the thumbnails of a segment lie."""
    return segment.with_suffix(THUMBNAILS_SUFFIX)
