"""What Intelbras and Dahua cameras push (ITSAPI ``TollgateInfo``), and what their pull stream tells (``snapManager.cgi``).

Field facts: parsers and captures of VIP 7250 G2, VIP 7325, VIP 93200, Dahua ITC; CP Plus for two JPEGs in one field.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from gtvision_edge.detections.errors import MalformedPushError
from gtvision_edge.detections.model import PictureKind, Reading, Vehicle
from gtvision_edge.detections.sources.documents import (
    Node,
    first_of,
    number_of,
    read_document,
    whole_of,
)
from gtvision_edge.detections.sources.pictures import from_base64, sorted_out, split_jpegs
from gtvision_edge.detections.sources.times import ToldTime, read_time

MAX_PUSH: Final = 8 * 2**20
_FALSE: Final = frozenset({"false", "0"})


class ConfidenceScale(StrEnum):
    """What a camera's confidence counts to. ``auto``: over 100 means of 255, else of 100."""

    AUTO = "auto"
    OF_100 = "100"
    OF_255 = "255"


def read_push(
    body: bytes, *, scale: ConfidenceScale = ConfidenceScale.AUTO
) -> tuple[Reading | None, str]:
    """Return the passage in a ``TollgateInfo`` and the ``DeviceID`` as :func:`device_of` does: *body* may be large.

    The passage is None when it holds neither plate nor picture, as heartbeats of some cameras do.

    Raises:
        MalformedPushError: it is no JSON or XML that can be read.

    """
    root = read_document(body, limit=MAX_PUSH)
    return _passage(root, scale), _device(root)


def _passage(root: Node, scale: ConfidenceScale) -> Reading | None:
    inner = root.search("picture") or root
    plate, snap, vehicle = (
        inner.find(name) or root.find(name) for name in ("plate", "snapinfo", "vehicle")
    )
    pictures = _pictures(inner, root)
    if plate is None and snap is None and not pictures:
        return None
    sent = first_of((plate,), "confidence")
    told = _time_of(snap)
    exists = first_of((plate,), "isexist").lower() not in _FALSE
    device = first_of((snap, inner, root), "deviceid")
    return Reading(
        plate=first_of((plate,), "platenumber") if exists else "",
        confidence=_confidence(sent, scale),
        confidence_sent=sent[:32],
        local_time=told.local,
        captured_us=told.us,
        offset_min=told.offset_min,
        event_id=_event_id(device, plate, snap),
        direction=first_of((snap,), "direction")[:32],
        lane=whole_of(first_of((snap,), "lanno", "laneno")),
        speed_kmh=_speed(first_of((vehicle,), "speed")),
        country="BR" if first_of((plate,), "region").upper() in ("BRA", "BR") else "",
        plate_color=first_of((plate,), "platecolor")[:32],
        vehicle=Vehicle(
            color=first_of((vehicle,), "vehiclecolor")[:32],
            kind=first_of((vehicle,), "vehicletype")[:32],
            make=first_of((vehicle,), "vehiclesign")[:32],
            model=first_of((vehicle,), "vehicleseries")[:32],
        ),
        pictures=sorted_out(pictures),
    )


def device_of(body: bytes) -> str:
    """Return the ``DeviceID`` of any push, as text that may be sent back; '' where there is none."""
    try:
        root = read_document(body, limit=MAX_PUSH)
    except MalformedPushError:
        return ""
    return _device(root)


def _device(root: Node) -> str:
    inner = root.search("picture")
    snap = (inner or root).find("snapinfo")
    return first_of((root, inner, snap), "deviceid")[:128]


def read_pulled(lines: str, jpegs: list[bytes], *, scale: ConfidenceScale) -> Reading | None:
    """Return the passage of one event of ``attachFileProc`` (``Events[0].…=…`` lines and its pictures); None: no plate event."""
    values = {}
    for line in lines.splitlines()[:500]:
        name, equals, value = line.partition("=")
        if equals:
            values[name.strip().lower().removeprefix("events[0].")] = value.strip()
    if values.get("eventbaseinfo.code") != "TrafficJunction":
        return None
    sent = values.get("object.confidence", "")
    real = number_of(values.get("realutc", ""))
    wall = number_of(values.get("utc", ""))
    millis = int(number_of(values.get("utcms", "")) or 0)
    told = ToldTime()
    if real is not None:
        told = ToldTime(us=int(real) * 1_000_000 + millis * 1000)
    elif wall is not None:
        # The field called UTC is local wall time written as an epoch (published event: UTC - RealUTC = 7 h).
        told = read_time(_as_local(int(wall), millis))
    event = values.get("eventid", "")
    return Reading(
        plate=values.get("trafficcar.platenumber") or values.get("object.text", ""),
        confidence=_confidence(sent, scale),
        confidence_sent=sent[:32],
        captured_us=told.us,
        local_time=told.local,
        event_id=f"{event}-{values.get('realutc') or values.get('utc', '')}" if event else "",
        direction=values.get("trafficcar.drivingdirection[0]", "")[:32],
        lane=whole_of(values.get("lane", "")),
        plate_color=values.get("trafficcar.platecolor", "")[:32],
        vehicle=Vehicle(color=values.get("trafficcar.vehiclecolor", "")[:32]),
        pictures=sorted_out([(each, None) for each in jpegs]),
    )


def _pictures(inner: Node, root: Node) -> list[tuple[bytes, PictureKind | None]]:
    found: list[tuple[bytes, PictureKind | None]] = []
    has_cutout = False
    for name, kind in (
        ("cutoutpic", PictureKind.PLATE),
        ("normalpic", PictureKind.SCENE),
        ("vehiclepic", PictureKind.VEHICLE),
    ):
        data = from_base64(first_of((inner.find(name), root.find(name)), "content"))
        if not data:
            continue
        jpegs = split_jpegs(data)
        if kind is PictureKind.PLATE:
            has_cutout = True
        found.append((jpegs[0], kind))
        if kind is PictureKind.VEHICLE and len(jpegs) > 1 and not has_cutout:
            found.append((jpegs[1], PictureKind.PLATE))
    return found


def _time_of(snap: Node | None) -> ToldTime:
    for name in ("accuratetime", "snaptime"):
        told = read_time(first_of((snap,), name))
        if told.us is not None or told.local is not None:
            return told
    return ToldTime()


def _event_id(device: str, plate: Node | None, snap: Node | None) -> str:
    """Return what is the same when the camera sends the passage again, with or without its pictures."""
    code = first_of((snap,), "defencecode")
    when = first_of((snap,), "accuratetime", "snaptime")
    if not when:
        return ""
    return "|".join(
        (device, when, first_of((plate,), "platenumber"), first_of((plate,), "channel"), code)
    )[:256]


def _confidence(sent: str, scale: ConfidenceScale) -> float | None:
    number = number_of(sent)
    if number is None or number < 0:
        return None
    if scale is ConfidenceScale.OF_255 or (scale is ConfidenceScale.AUTO and number > 100):
        return number / 255 if number <= 255 else None
    return number / 100 if number <= 100 else None


def _speed(sent: str) -> float | None:
    number = number_of(sent)
    return number if number is not None and 0 < number <= 400 else None


def _as_local(epoch: int, millis: int) -> str:
    try:
        return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{millis:03d}"
    except (ValueError, OverflowError, OSError):
        return ""
