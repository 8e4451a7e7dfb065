"""The types of single settings: what text each may be, and what to write instead."""

import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|h|d)")
_DURATION_UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
HOST = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
"""The name of a host, or an address of IPv4."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)")
_SIZE_UNITS = {
    "B": 1,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}


def parse_duration(text: object) -> object:
    """Turn ``"30d"``, ``"15min"``, ``"500ms"`` or ``"1h 30min"`` into seconds."""
    if isinstance(text, timedelta):
        return text.total_seconds()
    if not isinstance(text, str):
        raise ValueError('a duration is text with a unit, such as "30s", "15min", "7d"')  # noqa: TRY004 -- pydantic reports ValueError only
    parts = text.split()
    matches = [_DURATION.fullmatch(part) for part in parts]
    if not parts or not all(matches):
        raise ValueError(f'"{text}" is not a duration; write "500ms", "30s", "15min", "2h" or "7d"')
    return sum(float(match[1]) * _DURATION_UNITS[match[2]] for match in matches if match)


def parse_size(text: object) -> object:
    """Turn ``"2GiB"`` or ``"500MB"`` into bytes."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f'"{text}" is not a size; write "500MB" or "2GiB"')
    return int(float(match[1]) * _SIZE_UNITS[match[2]])


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f'"{name}" is not a time zone; write "America/Sao_Paulo"') from error
    return name


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f'"{path}" is not an absolute path; write "/srv/recordings"')
    return path


def url_of(*schemes: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            parts = urlsplit(text)
            is_right = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number
            is_right = False
        if not is_right:
            raise ValueError(f'"{text}" is not an address; write "{schemes[0]}://127.0.0.1:9997"')
        return text

    return check


def _at_least(seconds: float, words: str) -> AfterValidator:
    """Return what refuses a shorter duration, in *words*: nobody writes days as seconds."""

    def check(duration: float) -> float:
        if duration < seconds:
            raise ValueError(f"must be at least {words}")
        return duration

    return AfterValidator(check)


def picture_source(text: str) -> str:
    """Return *text*, which is a network, an address or the name of a host.

    Raises:
        ValueError: it is none of these.

    """
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        if not HOST.fullmatch(text) or text.rpartition(".")[2].isdigit():
            raise ValueError(
                f'"{text}" is no network and no host; write "10.20.0.0/16" or "fotos.example"'
            ) from error
    return text


HttpUrl = Annotated[str, AfterValidator(url_of("http", "https"))]
RtspUrl = Annotated[str, AfterValidator(url_of("rtsp"))]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Folder = AbsolutePath
Duration = Annotated[float, BeforeValidator(parse_duration), Field(gt=0)]
"""Seconds; written with a unit in the file."""
A_DAY_OR_MORE = _at_least(86400.0, "1 day")
AN_HOUR_OR_MORE = _at_least(3600.0, "1 hour")
Size = Annotated[int, BeforeValidator(parse_size), Field(gt=0)]
"""Bytes; written with a unit in the file."""
ListenPort = Annotated[int, Field(ge=0, le=65535)]
"""0 = any free port (trials and tests)."""
Zone = Annotated[str, AfterValidator(_known_zone)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
