"""The wall clock of a viewing copy as subtitles: a player shows them beside the picture, which itself stays untouched."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gtvision_edge.recordings.evidence.viewing import Part, Stretch

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_US = 1_000_000
_SHORTEST_US = 20_000


def subtitles(part: Part, name: str, zone: str) -> str:
    """Return an SRT file with a line per second of footage, and one over each gap."""
    local = ZoneInfo(zone)
    lines = []
    cues = _cues(part.stretches, part.length_us, local)
    for number, (start_us, end_us, text) in enumerate(cues, 1):
        lines.append(f"{number}\n{_mark(start_us)} --> {_mark(end_us)}\n{name} · {text}\n")
    return "\n".join(lines)


def _cues(
    stretches: list[Stretch], length_us: int, local: ZoneInfo
) -> Iterator[tuple[int, int, str]]:
    for number, stretch in enumerate(stretches):
        is_last = number + 1 == len(stretches)
        until_us = length_us if is_last else stretches[number + 1].at_us
        shown_us = min(stretch.at_us + stretch.length_us, until_us)
        ratio = (stretch.end_us - stretch.start_us) / max(stretch.length_us, 1)
        at_us = stretch.at_us
        while at_us < shown_us:
            wall_us = stretch.start_us + round((at_us - stretch.at_us) * ratio)
            # The next whole second by the clock, so that the text changes when the clock does.
            step = max(round((_SECOND_US - wall_us % _SECOND_US) / max(ratio, 0.01)), 1)
            end_us = min(at_us + step, shown_us)
            if end_us - at_us >= _SHORTEST_US:
                yield at_us, end_us, f"{_moment(wall_us, local):%d/%m/%Y %H:%M:%S %z}"
            at_us = end_us
        if until_us - shown_us > _SECOND_US:
            following = stretches[number + 1] if not is_last else None
            back = f" até {_moment(following.start_us, local):%H:%M:%S}" if following else ""
            yield shown_us, until_us, f"SEM GRAVAÇÃO{back}"


def _moment(time_us: int, local: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=time_us)).astimezone(local)


def _mark(time_us: int) -> str:
    milliseconds = time_us // 1000
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{milliseconds:03}"
