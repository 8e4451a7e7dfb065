"""What a camera is, what is known of its streams, and the news about it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import Enum, StrEnum
from typing import Any, Final, NewType, Self

from pydantic import SecretStr

CameraId = NewType("CameraId", str)
"""Readable, [a-z0-9][a-z0-9_-]{0,31}; part of path names."""
CameraUuid = NewType("CameraUuid", str)
"""UUIDv7; never changes meaning, never reused."""

NO_SECRET: Final = SecretStr("")


class CameraState(StrEnum):
    """What the monitor knows of a camera, debounced."""

    UNKNOWN = "unknown"
    RECORDING = "recording"
    ONLINE_NOT_RECORDING = "online_not_recording"
    OFFLINE = "offline"
    UNAUTHORIZED = "unauthorized"
    DISABLED = "disabled"


RESTARTED: Final = "restarted"
"""Reason of a state: the box was booted."""
SERVICE_RESTARTED: Final = "service_restarted"
"""The daemon was started again, and nothing else is known."""
RESTARTS: Final = frozenset({RESTARTED, SERVICE_RESTARTED})


@dataclass(frozen=True, slots=True)
class Profile:
    """A stream as the last probe saw it."""

    codec: str
    """'h264', 'h265', or what the camera calls it."""
    width: int
    height: int
    fps: float | None = None
    keyframe_interval_s: float | None = None
    keyframe_interval_is_minimum: bool = False
    """No second key frame came while we looked: the interval is at least this long."""
    audio_codec: str | None = None
    bitrate_bps: int | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in json.loads(text).items() if key in known})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera stands. Degrees WGS 84; bearing from north, clockwise. None = not placed."""

    latitude: float | None = None
    longitude: float | None = None
    bearing: float | None = None
    label: str = ""


Warnings = tuple[Mapping[str, Any], ...]
"""Each ``{"code": …, …facts}``."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as it is stored, without its password. Ports, ids and URLs as in the table ``cameras``."""

    camera_id: CameraId
    camera_uuid: CameraUuid
    name: str
    tenant_id: str
    vendor: str
    host: str
    rtsp_port: int
    http_port: int
    onvif_port: int
    channel: int
    username: str
    has_password: bool
    main_url: str | None
    sub_url: str | None
    record: bool
    enabled: bool
    place: Place
    main_profile: Profile | None
    sub_profile: Profile | None
    warnings: Warnings
    created_us: int
    updated_us: int
    device: "Device | None" = None
    """What the device said of itself when it was probed last; None = it was not asked, or not probed."""
    clock_offset_s: float | None = None
    """How far its clock was ahead of ours then; None = it did not tell."""
    probed_us: int | None = None


class Unset(Enum):
    """Stands for a field that a change leaves alone, where None means something."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """Where a camera is and how to log in. None for a port = the vendor's usual one."""

    vendor: str
    host: str = ""
    rtsp_port: int | None = None
    http_port: int | None = None
    onvif_port: int | None = None
    channel: int = 1
    username: str = ""
    password: SecretStr = NO_SECRET
    main_url: str | None = field(default=None, repr=False)
    """A typed address; credentials in it count where *username* and *password* are empty."""
    sub_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewCamera:
    """A camera to be added. None for *camera_id*: made from the name; for *tenant_id*: that of who adds it."""

    name: str
    address: ProbeRequest
    camera_id: str | None = None
    tenant_id: str | None = None
    place: Place = Place()
    record: bool = True
    enabled: bool = True
    skip_probe: bool = False


@dataclass(frozen=True, slots=True)
class CameraChange:
    """What to change of a camera; whatever is UNSET stays."""

    name: str | Unset = UNSET
    tenant_id: str | Unset = UNSET
    vendor: str | Unset = UNSET
    host: str | Unset = UNSET
    rtsp_port: int | Unset = UNSET
    http_port: int | Unset = UNSET
    onvif_port: int | Unset = UNSET
    channel: int | Unset = UNSET
    username: str | Unset = UNSET
    password: SecretStr | Unset = UNSET
    main_url: str | Unset | None = field(default=UNSET, repr=False)
    sub_url: str | Unset | None = field(default=UNSET, repr=False)
    place: Place | Unset = UNSET
    record: bool | Unset = UNSET
    enabled: bool | Unset = UNSET
    skip_probe: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """What a device says of itself; '' = it does not say."""

    manufacturer: str
    model: str
    firmware: str
    serial: str = ""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a probe found. *snapshot*: the first key frame as JPEG, at most 640 px wide."""

    main: Profile
    sub: Profile | None
    warnings: Warnings
    snapshot: bytes | None = field(repr=False)
    clock_offset_s: float | None
    """How far the camera's clock is ahead of ours; None = it does not tell."""
    elapsed_s: float
    device: Device | None = None
    """None: it was not asked, for only ONVIF cameras are."""


@dataclass(frozen=True, slots=True)
class CameraPage:
    """A page of cameras in the order of their ids; *next* asks for the following one, None = there is none."""

    items: Sequence[Camera]
    next: str | None


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A state and since when (UTC µs); *reason* is an error's code, '' if there is none."""

    state: CameraState
    since_us: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CameraAdded:
    camera_id: CameraId
    camera_uuid: CameraUuid


@dataclass(frozen=True, slots=True)
class CameraChanged:
    camera_id: CameraId
    camera_uuid: CameraUuid


@dataclass(frozen=True, slots=True)
class CameraRemoved:
    camera_id: CameraId
    camera_uuid: CameraUuid


@dataclass(frozen=True, slots=True)
class CameraStateChanged:
    camera_id: CameraId
    camera_uuid: CameraUuid
    tenant_id: str
    previous: CameraState
    state: CameraState
    since_us: int
    reason: str
