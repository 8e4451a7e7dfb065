"""How the box is, on one page."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

import structlog

from gtvision_edge.api.cameras import CameraStates
from gtvision_edge.api.routing import EVERYONE, Answer, Call, Endpoint
from gtvision_edge.cameras.model import CameraState
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.media.findings import Finding
from gtvision_edge.media.model import MediaServerState
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import SiteSettings

log = structlog.get_logger(__name__)

_DISK_PATIENCE_S = 2.0


class MediaStatus(Protocol):
    """What is known of the media server."""

    @property
    def state(self) -> MediaServerState: ...


class MediaFindings(Protocol):
    """What is wrong with how the media server is set up."""

    @property
    def findings(self) -> Sequence[Finding]: ...


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
    total_bytes: int | None
    """null: the disk does not answer."""
    free_bytes: int | None
    used_bytes: int | None


class MediaServerAnswer(Answer):
    kind: Literal["embedded", "mediamtx"] | None
    """null: it has not answered yet."""
    version: str | None
    state: Literal["up", "down"]
    findings: list[dict[str, Any]]
    """What to mend in its settings: a stable ``code`` and its facts; empty for those of one tenant."""


class StatusAnswer(Answer):
    site: SiteAnswer
    version: str
    cameras: CameraCountsAnswer
    viewers: int | None
    """null for those of one tenant."""
    storage: StorageAnswer
    media_server: MediaServerAnswer
    hub: None = None


class _StatusResource:
    def __init__(
        self,
        cameras: CameraService,
        states: CameraStates,
        media: MediaStatus,
        viewers: ViewerCount,
        *,
        findings: MediaFindings,
        site: SiteSettings,
        site_id: str,
        version: str,
        volume: Path,
        clock: Clock,
    ) -> None:
        self._cameras = cameras
        self._states = states
        self._media = media
        self._findings = findings
        self._viewers = viewers
        self._site = site
        self._site_id = site_id
        self._version = version
        self._volume = volume
        self._clock = clock
        self._zone = ZoneInfo(site.timezone)
        self._looking: asyncio.Task[Any] | None = None

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
            storage=await self._storage(),
            media_server=MediaServerAnswer(
                kind=_kind(server.kind),
                version=server.version or None,
                state="up" if server.up else "down",
                findings=[
                    {"code": finding.code, **finding.facts}
                    for finding in self._findings.findings
                    if principal.tenant_id is None
                ],
            ),
        )

    async def _storage(self) -> StorageAnswer:
        """Ask the disk in a thread; one that hangs holds that one thread, and no answer of ours."""
        if self._looking is None or self._looking.done():
            # Ends by itself as soon as the disk answers; its failure is read by whoever waits.
            self._looking = asyncio.create_task(
                asyncio.to_thread(shutil.disk_usage, self._volume), name="disk-usage"
            )
        try:
            async with asyncio.timeout(_DISK_PATIENCE_S):
                total, used, free = await asyncio.shield(self._looking)
        except (OSError, TimeoutError) as error:
            log.warning("disk_gives_no_answer", error=type(error).__name__)
            return StorageAnswer(
                volume=str(self._volume), total_bytes=None, free_bytes=None, used_bytes=None
            )
        return StorageAnswer(
            volume=str(self._volume), total_bytes=total, free_bytes=free, used_bytes=used
        )


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
    findings: MediaFindings,
    site: SiteSettings,
    site_id: str,
    version: str,
    volume: Path,
    clock: Clock,
) -> list[Endpoint]:
    """Return ``/status``."""
    resource = _StatusResource(
        cameras,
        states,
        media,
        viewers,
        findings=findings,
        site=site,
        site_id=site_id,
        version=version,
        volume=volume,
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
