"""How the box is, on one page."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from gtvision_edge.api.cameras import CameraStates
from gtvision_edge.api.lines import ArchiveAnswer, UplinkAnswer, archive_answer, uplink_answer
from gtvision_edge.api.routing import EVERYONE, Answer, Call, Endpoint
from gtvision_edge.archive.watch import ArchiveView
from gtvision_edge.cameras.model import CameraState
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.media.model import MediaServerState
from gtvision_edge.recordings.errors import VolumeFullError, VolumeMissingError
from gtvision_edge.recordings.retention.errors import BreakerOpenError
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import SiteSettings
from gtvision_edge.uplink.watch import LineView

StorageState = Literal["present", "full", "missing", "unusable"]

_STORAGE_STATES: Mapping[str, StorageState] = {
    "": "present",
    VolumeFullError.code: "full",
    BreakerOpenError.code: "full",
    VolumeMissingError.code: "missing",
}


class MediaStatus(Protocol):
    """What is known of the media server."""

    @property
    def state(self) -> MediaServerState: ...


class RecordingsVolume(Protocol):
    """The volume as it was at the last look, a second ago."""

    @property
    def root(self) -> Path: ...
    @property
    def usage(self) -> Usage | None: ...
    @property
    def trouble(self) -> str: ...


class LineToHub(Protocol):
    """The line as it was at the last look, seconds ago."""

    @property
    def view(self) -> LineView: ...


class CopiesInStore(Protocol):
    """The archive as it was at the last look, seconds ago."""

    @property
    def view(self) -> ArchiveView: ...


class ViewerCount(Protocol):
    """How many viewings are going on, all tenants together."""

    def viewers(self) -> int: ...


class SiteAnswer(Answer):
    id: str
    name: str
    timezone: str
    now: str


class CameraCountsAnswer(Answer):
    total: int
    recording: int
    online_not_recording: int
    offline: int
    unauthorized: int
    unknown: int
    disabled: int


class StorageAnswer(Answer):
    volume: str
    state: StorageState
    """``missing``: not mounted, or emptied; ``full``: no room left; ``unusable``: see ``error``. Nothing is recorded then."""
    error: str | None
    """The code of what is wrong, null when all is well."""
    total_bytes: int | None
    """null, as the other sizes: the volume is not there, and what lies under its name is another disk."""
    free_bytes: int | None
    used_bytes: int | None


class MediaServerAnswer(Answer):
    kind: Literal["embedded", "mediamtx"] | None
    """null: it has not answered yet."""
    version: str | None
    state: Literal["up", "down", "unknown"]
    """``unknown``: the daemon started just now and has not asked it yet."""
    error: str | None
    """The code of why it is down: ``media_server_unavailable`` (nobody answers), ``_silent`` (it takes the call and says
    nothing), ``_unauthorized`` (it wants a password), ``_too_old``, ``_foreign`` (somebody else has its port), ``_odd`` (its
    answers make no sense), ``_refused``."""
    since: str
    """Since when it is in this state."""
    webrtc: bool
    """Whether ``/whep/{path}`` is worth trying."""


class StatusAnswer(Answer):
    site: SiteAnswer
    version: str
    cameras: CameraCountsAnswer
    viewers: int | None
    """null for those of one tenant."""
    storage: StorageAnswer
    media_server: MediaServerAnswer
    uplink: UplinkAnswer | None
    """null for those of one tenant: what waits is every tenant's."""
    archive: ArchiveAnswer | None
    """null for those of one tenant, likewise."""
    findings: list[dict[str, Any]]
    """All that somebody should mend, alarms first: a stable ``code``, its ``severity`` (``alarm``: something is lost now;
    ``warning``) and its facts. Those of one tenant get the alarms, without facts."""


