"""The customer's webhook: ``{camera_id, placa, timestamp, confianca, imagem_url, signature}``, read before anything is believed.

Beside those it may carry ``sentido`` (the sender's word for the direction) and ``area_placa`` (where the plate is in the picture behind
``imagem_url``: left, top, width, height, each 0 to 1 of the picture's). The signature inside the body does not cover these two, so they
are believed where the headers sign all of it; what is odd in them is passed over, for other senders may use the names for something else.

Met in the field: a byte order mark, escaped slashes, null for a missing picture, numbers written anew by a library.
"""

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gtvision_edge.detections.model import Reading, Rectangle
from gtvision_edge.detections.sources.signatures import SignedFields
from gtvision_edge.detections.sources.times import read_time
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.strict_json import UnclearJsonError, read_strict_json

MAX_BODY: Final = 64 * 1024
"""Pictures are linked, not embedded."""
_URL: Final = re.compile(r"https?://[^\s\x00-\x1f\"<>\\^`{|}]{1,2040}", re.IGNORECASE)


_TEXTS: Final = ("camera_id", "placa", "timestamp", "imagem_url", "signature")


class _Literal(str):
    """A number as it stands in the text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """What a body says; *signature* '' = it carries none, so a header must."""

    camera_id: str
    reading: Reading
    """Of the fields that the signature in the body covers."""
    whole_reading: Reading
    """Of all fields: for bodies that are signed as a whole."""
    fields: SignedFields
    signature: str


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line without control characters")
    return text


def _picture_url(text: str) -> str:
    if text and not _URL.fullmatch(text):
        raise ValueError("must be an http or https address")
    return text


Line = Annotated[str, AfterValidator(_one_line)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", arbitrary_types_allowed=True)

    camera_id: Annotated[Line, Field(min_length=1, max_length=64)]
    placa: Annotated[Line, Field(max_length=64)] | None = None
    timestamp: Annotated[Line, Field(min_length=1, max_length=48)]
    confianca: Annotated[str, Field(max_length=32)] | None = None
    imagem_url: Annotated[str, Field(max_length=2048), AfterValidator(_picture_url)] | None = None
    signature: Annotated[str, Field(max_length=200)] | None = None


def read_webhook(raw: bytes) -> WebhookMessage:
    """Return what *raw* says; nothing of it is true before a signature was checked.

    Raises:
        InvalidInputError: it is no such message; ``faults`` names each place.

    """
    value = _json(raw)
    literal = value.get("confianca")
    if literal is not None and not isinstance(literal, _Literal):
        raise _fault("confianca", "must be a number or null")
    for name in _TEXTS:
        if isinstance(value.get(name), _Literal):
            raise _fault(name, "must be text")
    body = _validated(value)
    told = read_time(body.timestamp)
    if told.us is None:
        raise _fault(
            "timestamp", "must be RFC 3339 with an offset, such as 2026-03-14T09:26:53-03:00"
        )
    reading = Reading(
        plate=body.placa or "",
        confidence=_confidence(body.confianca),
        confidence_sent=body.confianca or "",
        captured_us=told.us,
        offset_min=told.offset_min,
        picture_url=body.imagem_url or "",
    )
    return WebhookMessage(
        camera_id=body.camera_id,
        reading=reading,
        whole_reading=_with_the_rest(reading, value),
        fields=SignedFields(
            camera_id=body.camera_id,
            plate=body.placa or "",
            timestamp=body.timestamp,
            confidence=body.confianca or "",
            picture_url=body.imagem_url or "",
        ),
        signature=body.signature or "",
    )


def named_camera(raw: bytes) -> str:
    """Return the id of the camera that *raw* names, for who tells why it could not be read; '' = it names none."""
    try:
        name = _json(raw).get("camera_id")
    except InvalidInputError:
        return ""
    return name if isinstance(name, str) and not isinstance(name, _Literal) else ""


def _with_the_rest(reading: Reading, value: dict[str, Any]) -> Reading:
    """Return *reading* with what only a signature over all of *value* covers."""
    direction, area = _direction(value.get("sentido")), _area(value.get("area_placa"))
    if direction or area:
        return replace(reading, direction=direction, plate_area=area)
    return reading


def _direction(value: object) -> str:
    is_word = isinstance(value, str) and not isinstance(value, _Literal)
    return str(value) if is_word and len(str(value)) <= 32 and str(value).isprintable() else ""


def _area(value: object) -> Rectangle | None:
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(isinstance(each, _Literal) and len(each) <= 32 for each in value):
        return None
    left, top, width, height = (float(each) for each in value)
    is_inside = min(left, top) >= 0 and left + width <= 1 and top + height <= 1
    return Rectangle(left, top, width, height) if is_inside and min(width, height) > 0 else None


def _validated(value: dict[str, Any]) -> _Body:
    try:
        return _Body.model_validate(value)
    except ValidationError as error:
        faults = [
            {
                "path": ".".join(str(part) for part in fault["loc"]),
                "message": fault["msg"].removeprefix("Value error, "),
            }
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise InvalidInputError("The reading is not right.", faults=faults) from error


def _json(raw: bytes) -> dict[str, Any]:
    try:
        value = read_strict_json(raw, number=_Literal, with_mark=True)
    except UnclearJsonError as error:
        raise _fault("", str(error)) from error
    if not isinstance(value, dict):
        raise _fault("", "must be an object")
    return value


def _confidence(literal: str | None) -> float | None:
    """Return 0 to 1; over 1 up to 100 counts in hundredths.

    Raises:
        InvalidInputError: it is neither.

    """
    if literal is None:
        return None
    number = float(literal)
    if 0 <= number <= 1:
        return number
    if 1 < number <= 100:
        return number / 100
    raise _fault("confianca", "must be from 0 to 1, or up to 100 in hundredths")


def _fault(path: str, message: str) -> InvalidInputError:
    return InvalidInputError(
        "The reading is not right.", faults=[{"path": path, "message": message}]
    )
