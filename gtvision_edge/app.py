"""The composition root: the order in which the parts start and stop. What opens one side of them stands in ``app_*.py`` beside it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from gtvision_edge import __version__
from gtvision_edge.alerts.feed import Feed
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.api.alert_feed import AlertFeed
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.server import Api, serve
from gtvision_edge.app_api import Parts, build_site_api
from gtvision_edge.app_hub import open_site_archive, open_site_line
from gtvision_edge.app_media import (
    Media,
    open_media,
    open_site_server,
    open_site_streams,
    unseen_folder,
)
from gtvision_edge.app_plates import open_site_detections, open_site_pushes
from gtvision_edge.base import Base, footage_base, open_base
from gtvision_edge.cameras.starting import CameraOutcome, add_typed_camera
from gtvision_edge.demo.readings import open_demo_readings, with_frames
from gtvision_edge.demo.site import DemoSite, open_demo_site
from gtvision_edge.health.findings import FindingRegistry
from gtvision_edge.media.choosing import free_or_any, port_error
from gtvision_edge.recordings.footage import Footage, open_footage
from gtvision_edge.runtime.clock import Clock, SystemClock
from gtvision_edge.runtime.findings import FindingSource
from gtvision_edge.runtime.pulse import Pulse
from gtvision_edge.runtime.shares import open_transfers
from gtvision_edge.runtime.systemd import notify_systemd
from gtvision_edge.runtime.tasks import Job, background, keep_running
from gtvision_edge.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """What a person who started the daemon wants to read."""

    url: str
    first_password: str | None
    """That of the user ``admin``, who was made just now; kept nowhere else."""
    cameras: tuple[CameraOutcome, ...]
    """What became of the cameras asked for on the command line."""
    volume_error: str
    media_server: str


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line adds to the settings."""

    demo: bool = False
    cameras: tuple[str, ...] = ()
    announce: Callable[[Started], None] = lambda _: None


async def run(
    settings: Settings,
    stop: asyncio.Event,
    *,
    options: RunOptions = RunOptions(),
    clock: Clock = SystemClock(),
) -> None:
    """Bring the parts up in the order they need one another, wait for *stop*, take them down in reverse.

    Raises:
        AlreadyRunningError, DatabaseTooNewError, PortInUseError …: nothing can be served; or a group with a FatalError.

    """
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as stack:
        enter = stack.enter_async_context

        async def service(name: str, job: Job) -> None:
            await enter(background(tasks, name, lambda: keep_running(name, job, clock=clock)))

        async def services(jobs: Mapping[str, Job]) -> None:
            for name, job in jobs.items():
                await service(name, job)

        base = await open_base(settings, clock, stack)
        await service("pulse", Pulse(clock, registry=base.registry).run)
        if base.accounts.issuers:
            await service("issuer-keys", base.accounts.issuers.keep_keys_fresh_forever)
        await service("volume", base.volume.run)
        await base.breaker.load()
        await service("breaker", base.breaker.run)
        server = await enter(open_site_server(base, is_trial=options.demo, is_stopping=stop.is_set))
        await service("media-choice", server.run)
        media = await open_media(base, server, stack)
        footage = await enter(open_footage(footage_base(base, media.views.path_view), tasks=tasks))
        await service(
            "logins",
            lambda: base.accounts.sessions.keep_house_forever(
                lambda: footage.retention.clock_guard.is_trusted
            ),
        )
        uplink = open_site_line(base, footage)
        archive = await enter(open_site_archive(base, footage))
        alerts = AlertDesk(base.database, base.audit, clock, base.bus, words=base.words)
        pushes = await enter(
            open_site_pushes(base, alerts, media.monitor, uplink=uplink, archive=archive)
        )
        notices = _notices(base, media, footage)
        leaving = (uplink.findings, archive.watch.findings, pushes.sender.findings)
        findings = FindingRegistry(
            [
                *_findings(base, media, footage, notices, leaving),
                lambda: detections.findings(),
            ],
            clock,
            registry=base.registry,
        )
        proxies = Proxies(settings.api.trusted_proxies)
        authenticator = RequestAuthenticator(
            base.accounts.sessions, proxies, cors_origins=settings.api.cors_origins
        )
        transfers = open_transfers(base.registry)
        streams = await enter(
            open_site_streams(
                base,
                media,
                tasks=tasks,
                authenticator=authenticator,
                proxies=proxies,
                transfers=transfers,
            )
        )
        rules = with_frames(settings.detections) if options.demo else settings.detections
        detections = await enter(open_site_detections(base, footage, rules))
        await services(detections.jobs)
        feed = Feed(base.database, base.bus, clock, words=base.words, registry=base.registry)
        await feed.load()
        await service("feed", feed.follow)
        await service("feed-heartbeat", feed.beat)
        alert_feed = AlertFeed(feed, authenticator, base.accounts.sessions, registry=base.registry)
        api = await build_site_api(
            Parts(
                base=base,
                footage=footage,
                uplink=uplink,
                archive=archive,
                detections=detections,
                alerts=alerts,
                pushes=pushes,
                feed=alert_feed,
                media=media,
                findings=findings,
                notices=notices,
                streams=streams,
                authenticator=authenticator,
                proxies=proxies,
                transfers=transfers,
            )
        )
        await services(media.jobs)
        await service("findings", findings.run)
        await services(uplink.jobs)
        await services(archive.jobs)
        await service("disk-watch", base.disk_watch.run)
        await service("push-sender", pushes.sender.run)
        await service("push-troubles", pushes.troubles.run)
        demo, outcomes = await _extra_cameras(base, options, stack)
        url = await _listen(api, settings, options, stack)
        if demo is not None:
            readings = open_demo_readings(demo, detections, url=url, clock=clock)
            await service("demo-readings", (await enter(readings)).run)
        stack.callback(alert_feed.let_go)
        # Leaves first, so that the server need not wait for live sockets.
        stack.callback(streams.gateway.let_go)
        options.announce(
            Started(
                url=url,
                first_password=base.accounts.first_password,
                cameras=outcomes,
                volume_error=base.volume.error.message if base.volume.error else "",
                media_server=server.api_url,
            )
        )
        log.info("started", url=url, version=__version__, cameras=len(base.cameras.all_cameras()))
        notify_systemd("READY=1")
        await stop.wait()
        notify_systemd("STOPPING=1")
    log.info("stopped")