class _StatusResource:
    def __init__(
        self,
        cameras: CameraService,
        states: CameraStates,
        media: MediaStatus,
        viewers: ViewerCount,
        *,
        findings: Callable[[], Sequence[Finding]],
        offers_webrtc: Callable[[], bool],
        site: SiteSettings,
        site_id: str,
        version: str,
        volume: RecordingsVolume,
        line: LineToHub,
        archive: CopiesInStore,
        breaker_trouble: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._cameras = cameras
        self._states = states
        self._media = media
        self._findings = findings
        self._offers_webrtc = offers_webrtc
        self._viewers = viewers
        self._site = site
        self._site_id = site_id
        self._version = version
        self._volume = volume
        self._line = line
        self._archive = archive
        self._breaker_trouble = breaker_trouble
        self._clock = clock
        self._zone = ZoneInfo(site.timezone)

    async def status(self, call: Call) -> StatusAnswer:
        principal = call.principal
        counts = Counter(
            self._states.state_of(camera.camera_id).state
            for camera in self._cameras.all_cameras()
            if principal.may_see_camera(camera.camera_id, camera.tenant_id)
        )
        server = self._media.state
        return StatusAnswer(
            site=SiteAnswer(
                id=self._site_id,
                name=self._site.name,
                timezone=self._site.timezone,
                now=to_rfc3339(self._clock.now_us(), self._zone),
            ),
            version=self._version,
            cameras=CameraCountsAnswer(
                total=counts.total(), **{state.value: counts[state] for state in CameraState}
            ),
            # How many watch another tenant's cameras is that tenant's business.
            viewers=self._viewers.viewers() if principal.tenant_id is None else None,
            storage=self._storage(),
            media_server=MediaServerAnswer(
                kind=_kind(server.kind),
                version=server.version or None,
                state=_state(server),
                error=server.error or None,
                since=to_rfc3339(server.since_us, self._zone),
                webrtc=self._offers_webrtc(),
            ),
            uplink=uplink_answer(self._line.view, self._zone)
            if principal.tenant_id is None
            else None,
            archive=archive_answer(self._archive.view, self._zone)
            if principal.tenant_id is None
            else None,
            findings=_told(self._findings(), to_all_tenants=principal.tenant_id is None),
        )

    def _storage(self) -> StorageAnswer:
        usage, code = self._volume.usage, self._volume.trouble or self._breaker_trouble()
        return StorageAnswer(
            volume=str(self._volume.root),
            state=_STORAGE_STATES.get(code, "unusable"),
            error=code or None,
            total_bytes=usage.total if usage else None,
            free_bytes=usage.free if usage else None,
            used_bytes=usage.used if usage else None,
        )


def _told(findings: Sequence[Finding], *, to_all_tenants: bool) -> list[dict[str, Any]]:
    """How the box is set up is not a tenant's business, that nothing is recorded is."""
    if to_all_tenants:
        return [{"code": each.code, "severity": each.severity, **each.facts} for each in findings]
    return [
        {"code": each.code, "severity": each.severity}
        for each in findings
        if each.severity is Severity.ALARM
    ]


def _state(server: MediaServerState) -> Literal["up", "down", "unknown"]:
    if server.up:
        return "up"
    return "down" if server.was_asked else "unknown"


def _kind(kind: str) -> Literal["embedded", "mediamtx"] | None:
    if kind == "embedded":
        return "embedded"
    return "mediamtx" if kind else None


def status_endpoints(
    cameras: CameraService,
    states: CameraStates,
    media: MediaStatus,
    viewers: ViewerCount,
    *,
    findings: Callable[[], Sequence[Finding]],
    offers_webrtc: Callable[[], bool],
    site: SiteSettings,
    site_id: str,
    version: str,
    volume: RecordingsVolume,
    line: LineToHub,
    archive: CopiesInStore,
    clock: Clock,
    breaker_trouble: Callable[[], str] = lambda: "",
) -> list[Endpoint]:
    """Return ``/status``."""
    resource = _StatusResource(
        cameras,
        states,
        media,
        viewers,
        findings=findings,
        offers_webrtc=offers_webrtc,
        site=site,
        site_id=site_id,
        version=version,
        volume=volume,
        line=line,
        archive=archive,
        breaker_trouble=breaker_trouble,
        clock=clock,
    )
    return [
        Endpoint(
            "GET",
            "/status",
            resource.status,
            "Tell how the box is; cameras are counted as far as one may see them",
            "box",
            EVERYONE,
            response=StatusAnswer,
        ),
    ]
