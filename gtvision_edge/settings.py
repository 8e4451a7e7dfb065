"""The settings of a box: one TOML file, every fault printed at once, unknown keys refused by name."""

import ipaddress
import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gtvision_edge.errors import EdgeError, ErrorKind

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|h|d)")
_DURATION_UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
_HOST = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
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


def _proxy(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f'"{text}" is no address; write "127.0.0.1" or "10.0.0.0/8"') from error
    return text


def picture_source(text: str) -> str:
    """Return *text*, which is a network, an address or the name of a host.

    Raises:
        ValueError: it is none of these.

    """
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        if not _HOST.fullmatch(text) or text.rpartition(".")[2].isdigit():
            raise ValueError(
                f'"{text}" is no network and no host; write "10.20.0.0/16" or "fotos.example"'
            ) from error
    return text


def _origin(text: str) -> str:
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise ValueError(f'"{text}" is no origin; write "https://painel.example" without a path')
    return text


def _url_of(*schemes: str) -> Callable[[str], str]:
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


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f'"{path}" is not an absolute path; write "/srv/recordings"')
    return path


HttpUrl = Annotated[str, AfterValidator(_url_of("http", "https"))]
RtspUrl = Annotated[str, AfterValidator(_url_of("rtsp"))]
Folder = Annotated[Path, AfterValidator(_absolute)]
Duration = Annotated[float, BeforeValidator(parse_duration), Field(gt=0)]


def _at_least(seconds: float, words: str) -> AfterValidator:
    """Return what refuses a shorter duration, in *words*: nobody writes days as seconds."""

    def check(duration: float) -> float:
        if duration < seconds:
            raise ValueError(f"must be at least {words}")
        return duration

    return AfterValidator(check)


_A_DAY_OR_MORE = _at_least(86400.0, "1 day")
_AN_HOUR_OR_MORE = _at_least(3600.0, "1 hour")
"""Seconds; written with a unit in the file."""
Size = Annotated[int, BeforeValidator(parse_size), Field(gt=0)]
"""Bytes; written with a unit in the file."""
Port = Annotated[int, Field(ge=1, le=65535)]
ListenPort = Annotated[int, Field(ge=0, le=65535)]
"""0 = any free port (trials and tests)."""
Zone = Annotated[str, AfterValidator(_known_zone)]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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


Share = Annotated[float, Field(gt=0, lt=1)]


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


class AccountSettings(Section):
    access_token: Duration = 900.0
    refresh_token: Duration = 2592000.0
    ticket: Duration = 30.0
    login_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    login_lockout: Duration = 900.0


class IssuerKeySettings(Section):
    """Public keys in PEM, written here or in a file."""

    pem: str | None = None
    file: Path | None = None
    kid: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> "IssuerKeySettings":
        if (self.pem is None) == (self.file is None):
            raise ValueError('give either "pem" or "file"')
        return self


def _some_keys(keys: tuple[IssuerKeySettings, ...]) -> tuple[IssuerKeySettings, ...]:
    # Not by min_length: pydantic would count the keys that are left after the faulty ones.
    if not 1 <= len(keys) <= _MAX_KEYS:
        raise ValueError(f"give from 1 to {_MAX_KEYS} keys")
    return keys


Claim = Annotated[str, Field(min_length=1, max_length=120)]
_MAX_KEYS = 8
_FIXED_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "name"})


class IssuerSettings(Section):
    issuer: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^#]*$")]
    audience: Annotated[str, Field(min_length=1, max_length=300)]
    keys: Annotated[tuple[IssuerKeySettings, ...], AfterValidator(_some_keys)]
    tenant_claim: Claim = "tenant_id"
    role_claim: Claim = "role"
    cameras_claim: Claim = "camera_ids"
    max_role: Literal["viewer", "operator", "auditor", "admin"] = "operator"
    site_wide: bool = False
    max_age: Duration = 3600.0
    leeway: Annotated[float, BeforeValidator(parse_duration), Field(ge=0, le=300)] = 30.0

    @model_validator(mode="after")
    def _claims_differ(self) -> "IssuerSettings":
        claims = [self.tenant_claim, self.role_claim, self.cameras_claim]
        if len(set(claims)) < len(claims) or _FIXED_CLAIMS & set(claims):
            raise ValueError("tenant_claim, role_claim and cameras_claim need names of their own")
        return self


class IdentitySettings(Section):
    issuers: tuple[IssuerSettings, ...] = ()

    @model_validator(mode="after")
    def _issuers_differ(self) -> "IdentitySettings":
        names = [each.issuer for each in self.issuers]
        if len(set(names)) < len(names):
            raise ValueError("an issuer is named twice; give it several keys instead")
        return self


