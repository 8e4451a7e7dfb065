"""Times as cameras write them: with and without offset, and with an offset that a form decoder ate."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_TIME: Final = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[T ]?\s*(\d{1,2}):?(\d{2}):?(\d{2})(?:[.,]?(\d{1,9}))?"
    r"\s*(Z|[+-]?\s*\d{1,2}(?::?\d{2})|[+-]\d{1,2})?",
    re.ASCII | re.IGNORECASE,
)
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
    text = _LOST_SIGN.sub(r"\1+\2", text.strip()[:48])
    found = _TIME.fullmatch(text)
    if found is None:
        return ToldTime()
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    micros = int((found[7] or "0").ljust(6, "0")[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001 -- local on purpose
        if found[8] is None:
            return ToldTime(local=moment.isoformat(timespec="microseconds"))
        offset = _offset(found[8])
        if abs(offset) > MAX_OFFSET:
            return ToldTime()
        whole = moment.replace(tzinfo=timezone(offset))
        return ToldTime(us=to_us(whole), offset_min=round(offset.total_seconds() / 60))
    except (ValueError, OverflowError):
        return ToldTime()


def to_us(moment: datetime) -> int:
    """Return an aware *moment* as UTC microseconds, exactly."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


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
