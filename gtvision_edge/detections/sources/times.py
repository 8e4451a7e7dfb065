"""Times as cameras write them: with and without offset, and with an offset that a form decoder ate."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from gtvision_edge.runtime.timestamps import from_datetime

_TIME: Final = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[T ]?\s*(\d{1,2}):?(\d{2}):?(\d{2})(?:[.,]?(\d{1,9}))?"
    r"\s*(Z|[+-]?\s*\d{1,2}(?::?\d{2})|[+-]\d{1,2})?",
    re.ASCII | re.IGNORECASE,
)
_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:[0-5]\d)", re.ASCII
)
"""What nearly all write: Python reads it, six times as fast as we do."""
_LOST_SIGN: Final = re.compile(r"(:\d{2})(\d{2}:\d{2})\Z", re.ASCII)
"""``09:26:5308:00``: a form decoder made a space of the plus, and another one took it away."""
MAX_OFFSET: Final = timedelta(hours=15)


@dataclass(frozen=True, slots=True)
class ToldTime:
    """Exactly one of *us* (UTC microseconds) and *local* (ISO 8601 without offset) is set, or none: it has no meaning."""

    us: int | None = None
    local: str | None = None
    offset_min: int | None = None


def read_time(text: str) -> ToldTime:
    """Return what *text* says; an offset is believed as written, whether it fits the camera's zone is for others to judge."""
    try:
        if _RFC_3339.fullmatch(text):
            return _told(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return ToldTime()
    return _read_odd(_LOST_SIGN.sub(r"\1+\2", text.strip()[:48]))


def _read_odd(text: str) -> ToldTime:
    found = _TIME.fullmatch(text)
    if found is None:
        return ToldTime()
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    micros = int((found[7] or "0").ljust(6, "0")[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001 -- local on purpose
        if found[8] is None:
            return ToldTime(local=moment.isoformat(timespec="microseconds"))
        return _told(moment.replace(tzinfo=timezone(_offset(found[8]))))
    except (ValueError, OverflowError):
        return ToldTime()


def _told(moment: datetime) -> ToldTime:
    offset = moment.utcoffset() or timedelta()
    if abs(offset) > MAX_OFFSET:
        return ToldTime()
    return ToldTime(us=from_datetime(moment), offset_min=round(offset.total_seconds() / 60))


def _offset(text: str) -> timedelta:
    if text.upper() == "Z":
        return timedelta()
    digits = re.sub(r"[^0-9]", "", text)
    if len(digits) <= 2:
        hours, minutes = int(digits), 0
    else:
        hours, minutes = int(digits[:-2]), int(digits[-2:])
    if minutes >= 60:
        raise ValueError("no offset")
    size = timedelta(hours=hours, minutes=minutes)
    return -size if "-" in text else size
