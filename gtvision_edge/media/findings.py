"""What is wrong with the MediaMTX beside us: too old, open to the network, or set up to work against us."""

import asyncio
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gtvision_edge.errors import EdgeError
from gtvision_edge.media.client import MediaServerClient, ServerInfo
from gtvision_edge.media.paths import parse_duration_ns
from gtvision_edge.runtime.clock import Clock

OLDEST: Final = (1, 20, 1)
"""Older ones lack, or break, what we rely on (facts of each version stand in MediaMTX's changelog)."""

LOOK_INTERVAL_S: Final = 30.0
FIRST_INTERVAL_S: Final = 2.0
"""Between looks until a server answered for the first time."""

# Each server of MediaMTX: the switch, and where it listens.
_LISTENERS: Final = (
    ("api", "apiAddress"),
    ("metrics", "metricsAddress"),
    ("pprof", "pprofAddress"),
    ("playback", "playbackAddress"),
    ("rtsp", "rtspAddress"),
    ("rtmp", "rtmpAddress"),
    ("hls", "hlsAddress"),
    ("webrtc", "webrtcAddress"),
    ("srt", "srtAddress"),
    ("moq", "moqHTTP2Address"),
)
_CATCH_ALL: Final = frozenset({"all", "all_others", "~^.*$"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something an administrator should mend; *facts* go with the words for the stable *code*."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


def examine(
    info: ServerInfo,
    settings: Mapping[str, Any],
    path_defaults: Mapping[str, Any],
    path_names: Iterable[str],
) -> list[Finding]:
    """Return what is wrong with a MediaMTX of these settings, the worst first."""
    if info.kind != "mediamtx":
        return []
    found = []
    if info.release is None or info.release < OLDEST:
        needed = ".".join(map(str, OLDEST))
        found.append(Finding("media_server_too_old", {"version": info.version, "needed": needed}))
    if _lets_anybody_publish(settings):
        found.append(Finding("media_server_open_to_publishers"))
    found += (
        Finding("media_server_open_to_network", {"listener": name, "address": address})
        for name, address in _open_listeners(settings)
    )
    if parse_duration_ns(str(path_defaults.get("recordDeleteAfter", ""))):
        after = path_defaults["recordDeleteAfter"]
        found.append(Finding("media_server_deletes_recordings", {"after": after}))
    if not _CATCH_ALL.isdisjoint(path_names):
        found.append(Finding("media_server_takes_any_path"))
    if settings.get("hls") is False:
        found.append(Finding("media_server_without_hls"))
    elif settings.get("hlsVariant") == "lowLatency":
        found.append(Finding("media_server_low_latency_hls"))
    return found


def _open_listeners(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for switch, name in _LISTENERS:
        address = str(settings.get(name) or "")
        if settings.get(switch) and address and not _is_loopback(address):
            yield switch, address


def _is_loopback(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # ":8554" listens everywhere


def _lets_anybody_publish(settings: Mapping[str, Any]) -> bool:
    if settings.get("authMethod") != "internal":
        return False
    for user in settings.get("authInternalUsers") or []:
        actions = {permission.get("action") for permission in user.get("permissions") or []}
        if user.get("user") == "any" and "publish" in actions:
            return True
    return False


class MediaServerExaminer:
    """Looks at the media server's own settings every half minute, and keeps what it found."""

    def __init__(self, client: MediaServerClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._findings: list[Finding] = []
        self._offers_webrtc = False
        self._has_looked = False

    @property
    def findings(self) -> list[Finding]:
        """Return what was wrong when the server last answered."""
        return list(self._findings)

    @property
    def offers_webrtc(self) -> bool:
        """Tell whether the server had WebRTC when it last answered."""
        return self._offers_webrtc

    @property
    def has_looked(self) -> bool:
        """Tell whether a server ever answered; until then nothing is known of it."""
        return self._has_looked

    async def run(self) -> None:
        """Look until cancelled; a server that does not answer is somebody else's news."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_INTERVAL_S if self._has_looked else FIRST_INTERVAL_S)

    async def look(self) -> None:
        try:
            info = await self._client.info()
            if info.kind != "mediamtx":
                self._findings, self._offers_webrtc, self._has_looked = [], False, True
                return
            settings, defaults, paths = await asyncio.gather(
                self._client.global_settings(),
                self._client.path_defaults(),
                self._client.config_paths(),
            )
        except EdgeError:
            return
        self._findings = examine(info, settings, defaults, paths)
        self._offers_webrtc = settings.get("webrtc") is True
        self._has_looked = True
