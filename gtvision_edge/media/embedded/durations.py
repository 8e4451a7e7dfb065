"""Durations as MediaMTX writes them: Go's form with days in front, and nothing for zero."""

import re

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([a-zµμ]*)")


def parse_go_duration(text: str) -> int:
    """Return nanoseconds of ``"1h30m"``, ``"7d"``, ``"1.5s"``, ``"0"`` or ``""``.

    Raises:
        ValueError: it is none; the message is fit for an API answer.

    """
    rest = text
    negative = rest.startswith("-")
    rest = rest.lstrip("-+") if rest[:1] in {"-", "+"} else rest
    if text == "" or rest == "0":
        return 0
    total = 0.0
    while rest or not text.strip("+-"):
        match = _PART.match(rest)
        if match is None:
            raise ValueError(f'time: invalid duration "{text}"')
        number, unit = match.groups()
        if not unit:
            raise ValueError(f'time: missing unit in duration "{text}"')
        if unit not in _UNITS:
            raise ValueError(f'time: unknown unit "{unit}" in duration "{text}"')
        total += float(number) * _UNITS[unit]
        rest = rest[match.end() :]
    return -round(total) if negative else round(total)


def format_go_duration(nanoseconds: int) -> str:
    """Return the canonical form: ``""``, ``"200ms"``, ``"1h0m0s"``, ``"1d"``, ``"1d12h0m0s"``."""
    if nanoseconds == 0:
        return ""
    sign = "-" if nanoseconds < 0 else ""
    days, rest = divmod(abs(nanoseconds), _UNITS["d"])
    text = f"{days}d" if days else ""
    return sign + text + (_format_below_a_day(rest) if rest else "")


def _format_below_a_day(nanoseconds: int) -> str:
    for unit in ("ns", "µs", "ms"):
        if nanoseconds < _UNITS[unit] * 1000:
            return _decimal(nanoseconds, _UNITS[unit]) + unit
    hours, rest = divmod(nanoseconds, _UNITS["h"])
    minutes, rest = divmod(rest, _UNITS["m"])
    seconds = _decimal(rest, _UNITS["s"]) + "s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    digits = len(str(unit)) - 1
    fraction = f"{rest:0{digits}}".rstrip("0") if digits else ""
    return f"{whole}.{fraction}" if fraction else str(whole)
