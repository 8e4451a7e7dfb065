"""The questions we ask a device and what its answers say. All texts are cut short and stripped of control characters."""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from gtvision_edge.cameras.onvif.soap import element, text_element
from gtvision_edge.cameras.onvif.tree import Node

DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
_SCHEMA: Final = "http://www.onvif.org/ver10/schema"

MAX_PROFILES: Final = 64
"""Of more than these the rest is not looked at; recorders have two or three for each input."""
MAX_TEXT: Final = 80
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2099

GET_TIME: Final = element("GetSystemDateAndTime", DEVICE)
GET_DEVICE: Final = element("GetDeviceInformation", DEVICE)
GET_SERVICES: Final = element("GetServices", DEVICE, "<IncludeCapability>false</IncludeCapability>")
GET_CAPABILITIES: Final = element("GetCapabilities", DEVICE, "<Category>Media</Category>")
GET_PROFILES: Final = element("GetProfiles", MEDIA)
GET_PROFILES2: Final = element("GetProfiles", MEDIA2, "<Type>All</Type>")

_PATH: Final = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]{0,300}")
_MAX_URI: Final = 1000


@dataclass(frozen=True, slots=True)
class MediaProfile:
    """A stream the device can send. *source* names the lens or input it comes from, '' = not told."""

    token: str
    source: str
    codec: str
    """'h264', 'h265', or as the device says it."""
    width: int
    height: int

    @property
    def area(self) -> int:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Services:
    """Paths of the media services on the device; None = it has none of that kind."""

    media: str | None
    media2: str | None


def get_stream_uri(profile: MediaProfile) -> str:
    setup = (
        f'<StreamSetup><Stream xmlns="{_SCHEMA}">RTP-Unicast</Stream>'
        f'<Transport xmlns="{_SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
    )
    return element("GetStreamUri", MEDIA, setup + text_element("ProfileToken", profile.token))


def get_stream_uri2(profile: MediaProfile) -> str:
    content = "<Protocol>RTSP</Protocol>" + text_element("ProfileToken", profile.token)
    return element("GetStreamUri", MEDIA2, content)


def read_time(root: Node) -> int | None:
    """Return the device's clock as UTC µs, None when it tells none that can be one.

    Never set is 1970 or 2000; beyond :data:`LAST_YEAR` there is no device, and near 9999 no time to log in by.
    """
    moment = root.find("UTCDateTime")
    if moment is None:
        return None
    try:
        year, month, day = (_number(moment, "Date", each) for each in ("Year", "Month", "Day"))
        hour, minute, second = (
            _number(moment, "Time", each) for each in ("Hour", "Minute", "Second")
        )
        if not FIRST_YEAR <= year <= LAST_YEAR:
            return None
        when = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return int(when.timestamp()) * 1_000_000


def read_services(root: Node) -> Services:
    """Read the answer to GetServices or GetCapabilities: of each address only the path counts."""
    paths: dict[str, str] = {}
    for service in root.every("Service"):
        paths.setdefault(service.value("Namespace"), service.value("XAddr"))
    capability = root.find("Media")
    if capability is not None and MEDIA not in paths and capability.value("XAddr"):
        paths[MEDIA] = capability.value("XAddr")
    return Services(path_of(paths.get(MEDIA, "")), path_of(paths.get(MEDIA2, "")))


def path_of(address: str) -> str | None:
    """Return the path of a service's address, None when there is none that could be one."""
    try:
        parts = urlsplit(html.unescape(address.strip()))
    except ValueError:
        return None
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if parts.scheme in {"http", "https"} and _PATH.fullmatch(path) else None


def read_profiles(root: Node) -> list[MediaProfile]:
    """Read the profiles that carry video, of media 1 and media 2 alike."""
    found: list[MediaProfile] = []
    for number, profile in enumerate(root.every("Profiles")):
        if number >= MAX_PROFILES:
            break
        encoder = profile.child("VideoEncoderConfiguration") or profile.child(
            "Configurations", "VideoEncoder"
        )
        source = profile.child("VideoSourceConfiguration") or profile.child(
            "Configurations", "VideoSource"
        )
        token = profile.attributes.get("token", "")
        if encoder is None or not 0 < len(token) <= MAX_TEXT:
            continue
        codec = plain(encoder.value("Encoding")).lower().replace(".", "")
        found.append(
            MediaProfile(
                token=token,
                source="" if source is None else source.value("SourceToken")[:MAX_TEXT],
                codec={"hevc": "h265", "avc": "h264"}.get(codec, codec),
                width=_size(encoder, "Width"),
                height=_size(encoder, "Height"),
            )
        )
    return found


def read_uri(root: Node) -> str:
    """Return the stream's address as the device says it, '' = it says none."""
    answer = root.find("GetStreamUriResponse") or root
    found = answer.find("Uri")
    uri = "" if found is None else found.text
    # Some firmware escapes twice.
    return html.unescape(uri).strip() if len(uri) <= _MAX_URI else ""


def plain(text: str, most: int = MAX_TEXT) -> str:
    """Return a device's words as one short printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * most]).split())[:most]


def _number(moment: Node, *path: str) -> int:
    text = moment.value(*path)
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise ValueError("no number")
    return int(text)


def _size(encoder: Node, name: str) -> int:
    text = encoder.value("Resolution", name)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
