"""What is wrong with the MediaMTX beside us: away, too old, open to the network, or set up to work against us."""

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import structlog

from gtvision_edge.media.client import MediaServerClient, ServerInfo
from gtvision_edge.media.errors import MediaServerRefusedError, MediaServerUnavailableError
from gtvision_edge.media.model import MediaServerState
from gtvision_edge.media.paths import parse_duration_ns
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, Severity

log = structlog.get_logger(__name__)

OLDEST: Final = (1, 20, 1)
"""Older ones lack, or break, what we rely on (facts of each version stand in MediaMTX's changelog)."""

LOOK_INTERVAL_S: Final = 30.0
FIRST_INTERVAL_S: Final = 2.0
"""Between looks until a server answered for the first time."""
MAX_WORD: Final = 80

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
_REDACTED: Final = "<redacted>"
_CATCH_ALL: Final = frozenset({"all", "all_others", "~^.*$"})


def examine(
    info: ServerInfo,
    settings: Mapping[str, Any] | None,
    path_defaults: Mapping[str, Any] | None,
    path_names: Iterable[str] | None,
    *,
    hls_secret: str | None = None,
) -> list[Finding]:
    """Return what is wrong with a MediaMTX of these settings; *hls_secret* is ours, None is what it did not tell."""
    if info.kind != "mediamtx":
        return []
    found = list(_wrong_with_itself(info))
    if settings is not None:
        found += _wrong_with_settings(settings, hls_secret)
    if path_defaults is not None:
        after = str(path_defaults.get("recordDeleteAfter", ""))[:MAX_WORD]
        if parse_duration_ns(after):
            found.append(Finding("media_server_deletes_recordings", facts={"after": after}))
    if path_names is not None and not _CATCH_ALL.isdisjoint(path_names):
        found.append(Finding("media_server_takes_any_path"))
    if settings is None or path_defaults is None or path_names is None:
        found.append(Finding("media_server_unexamined"))
    return found


def _wrong_with_itself(info: ServerInfo) -> Iterator[Finding]:
    if info.release is None or info.release < OLDEST:
        needed = ".".join(map(str, OLDEST))
        yield Finding("media_server_too_old", facts={"version": info.version, "needed": needed})
    if info.utc_offset:
        # Names of recorded files are read as UTC: footage would lie hours from where it belongs.
        yield Finding("media_server_not_utc", Severity.ALARM, {"offset": info.utc_offset})


def _wrong_with_settings(settings: Mapping[str, Any], hls_secret: str | None) -> Iterator[Finding]:
    if _lets_anybody_publish(settings):
        yield Finding("media_server_open_to_publishers")
    for name, address in _open_listeners(settings):
        yield Finding("media_server_open_to_network", facts={"listener": name, "address": address})
    if settings.get("hls") is False:
        yield Finding("media_server_without_hls")
    elif settings.get("hlsVariant") == "lowLatency":
        yield Finding("media_server_low_latency_hls")
    if settings.get("rtsp") is False:
        yield Finding("media_server_without_rtsp")
    if settings.get("hls") is not False and _differs(settings.get("hlsCDNSecret"), hls_secret):
        yield Finding("media_server_secret_differs")


def _differs(theirs: object, ours: str | None) -> bool:
    if not isinstance(theirs, str) or theirs == _REDACTED:
        return False  # it tells no secret
    return not hmac.compare_digest(theirs.encode(), (ours or "").encode())


def outage(state: MediaServerState) -> list[Finding]:
    """Return what is told of a media server that is asked and does not do its work."""
    if state.up or not state.error:
        return []
    return [Finding(state.error, Severity.ALARM, {"kind": state.kind or None})]


def _open_listeners(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for switch, name in _LISTENERS:
        address = str(settings.get(name) or "")[:MAX_WORD]
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
    return any(
        user.get("user") == "any"
        and any(each.get("action") == "publish" for each in _objects(user.get("permissions")))
        for user in _objects(settings.get("authInternalUsers"))
    )


def _objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list; what else a server may send there tells nothing."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


class MediaServerExaminer:
    """Looks at the media server's own settings every half minute, and keeps what it found.

    *state* tells whether it answers: while it does not, that is the only finding, whatever else there was before.
    """

    def __init__(
        self,
        client: MediaServerClient,
        clock: Clock,
        *,
        state: Callable[[], MediaServerState],
        hls_secret: str | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._state = state
        self._hls_secret = hls_secret
        self._findings: list[Finding] = []
        self._answers: dict[str, Mapping[str, Any]] = {}
        self._unanswered: dict[str, str] = {}
        self._offers_webrtc = False
        self._has_looked = False

    def findings(self) -> list[Finding]:
        """Return that the server is away; else what was wrong when its settings were last read."""
        state = self._state()
        return list(self._findings) if state.up else outage(state)

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
        """Look once. A question without a good answer leaves the others, and what it answered before, as they are."""
        try:
            info = await self._client.info()
        except (MediaServerUnavailableError, MediaServerRefusedError):
            return
        if info.kind == "mediamtx":
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._ask("settings", self._client.global_settings))
                tasks.create_task(self._ask("defaults", self._client.path_defaults))
                tasks.create_task(self._ask("paths", self._client.config_paths))
        else:
            self._answers = {}
        settings = self._answers.get("settings")
        self._findings = examine(
            info,
            settings,
            self._answers.get("defaults"),
            self._answers.get("paths"),
            hls_secret=self._hls_secret,
        )
        self._offers_webrtc = settings is not None and settings.get("webrtc") is True
        self._has_looked = True

    async def _ask(self, name: str, question: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        try:
            self._answers[name] = await question()
        except (MediaServerUnavailableError, MediaServerRefusedError) as error:
            if self._unanswered.get(name) != error.code:
                log.warning("media_server_unexamined", question=name, code=error.code)
            self._unanswered[name] = error.code
        else:
            self._unanswered.pop(name, None)
