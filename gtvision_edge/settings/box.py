"""The sections of the box itself: where it listens, its cameras, its media server, its disk."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from gtvision_edge.settings.values import (
    Duration,
    Folder,
    HttpUrl,
    ListenPort,
    RtspUrl,
    Section,
    Size,
    Zone,
    parse_duration,
)

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Share = Annotated[float, Field(gt=0, lt=1)]


def _origin(text: str) -> str:
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise ValueError(f'"{text}" is no origin; write "https://painel.example" without a path')
    return text


def _proxy(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f'"{text}" is no address; write "127.0.0.1" or "10.0.0.0/8"') from error
    return text


class SiteSettings(Section):
    name: Annotated[str, Field(min_length=1, max_length=80)] = "GT-Vision Edge"
    timezone: Zone = "America/Sao_Paulo"


class ApiSettings(Section):
    host: str = "127.0.0.1"
    port: ListenPort = 8080
    cors_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    trusted_proxies: tuple[Annotated[str, AfterValidator(_proxy)], ...] = ()
    secure_cookies: Literal["auto", "always", "never"] = "auto"
    max_body: Size = 2**20


class StorageSettings(Section):
    state_dir: Folder = Path("/var/lib/gtvision-edge")
    volume: Folder = Path("/var/lib/gtvision-edge/recordings")
    reserve_mb: Annotated[int, Field(ge=0, le=4096)] = 64
    """Room in the state folder for the day when others fill its disk; 0 = none."""


class EmbeddedSettings(Section):
    host: str = "127.0.0.1"
    api_port: ListenPort = 9997
    hls_port: ListenPort = 8888
    rtsp_port: ListenPort = 8554
    fragment: Duration = 0.5
    hls_segment: Duration = 2.0
    hls_segment_count: Annotated[int, Field(ge=3, le=60)] = 10


class MediaSettings(Section):
    server: Literal["auto", "mediamtx", "embedded"] = "auto"
    api_url: HttpUrl = "http://127.0.0.1:9997"
    hls_url: HttpUrl = "http://127.0.0.1:8888"
    rtsp_url: RtspUrl = "rtsp://127.0.0.1:8554"
    webrtc_url: HttpUrl = "http://127.0.0.1:8889"
    api_timeout: Duration = 5.0
    wait_for_mediamtx: Duration = 20.0
    hls_secret: SecretStr | None = None
    record_segment: Duration = 60.0
    reconcile_interval: Duration = 2.0
    embedded: EmbeddedSettings = EmbeddedSettings()


class VolumeSettings(Section):
    """When footage goes early and when recording stops; shares of the volume's size, used by whatever."""

    low_water: Share = 0.80
    high_water: Share = 0.85
    reset: Share = 0.90
    trip: Share = 0.95
    reserve: Size = 2 * 2**30

    @model_validator(mode="after")
    def _in_order(self) -> "VolumeSettings":
        if not self.low_water < self.high_water < self.reset < self.trip:
            raise ValueError(
                "low_water, high_water, reset and trip must each be more than the one before"
            )
        return self


class RecordingSettings(Section):
    retain_days: Annotated[int, Field(ge=0, le=3650)] = 30
    thumbnail_interval: Annotated[float, BeforeValidator(parse_duration), Field(ge=0, le=600)] = (
        10.0
    )


class IntegritySettings(Section):
    """When disk and index are compared, and how fast and how long files are read again for it."""

    nightly: bool = True
    hour: Annotated[int, Field(ge=0, le=23)] = 3
    read_per_second: Size = 16 * 2**20
    longest: Duration = 10800.0


class ExportSettings(Section):
    folder: Folder | None = None
    keep: Duration = 604800.0
    max_length: Duration = 86400.0


class CameraSettings(Section):
    probe_timeout: Duration = 5.0
    monitor_interval: Duration = 60.0
    unauthorized_backoff: Duration = 600.0
    offline_after: Annotated[int, Field(ge=1, le=10)] = 2
    discovery_interfaces: tuple[str, ...] = ()


class LogSettings(Section):
    level: LogLevel = "INFO"
    style: Literal["auto", "json", "text"] = "auto"
