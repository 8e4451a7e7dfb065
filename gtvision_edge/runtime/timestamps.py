"""Between the integer UTC microseconds we keep and the RFC 3339 text of the wire."""

from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_rfc3339(time_us: int, zone: tzinfo = UTC) -> str:
    """Write *time_us* (UTC µs) as RFC 3339 with offset, microseconds kept."""
    moment = _EPOCH + timedelta(microseconds=time_us)
    return (moment if zone is UTC else moment.astimezone(zone)).isoformat()


def from_datetime(moment: datetime) -> int:
    """Return *moment*, which must carry an offset, as UTC microseconds.

    Raises:
        ValueError: *moment* is naive.

    """
    if moment.tzinfo is None:
        raise ValueError("a time without offset is ambiguous")
    return (moment - _EPOCH) // timedelta(microseconds=1)
