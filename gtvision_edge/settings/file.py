"""The whole file: every fault printed at once, unknown keys refused by name."""

import tomllib
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.settings.box import (
    ApiSettings,
    CameraSettings,
    ExportSettings,
    IntegritySettings,
    LogSettings,
    MediaSettings,
    RecordingSettings,
    SiteSettings,
    StorageSettings,
    VolumeSettings,
)
from gtvision_edge.settings.leaving import (
    ArchiveSettings,
    DetectionSettings,
    PushSettings,
    UplinkSettings,
)
from gtvision_edge.settings.people import AccountSettings, IdentitySettings, PaperSettings


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
