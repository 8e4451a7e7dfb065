"""The settings of a box: one TOML file, every fault printed at once, unknown keys refused by name."""

from gtvision_edge.settings.box import (
    ApiSettings,
    CameraSettings,
    EmbeddedSettings,
    ExportSettings,
    IntegritySettings,
    LogSettings,
    MediaSettings,
    RecordingSettings,
    SiteSettings,
    StorageSettings,
    VolumeSettings,
)
from gtvision_edge.settings.file import BrokenSettingsError, Settings, load_settings
from gtvision_edge.settings.leaving import (
    ArchiveSettings,
    DetectionSettings,
    PushSettings,
    UplinkSettings,
)
from gtvision_edge.settings.people import (
    AccountSettings,
    IdentitySettings,
    IssuerKeySettings,
    IssuerSettings,
    PaperSettings,
)
from gtvision_edge.settings.values import parse_duration, picture_source

__all__ = [
    "AccountSettings",
    "ApiSettings",
    "ArchiveSettings",
    "BrokenSettingsError",
    "CameraSettings",
    "DetectionSettings",
    "EmbeddedSettings",
    "ExportSettings",
    "IdentitySettings",
    "IntegritySettings",
    "IssuerKeySettings",
    "IssuerSettings",
    "LogSettings",
    "MediaSettings",
    "PaperSettings",
    "PushSettings",
    "RecordingSettings",
    "Settings",
    "SiteSettings",
    "StorageSettings",
    "UplinkSettings",
    "VolumeSettings",
    "load_settings",
    "parse_duration",
    "picture_source",
]
