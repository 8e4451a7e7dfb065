"""Between the integer UTC microseconds we keep and the RFC 3339 text of the wire."""

from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)
# A year from the ends of what datetime holds: any zone's offset still fits.
_LEAST_US = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_MOST_US = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND - 1


def to_datetime(time_us: int, zone: tzinfo = UTC) -> datetime:
    """Return *time_us* (UTC µs) as the moment it is in *zone*.

    What lies beyond the years 2 to 9998, which no clock says and a file's name may, becomes their begin or end.
    """
    held_us = min(max(time_us, _LEAST_US), _MOST_US)
    moment = _EPOCH + timedelta(microseconds=held_us)
    return moment if zone is UTC else moment.astimezone(zone)


def to_rfc3339(time_us: int, zone: tzinfo = UTC) -> str:
    """Write *time_us* (UTC µs) as RFC 3339 with offset, microseconds kept; as :func:`to_datetime` takes it."""
    if zone is UTC and _LEAST_US <= time_us <= _MOST_US:  # a timeline has a thousand of them
        return (_NAIVE_EPOCH + timedelta(0, 0, time_us)).isoformat() + "+00:00"
    return to_datetime(time_us, zone).isoformat()


def from_datetime(moment: datetime) -> int:
    """Return *moment*, which must carry an offset, as UTC microseconds.

    Raises:
        ValueError: *moment* is naive.

    """
    if moment.tzinfo is None:
        raise ValueError("a time without offset is ambiguous")
    return (moment - _EPOCH) // _MICROSECOND
