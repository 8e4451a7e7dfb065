"""What a plate reading is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

DetectionId = NewType("DetectionId", str)
"""UUIDv7; also the id of the message to the hub."""


class PictureKind(StrEnum):
    """What a picture shows."""

    PLATE = "plate"
    SCENE = "scene"
    VEHICLE = "vehicle"


class PictureState(StrEnum):
    """What there is to say about a reading's pictures; the words are stable."""

    NONE = ""
    """Nothing: there are those that it names."""
    WAITING = "waiting"
    """One is still to be fetched or cut out."""
    ADDRESS_REFUSED = "picture_address_refused"
    """Where the sender said it is, the box does not fetch from."""
    REDIRECTED = "picture_redirected"
    """What is there points elsewhere, and the box does not follow."""
    DENIED = "picture_denied"
    """The other side refused it."""
    TOO_LARGE = "picture_too_large"
    NO_JPEG = "picture_no_jpeg"
    """What came is no whole JPEG of a sensible size."""
    UNREACHABLE = "picture_unreachable"
    """It did not come, however often it was tried."""
    KEY_LOST = "picture_key_lost"
    """Its address was sealed with a key that is gone."""
    NOT_KEPT = "picture_not_kept"
    """The box could not store it; it is tried again."""
    DROPPED = "picture_dropped"
    """It was too old, or there were too many."""
    LOST = "picture_lost"
    """Its file is gone, and nobody took it away."""


class TrustLevel(StrEnum):
    """How sure it is that the camera itself said it. Nothing but ``signed`` is proof."""

    SIGNED = "signed"
    """A signature with the camera's secret over what was said."""
    AUTHENTICATED = "authenticated"
    """HTTP digest with the camera's account for pushing."""
    SECRET_PATH = "secret_path"  # noqa: S105 -- no secret
    """Whoever knew the camera's secret address."""
    FETCHED = "fetched"
    """The box asked the camera itself."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG as sent, its first and last bytes looked at, nothing else."""

    kind: PictureKind
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a scene; each figure from 0 to 1 of the scene's width or height."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What the camera says of it, in the camera's words; '' = nothing."""

    color: str = ""
    kind: str = ""
    make: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One passage as a source told it, understood and not yet judged.

    ``captured_us`` None: the source gave no time that can be trusted, the time of receipt stands for it. ``local_time``: it came
    without offset (``YYYY-MM-DDTHH:MM:SS.ffffff``) and waits for the camera's zone.
    """

    plate: str
    """As sent; '' or a word for it: none was read."""
    confidence: float | None = None
    """0 to 1; None = not said, or said in a way that has no meaning."""
    confidence_sent: str = ""
    least_character: float | None = None
    """Confidence of the character the camera doubts most, 0 to 1."""
    captured_us: int | None = None
    local_time: str | None = None
    offset_min: int | None = None
    """Offset from UTC that the source claimed, in minutes."""
    event_id: str = ""
    """The source's own id of the passage, the same when it is sent again; '' = it has none."""
    is_resent: bool = False
    """The source says that it is sending what it could not send before."""
    direction: str = ""
    """In the source's words."""
    lane: int | None = None
    speed_kmh: float | None = None
    country: str = ""
    plate_color: str = ""
    vehicle: Vehicle = Vehicle()
    plate_area: Rectangle | None = None
    pictures: tuple[Picture, ...] = ()
    picture_url: str = ""
    """Where a picture waits to be fetched; '' = nowhere."""


class TimeSource(StrEnum):
    """Where the time of a detection comes from."""

    CAMERA = "camera"
    """The camera wrote it with its offset."""
    CAMERA_ZONE = "camera_zone"
    """The camera wrote it without offset, or with one that cannot be: its clock in the site's zone."""
    RECEIPT = "receipt"
    """The camera wrote none that can be true."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A plate reading as it is kept. Fields as in the table ``detections``."""

    detection_id: DetectionId
    camera_uuid: str
    camera_id: str
    tenant_id: str
    captured_us: int
    received_us: int
    time_source: TimeSource
    plate: str | None
    vehicle: str | None
    plate_sent: str
    confidence: float | None
    source: str
    trust: TrustLevel
    is_late: bool
    passage_id: DetectionId
    facts: Mapping[str, Any]
    scene: str | None = None
    crop: str | None = None
    anonymised_us: int | None = None
    picture_state: PictureState = PictureState.NONE

    @property
    def is_first_of_passage(self) -> bool:
        return self.passage_id == self.detection_id


@dataclass(frozen=True, slots=True)
class PlateRead:
    """A detection was accepted and is on disk."""

    detection: Detection


@dataclass(frozen=True, slots=True)
class PictureCame:
    """A detection that was told already has another picture, and it is on disk."""

    detection_id: DetectionId


WatchId = NewType("WatchId", str)
"""UUIDv7."""


class WatchLevel(StrEnum):
    """How urgent it is that a wanted plate passed."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Watch:
    """A plate that a tenant's people want to hear of. Fields as in the table ``watchlist``."""

    watch_id: WatchId
    tenant_id: str
    plate: str
    vehicle: str
    reason: str
    level: WatchLevel
    expires_us: int | None
    created_by: str
    created_us: int
    updated_us: int

    def is_over(self, now_us: int) -> bool:
        return self.expires_us is not None and self.expires_us <= now_us
