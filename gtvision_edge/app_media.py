"""Opens what speaks with the media server: paths and their state, the cameras' own state, what people watch live."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.base import Base
from gtvision_edge.cameras.model import CameraState
from gtvision_edge.cameras.monitor import CameraMonitor, rtsp_ask
from gtvision_edge.cameras.urls import DEFAULT_RTSP_PORT
from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.choosing import (
    MediaMtxSigns,
    MediaServer,
    find_hls_secret,
    open_media_server,
)
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.findings import MediaServerExaminer
from gtvision_edge.media.gateway import MediaServerPlace
from gtvision_edge.media.path_troubles import PathTroubles
from gtvision_edge.media.paths import PathRules
from gtvision_edge.media.reconciler import Reconciler
from gtvision_edge.media.streams import Streams, open_streams
from gtvision_edge.media.unseen_folder import UnseenFolder
from gtvision_edge.media.view import MediaViews
from gtvision_edge.media.wanted import WantedPaths
from gtvision_edge.media.whep import WebRtcPlace
from gtvision_edge.recordings.retention.breaker import BreakerClosed, BreakerOpened
from gtvision_edge.recordings.volume import VolumeFound, VolumeLost
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.runtime.tasks import Job


@dataclass(frozen=True, slots=True)
class Media:
    """What others use of it; *jobs*, by their names, are to be run as services."""

    server: MediaServer
    client: MediaServerClient
    hls_secret: str | None
    admissions: Admissions
    path_troubles: PathTroubles
    views: MediaViews
    monitor: CameraMonitor
    reconciler: Reconciler
    examiner: MediaServerExaminer
    jobs: Mapping[str, Job]


def open_site_server(
    base: Base, *, is_trial: bool, is_stopping: Callable[[], bool]
) -> AbstractAsyncContextManager[MediaServer]:
    """Open the media server of this run; its ``run`` is a service.

    Raises:
        PortInUseError: our own was asked for by name, and one of its ports is taken.

    """
    settings = base.settings
    return open_media_server(
        settings.media,
        MediaMtxSigns(settings.media, settings.storage.state_dir),
        record_root=base.volume.root,
        bus=base.bus,
        clock=base.clock,
        is_trial=is_trial,
        is_stopping=is_stopping,
    )


async def open_media(base: Base, server: MediaServer, stack: AsyncExitStack) -> Media:
    """Open what speaks with *server*; *stack* closes it again."""
    settings = base.settings.media
    if server.kind == "mediamtx":
        base.prober.expect_sound_kept()
    for url in server.rtsp_urls:
        base.own_servers.keep_away_from(urlsplit(url).port or DEFAULT_RTSP_PORT)
    session = await stack.enter_async_context(aiohttp.ClientSession())
    client = MediaServerClient(
        server.api_url, settings.api_timeout, session, registry=base.registry
    )
    admissions, path_troubles = Admissions(), PathTroubles(base.clock)
    views = MediaViews(
        client,
        base.cameras,
        recordings=base.volume.directory_of,
        admissions=admissions,
        clock=base.clock,
        registry=base.registry,
    )
    stack.callback(views.close)
    monitor = _monitor(base, views, stream_trouble=lambda: reconciler.state.error)
    await monitor.load()
    reconciler = _reconciler(base, client, monitor, server, admissions, path_troubles)
    hls_secret = await asyncio.to_thread(find_hls_secret, settings)
    examiner = MediaServerExaminer(
        client, base.clock, state=lambda: reconciler.state, hls_secret=hls_secret
    )
    return Media(
        server=server,
        client=client,
        hls_secret=hls_secret,
        admissions=admissions,
        path_troubles=path_troubles,
        views=views,
        monitor=monitor,
        reconciler=reconciler,
        examiner=examiner,
        jobs={
            "reconciler": reconciler.run,
            "media-view": views.run,
            "media-examiner": examiner.run,
            "camera-monitor": monitor.run,
        },
    )


def unseen_folder(base: Base, media: Media) -> UnseenFolder:
    """Return what tells that the media server does not see the volume."""
    return UnseenFolder(
        lambda: base.volume.record_root,
        server=lambda: media.reconciler.state,
        recorded=media.monitor.count_recorded,
        unrecorded=media.monitor.count_unexplained,
        clock=base.clock,
    )


def open_site_streams(
    base: Base,
    media: Media,
    *,
    tasks: asyncio.TaskGroup,
    authenticator: RequestAuthenticator,
    proxies: Proxies,
    transfers: Shares,
) -> AbstractAsyncContextManager[Streams]:
    """Open what people watch live, its jobs in *tasks*; *transfers* are those of the whole site."""
    server, reconciler, examiner = media.server, media.reconciler, media.examiner
    return open_streams(
        MediaServerPlace(
            server.hls_url, media.hls_secret, lambda: reconciler.state.kind or server.kind
        ),
        WebRtcPlace(
            base.settings.media.webrtc_url,
            media.client,
            is_up=lambda: reconciler.state.up and examiner.has_looked,
            is_offered=lambda: examiner.offers_webrtc,
        ),
        tasks=tasks,
        cameras=base.cameras,
        authenticator=authenticator,
        sessions=base.accounts.sessions,
        client_address=proxies.client_address,
        admits=media.admissions.admits,
        database=base.database,
        audit=base.audit,
        recordings=base.volume.directory_of,
        transfers=transfers,
        clock=base.clock,
        registry=base.registry,
    )


def _monitor(base: Base, views: MediaViews, *, stream_trouble: Callable[[], str]) -> CameraMonitor:
    settings = base.settings.cameras
    return CameraMonitor(
        base.cameras,
        database=base.database,
        media=views,
        ask=rtsp_ask(base.resolver, timeout_s=settings.probe_timeout),
        bus=base.bus,
        clock=base.clock,
        settings=settings,
        registry=base.registry,
        was_booted=base.was_booted,
        recording_trouble=lambda: base.recording_trouble,
        stream_trouble=stream_trouble,
        tell=base.news.tell_camera,
    )


def _reconciler(
    base: Base,
    client: MediaServerClient,
    monitor: CameraMonitor,
    server: MediaServer,
    admissions: Admissions,
    path_troubles: PathTroubles,
) -> Reconciler:
    def refuses_password(camera_id: str) -> bool:
        return monitor.state_of(camera_id).state is CameraState.UNAUTHORIZED

    def may_record(camera_id: str) -> bool:
        return base.volume.is_present() and base.breaker.allows(camera_id)

    wanted = WantedPaths(
        client,
        base.cameras,
        PathRules(
            volume=base.volume.record_root,
            rtsp_url=server.rtsp_url,
            record_segment_s=base.settings.media.record_segment,
        ),
        clock=base.clock,
        claim_directory=base.volume.claim_directory,
        admissions=admissions,
        suspended=refuses_password,
        recording_allowed=may_record,
    )
    return Reconciler(
        client,
        wanted,
        bus=base.bus,
        clock=base.clock,
        admissions=admissions,
        path_troubles=path_troubles,
        news=(VolumeLost, VolumeFound, BreakerOpened, BreakerClosed),
        interval_s=base.settings.media.reconcile_interval,
        registry=base.registry,
    )