class PaperSettings(Section):
    """What signed PDFs are signed with; nothing given = a certificate that the site makes itself."""

    certificate_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    certificate_password: SecretStr | None = None

    @model_validator(mode="after")
    def _password_has_its_file(self) -> "PaperSettings":
        if self.certificate_password is not None and self.certificate_file is None:
            raise ValueError('"certificate_password" needs "certificate_file"')
        return self


def _amqp_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if text and urlsplit(text).scheme not in ("amqp", "amqps"):
        raise ValueError("must begin with amqp:// or amqps://")
    if text and not urlsplit(text).hostname:
        raise ValueError("names no host")
    return url


class DetectionSettings(Section):
    keep: Annotated[Duration, _A_DAY_OR_MORE] = 180 * 86400.0
    """Afterwards plate and pictures of a reading are taken away; counts remain."""
    keep_pictures: Annotated[Duration, _AN_HOUR_OR_MORE] = 180 * 86400.0
    pictures_max: Size = 20 * 2**30
    picture_sources: tuple[Annotated[str, AfterValidator(picture_source)], ...] = (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
    )
    """From where ``imagem_url`` is fetched; empty = from nowhere."""


def _amqp_name(text: str) -> str:
    # What the AMQP library takes: other names are good for some brokers, and nobody could publish to them or ask for them.
    if not re.fullmatch(r"[a-zA-Z0-9_.:@#,/+ -]+", text):
        raise ValueError("must be letters without accents, digits, spaces and _.:@#,/+- only")
    return text


class UplinkSettings(Section):
    """The hub's broker; without ``url`` nothing is kept for a hub."""

    url: Annotated[SecretStr, AfterValidator(_amqp_url)] = SecretStr("")
    exchange: Annotated[str, Field(max_length=127), AfterValidator(_amqp_name)] = "deteccoes.events"
    declare_topology: bool = False
    password_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    """Holds the password alone; takes the place of the one in ``url``, and is read at each connecting."""
    ca_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    certificate_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    key_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    keep: Annotated[Duration, _A_DAY_OR_MORE] = 90 * 86400.0
    """Messages that wait longer are given up, and that is written down."""
    max_bytes: Annotated[Size, Field(ge=2**20)] = 8 * 2**30
    watch_queues: tuple[Annotated[str, Field(max_length=255), AfterValidator(_amqp_name)], ...] = ()
    alert_waiting: Annotated[int, Field(ge=1)] = 10_000
    alert_age: Duration = 3600.0

    @property
    def has_hub(self) -> bool:
        return bool(self.url.get_secret_value())

    @model_validator(mode="after")
    def _files_go_together(self) -> "UplinkSettings":
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError('"key_file" needs "certificate_file"')
        is_tls = urlsplit(self.url.get_secret_value()).scheme == "amqps"
        if (self.ca_file or self.certificate_file) and self.url.get_secret_value() and not is_tls:
            raise ValueError('"ca_file" and "certificate_file" need an amqps:// address')
        return self


def _contact(text: str) -> str:
    parts = urlsplit(text)
    if not (parts.scheme == "mailto" and "@" in parts.path) and not (
        parts.scheme == "https" and parts.hostname
    ):
        raise ValueError(f'"{text}" is no contact; write "mailto:ti@prefeitura.example"')
    return text


def _place_in_bucket(text: str) -> str:
    parts = text.strip("/").split("/") if text else []
    if not all(re.fullmatch(r"[A-Za-z0-9_.-]+", part) and part.strip(".") for part in parts):
        raise ValueError(f'"{text}" is no prefix; write "gtvision/prefeitura"')
    return "/".join(parts)


def _bucket(text: str) -> str:
    if text and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text):
        raise ValueError(
            f'"{text}" is no name of a bucket: 3 to 63 small letters, digits, dots and hyphens, with a letter or digit at both ends'
        )
    return text


def _store_url(text: str) -> str:
    url = urlsplit(_url_of("https", "http")(text)) if text else urlsplit("")
    if url.path.strip("/") or url.query or url.username or url.password:
        raise ValueError(
            "must be scheme, host and port alone; keys and bucket have their own settings"
        )
    if text and not (_HOST.fullmatch(url.hostname or "") or ":" in (url.hostname or "")):
        raise ValueError(f'"{url.hostname}" is no host')
    return text.rstrip("/")


