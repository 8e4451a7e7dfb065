"""Times, sizes and causes as a Brazilian official reads them. Pure functions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from gtvision_edge.runtime.timestamps import to_datetime

_MONTHS: Final = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
]
_CAUSES: Final[Mapping[str, str]] = {
    "camera_offline": "câmera fora do ar",
    "camera_unauthorized": "câmera recusou a senha",
    "not_recording": "gravação desligada",
    "volume_missing": "volume de gravação ausente",
    "volume_full": "volume de gravação cheio",
    "breaker": "gravação suspensa por falta de espaço",
    "files_missing": "gravado, mas os arquivos não estão mais no disco",
    "service_stopped": "sistema desligado",
    "deleted": "expurgado antes da guarda",
    "deleted_for_room": "expurgado antes da guarda, por falta de espaço",
    "deleted_by_order": "expurgado antes da guarda, por ordem",
}
_POINTS: Final = ["norte", "nordeste", "leste", "sudeste", "sul", "sudoeste", "oeste", "noroeste"]

NOT_KNOWN: Final = "não informado"


def moment(time_us: int, zone: str) -> str:
    """``25/11/2026 às 07:03:22 (UTC−03:00)``."""
    local = _local(time_us, zone)
    return f"{local:%d/%m/%Y} às {local:%H:%M:%S} ({_offset(local)})"


def short_moment(time_us: int, zone: str) -> str:
    """``25/11/2026 07:03:22``."""
    return f"{_local(time_us, zone):%d/%m/%Y %H:%M:%S}"


def exact_moment(time_us: int, zone: str) -> str:
    """``25/11/2026 07:03:22,125``: where frames matter."""
    local = _local(time_us, zone)
    return f"{local:%d/%m/%Y %H:%M:%S},{local.microsecond // 1000:03}"


def long_date(time_us: int, zone: str) -> str:
    """``25 de novembro de 2026``."""
    local = _local(time_us, zone)
    return (
        f"{local.day}{'º' if local.day == 1 else ''} de {_MONTHS[local.month - 1]} de {local.year}"
    )


def offset_of(time_us: int, zone: str) -> str:
    """``UTC−03:00``."""
    return _offset(_local(time_us, zone))


def length(duration_us: int) -> str:
    """``1 h 02 min 03 s``; below a minute with tenths."""
    if abs(duration_us) < 60_000_000:
        return f"{decimal(duration_us / 1_000_000, 1)} s"
    seconds = round(duration_us / 1_000_000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{integer(hours)} h"] if hours else []
    return " ".join([*parts, f"{minutes:02} min" if hours else f"{minutes} min", f"{seconds:02} s"])


def size(size_bytes: int) -> str:
    """``48,2 MB (48.211.020 bytes)``; decimal units."""
    value, unit = float(size_bytes), ""
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007 -- the last one is used
        value /= 1000
        if value < 1000:
            break
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    return f"{decimal(value, 1)} {unit} ({integer(size_bytes)} bytes)"


def integer(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def decimal(number: float, places: int) -> str:
    return f"{number:,.{places}f}".translate(str.maketrans(",.-", ".,−"))


def signed_seconds(seconds: float) -> str:
    sign = "+" if seconds > 0 else "−" if seconds < 0 else ""
    return f"{sign}{decimal(abs(seconds), 3 if abs(seconds) < 10 else 1)} s"


def cause(code: str) -> str:
    return _CAUSES.get(code, code) if code else "causa não determinada"


def direction(bearing: float) -> str:
    """``135° (sudeste)``."""
    return f"{round(bearing) % 360}° ({_POINTS[round(bearing / 45) % 8]})"


def coordinates(latitude: float, longitude: float) -> str:
    return f"{decimal(latitude, 6)}; {decimal(longitude, 6)} (graus, WGS 84)"


def count(number: int, one: str, many: str) -> str:
    return f"{integer(number)} {one if number == 1 else many}"


def _local(time_us: int, zone: str) -> datetime:
    return to_datetime(time_us, ZoneInfo(zone))


def _offset(local: datetime) -> str:
    text = f"{local:%z}"
    return f"UTC{text[0].replace('-', '−')}{text[1:3]}:{text[3:5]}"
