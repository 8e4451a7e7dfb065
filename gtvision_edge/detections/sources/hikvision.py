"""What Hikvision cameras post (ISAPI ``httpHosts``): multipart or a bare document, XML or JSON, of any firmware.

Field facts: annotated ISAPI schema and captures of DS-2CD4A26FWD, DS-TCG406, iDS. Namespaces and letter case differ by firmware and are ignored.
"""

from typing import Final

from gtvision_edge.detections.errors import MalformedPushError
from gtvision_edge.detections.model import PictureKind, Reading, Rectangle, Vehicle
from gtvision_edge.detections.sources import multipart
from gtvision_edge.detections.sources.documents import (
    Node,
    first_of,
    number_of,
    read_document,
    whole_of,
)
from gtvision_edge.detections.sources.multipart import Part
from gtvision_edge.detections.sources.pictures import kind_of_name, sorted_out
from gtvision_edge.detections.sources.times import ToldTime, read_time

_COUNTRIES: Final = {"220": "BR", "222": "AR", "218": "PY", "221": "UY"}
_TYPES: Final = {
    "licenseplatepicture": PictureKind.PLATE,
    "detectionpicture": PictureKind.SCENE,
    "vehiclepicture": PictureKind.VEHICLE,
}


def read_push(content_type: str, body: bytes) -> Reading | None:
    """Return the passage in a push, None for every other event (motion, a lost picture): the camera wants a 200 for it.

    Raises:
        MalformedPushError: nothing in it can be read as an event.

    """
    if multipart.is_multipart(content_type):
        parts = multipart.split(content_type, body)
    else:
        parts = [Part(body, content_type=content_type)]
    document = next((each for each in parts if each.looks_like_xml or each.looks_like_json), None)
    if document is None:
        raise MalformedPushError("The push has no XML or JSON part.")
    root = read_document(document.content, _charset(document.content_type))
    event = root.find("eventnotificationalert") or root
    anpr = event.find("anpr") or root.search("anpr")
    kind = first_of((event, root), "eventtype").lower()
    if anpr is None and event.find("licenseplate") is not None:
        anpr = event  # recovered from broken XML, all side by side
    if anpr is None or (kind and kind != "anpr" and not anpr.value("licenseplate")):
        return None
    return _reading(event, anpr, [each for each in parts if each is not document])


def _reading(event: Node, anpr: Node, parts: list[Part]) -> Reading:
    both = (anpr, event)
    infos = [
        each
        for group in anpr.children.get("pictureinfolist", [])
        for each in group.children.get("pictureinfo", [group])  # JSON has the list itself
    ]
    sent = first_of(both, "confidencelevel", "confidence")
    told = _with_millis(
        read_time(first_of((event, anpr), "datetime")), first_of([*infos, anpr], "abstime")
    )
    info = anpr.find("vehicleinfo")
    return Reading(
        plate=first_of(both, "licenseplate"),
        confidence=_hundredth(sent),
        confidence_sent=sent,
        least_character=_least(first_of(both, "platecharbelieve")),
        captured_us=told.us,
        local_time=told.local,
        offset_min=told.offset_min,
        event_id=first_of((event, anpr), "uuid")[:128],
        is_resent=first_of((event, anpr), "isdataretransmission").lower() == "true",
        direction=first_of(both, "direction")[:32],
        lane=whole_of(first_of(both, "line", "laneno")),
        country=_COUNTRIES.get(first_of(both, "country"), ""),
        plate_color=first_of(both, "platecolor")[:32],
        vehicle=Vehicle(
            color=first_of((info, anpr), "color", "vehiclecolor")[:32],
            kind=_vehicle_kind(anpr),
            make=first_of((info, anpr), "vehiclelogorecog")[:32],
            model=first_of((info, anpr), "vehilemodel", "vehiclemodel")[:32],
        ),
        plate_area=_plate_area(event, infos),
        pictures=sorted_out([(each.content, _kind(each, infos)) for each in parts if each.is_jpeg]),
    )


def _vehicle_kind(anpr: Node) -> str:
    if anpr.value("twowheelvehicle").lower() == "yes":
        return "motorcycle"
    return anpr.value("vehicletype")[:32]


def _kind(part: Part, infos: list[Node]) -> PictureKind | None:
    for name in (part.name, part.filename):
        if kind := kind_of_name(name):
            return kind
        for info in infos:  # the list of pictures says what a name of its own kind means
            if name and info.value("filename").lower() == name.lower():
                return _TYPES.get(info.value("type").lower())
    return None


def _charset(content_type: str) -> str:
    _, found, rest = content_type.lower().partition("charset=")
    return rest.split(";")[0].strip(" \"'")[:40] if found else ""


def _hundredth(text: str) -> float | None:
    number = number_of(text)
    return number / 100 if number is not None and 0 <= number <= 100 else None


def _least(text: str) -> float | None:
    values = [_hundredth(each) for each in text.split(",") if each.strip()]
    known = [each for each in values if each is not None]
    return min(known) if known and len(known) == len(values) else None


def _with_millis(told: ToldTime, absolute: str) -> ToldTime:
    """Add the milliseconds of ``absTime`` (local, ``YYYYMMDDHHMMSSmmm``) where it tells the same second."""
    if len(absolute) != 17 or not (absolute.isascii() and absolute.isdigit()):
        return told
    millis = int(absolute[14:])
    if told.us is not None and told.us % 1_000_000 == 0:
        seconds = (told.us // 1_000_000 + (told.offset_min or 0) * 60) % 60
        if f"{seconds:02d}" == absolute[12:14]:
            return ToldTime(us=told.us + millis * 1000, offset_min=told.offset_min)
    if told.local is not None and told.local.endswith(f":{absolute[12:14]}.000000"):
        return ToldTime(local=f"{told.local[:-7]}.{millis:03d}000")
    return told


def _plate_area(event: Node, infos: list[Node]) -> Rectangle | None:
    """Return where the plate is in the scene; only when the unit of the figures is certain."""
    size = event.search("detectionbackgroundimageresolution")
    for info in infos:
        for name in ("platerect", "rect"):
            area = info.find(name)
            if area is None:
                continue
            figures = [number_of(area.value(each)) for each in ("x", "y", "width", "height")]
            if any(each is None for each in figures):
                continue
            left, top, width, height = (each or 0.0 for each in figures)
            if name == "rect" and max(left, top, width, height) <= 1:
                return _inside(left, top, width, height)
            wide = number_of(size.value("width")) if size else None
            high = number_of(size.value("height")) if size else None
            if wide and high and wide > 0 and high > 0:
                return _inside(left / wide, top / high, width / wide, height / high)
    return None


def _inside(left: float, top: float, width: float, height: float) -> Rectangle | None:
    good = left >= 0 and top >= 0 and width > 0 and height > 0
    if not good or left + width > 1.0 or top + height > 1.0:
        return None
    return Rectangle(left, top, width, height)