def _notices(base: Base, media: Media, footage: Footage) -> dict[str, FindingSource]:
    """Return the findings that ``/readyz`` tells of, too, by the names it gives them."""
    return {
        "identity": base.accounts.issuers.findings,
        "papers": base.keys.findings,
        "paths": media.path_troubles.findings,
        "integrity": footage.integrity.findings,
    }


def _findings(
    base: Base,
    media: Media,
    footage: Footage,
    notices: Mapping[str, FindingSource],
    leaving: Sequence[FindingSource],
) -> list[FindingSource]:
    """Return what finds what somebody should mend, as it is listed; *leaving*: of what leaves the site."""
    return [
        media.examiner.findings,
        unseen_folder(base, media).findings,
        media.server.findings,
        base.recording_findings,
        *notices.values(),
        base.mender.findings,
        footage.retention.clock_guard.findings,
        *leaving,
        footage.hasher.findings,
        footage.indexer.findings,
        footage.retention.keeper.findings,
    ]


async def _extra_cameras(
    base: Base, options: RunOptions, stack: AsyncExitStack
) -> tuple[DemoSite | None, tuple[CameraOutcome, ...]]:
    demo = None
    if options.demo:
        zone = ZoneInfo(base.settings.site.timezone)
        demo = await stack.enter_async_context(
            open_demo_site(base.cameras, zone=zone, clock=base.clock)
        )
    typed = [await add_typed_camera(base.cameras, url) for url in options.cameras]
    return demo, (*(demo.outcomes if demo else ()), *typed)


async def _listen(api: Api, settings: Settings, options: RunOptions, stack: AsyncExitStack) -> str:
    host, port = settings.api.host, settings.api.port
    if options.demo:
        port = await free_or_any(host, port)
    try:
        port = await stack.enter_async_context(
            serve(api.application, host=host, port=port, short_way=api.short_way)
        )
    except OSError as error:
        raise port_error(error, str(port), "api.port") from error
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 -- compared, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