class ArchiveSettings(Section):
    """Copies in an object store (S3, MinIO); without ``bucket`` none are made."""

    bucket: Annotated[str, AfterValidator(_bucket)] = ""
    prefix: Annotated[str, AfterValidator(_place_in_bucket)] = ""
    endpoint: Annotated[str, AfterValidator(_store_url)] = ""
    """Empty = Amazon's of ``region``."""
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")] = "us-east-1"
    host_style: bool = False
    """The bucket stands in the host's name, not in the path."""
    access_key: Annotated[str, Field(max_length=256, pattern=r"^[!-~]*$")] = ""
    secret_key: SecretStr = SecretStr("")
    secret_key_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    """Holds the secret key alone; read whenever the store is tried anew."""
    ca_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    pictures: bool = True
    evidence: bool = True
    remove_expired_evidence: bool = False
    bytes_per_second: Annotated[Size, Field(ge=64 * 2**10)] | None = None
    """Of all copies together; None = as many as the line takes."""
    keep: Annotated[Duration, _A_DAY_OR_MORE] = 90 * 86400.0
    """Copies that wait longer are given up, and that is written down."""
    max_waiting: Annotated[int, Field(ge=1000)] = 1_000_000
    alert_waiting: Annotated[int, Field(ge=1)] = 10_000
    alert_age: Duration = 6 * 3600.0

    @model_validator(mode="after")
    def _has_keys(self) -> "ArchiveSettings":
        has_secret = bool(self.secret_key.get_secret_value())
        if has_secret and self.secret_key_file is not None:
            raise ValueError('give either "secret_key" or "secret_key_file"')
        if self.bucket and not (self.access_key and (has_secret or self.secret_key_file)):
            raise ValueError('"bucket" needs "access_key" and "secret_key" or "secret_key_file"')
        if self.ca_file is not None and self.endpoint.startswith("http://"):
            raise ValueError('"ca_file" needs an https:// endpoint')
        return self


class PushSettings(Section):
    """Notices on phones and browsers."""

    contact: Annotated[str, AfterValidator(_contact)] = "mailto:gtvision-edge@example.com"
    keep: Annotated[Duration, Field(ge=60.0, le=86400.0 * 7)] = 4 * 3600.0
    settle: Annotated[Duration, Field(ge=1.0, le=86400.0)] = 120.0
    allow_private: bool = False


class LogSettings(Section):
    level: LogLevel = "INFO"
    style: Literal["auto", "json", "text"] = "auto"


class Settings(BaseSettings):
    """All settings. Read in the composition root only; a part receives its section."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")
    toml_file: ClassVar[Path | None] = None

    site: SiteSettings = SiteSettings()
    api: ApiSettings = ApiSettings()
    storage: StorageSettings = StorageSettings()
    media: MediaSettings = MediaSettings()
    volume: VolumeSettings = VolumeSettings()
    recordings: RecordingSettings = RecordingSettings()
    integrity: IntegritySettings = IntegritySettings()
    exports: ExportSettings = ExportSettings()
    cameras: CameraSettings = CameraSettings()
    accounts: AccountSettings = AccountSettings()
    identity: IdentitySettings = IdentitySettings()
    papers: PaperSettings = PaperSettings()
    detections: DetectionSettings = DetectionSettings()
    uplink: UplinkSettings = UplinkSettings()
    archive: ArchiveSettings = ArchiveSettings()
    push: PushSettings = PushSettings()
    logs: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _ports_differ(self) -> "Settings":
        ports = {
            "api.port": self.api.port,
            "media.embedded.api_port": self.media.embedded.api_port,
            "media.embedded.hls_port": self.media.embedded.hls_port,
            "media.embedded.rtsp_port": self.media.embedded.rtsp_port,
        }
        seen: dict[int, str] = {}
        for name, port in ports.items():
            if port and port in seen:
                raise ValueError(f"{seen[port]} and {name} are both {port}")
            seen[port] = name
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the file is the only source
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        if cls.toml_file is None:
            return (init_settings,)
        return (init_settings, TomlConfigSettingsSource(settings_cls, cls.toml_file))


class BrokenSettingsError(EdgeError):
    """The settings file has faults; ``faults`` lists all of them as ``(path, message)``."""

    code: ClassVar[str] = "broken_settings"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID

    def __init__(self, source: Path, faults: list[tuple[str, str]]) -> None:
        super().__init__(f"{source} has {len(faults)} fault(s).", source=str(source))
        self.faults = faults


def load_settings(path: Path | None, **overrides: Any) -> Settings:
    """Read the TOML file at *path* (None = defaults); *overrides* are whole sections or values laid over it.

    Raises:
        BrokenSettingsError: the file is missing, is no TOML, or has wrong or unknown keys: all of them are listed.

    """
    if path is not None:
        try:
            tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BrokenSettingsError(path, [("", error.strerror or "cannot be read")]) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BrokenSettingsError(path, [("", f"is not valid TOML: {error}")]) from error
    bound = type("BoundSettings", (Settings,), {"toml_file": path})
    try:
        loaded: Settings = bound(**overrides)
    except ValidationError as error:
        faults = [
            (".".join(map(str, fault["loc"])), _explain(dict(fault))) for fault in error.errors()
        ]
        raise BrokenSettingsError(path or Path("defaults"), faults) from error
    return loaded


def _explain(fault: dict[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "is not a setting; check its spelling"
    return str(fault["msg"]).removeprefix("Value error, ")
