"""Opens the API: what it answers, over all parts."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gtvision_edge import __version__
from gtvision_edge.accounts import Passes
from gtvision_edge.alerts.marks import ReadingMarks
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.api.alert_feed import AlertFeed
from gtvision_edge.api.alerts import alert_endpoints
from gtvision_edge.api.archive import archive_endpoints
from gtvision_edge.api.audit import audit_endpoints
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.auth_check import auth_check_endpoints
from gtvision_edge.api.cameras import camera_endpoints
from gtvision_edge.api.console import load_console
from gtvision_edge.api.detection_table import detection_table_endpoints
from gtvision_edge.api.detections import detection_endpoints
from gtvision_edge.api.discovery import discovery_endpoints
from gtvision_edge.api.exports import export_endpoints
from gtvision_edge.api.footage import footage_endpoints
from gtvision_edge.api.geojson import geojson_endpoints
from gtvision_edge.api.incidents import incident_endpoints
from gtvision_edge.api.integrity import integrity_endpoints
from gtvision_edge.api.itsapi import itsapi_routes
from gtvision_edge.api.mosaics import mosaic_endpoints
from gtvision_edge.api.people import people_endpoints
from gtvision_edge.api.pictures import picture_endpoints
from gtvision_edge.api.plate_sources import plate_source_endpoints
from gtvision_edge.api.probes import probe_routes
from gtvision_edge.api.purge_papers import purge_paper_endpoints
from gtvision_edge.api.push_access import push_access_endpoints
from gtvision_edge.api.push_subscriptions import push_subscription_endpoints
from gtvision_edge.api.pushes import push_endpoints
from gtvision_edge.api.routing import Endpoint
from gtvision_edge.api.server import Api, build_api
from gtvision_edge.api.session import session_endpoints
from gtvision_edge.api.site import site_endpoints
from gtvision_edge.api.status import status_endpoints
from gtvision_edge.api.storage import storage_endpoints
from gtvision_edge.api.uplink import uplink_endpoints
from gtvision_edge.api.watch_import import watch_import_endpoints
from gtvision_edge.api.watchlist import watchlist_endpoints
from gtvision_edge.app_media import Media
from gtvision_edge.archive.opening import Archive
from gtvision_edge.base import Base
from gtvision_edge.cameras.onvif.finder import DeviceFinder
from gtvision_edge.cameras.onvif.search import DeviceSearch
from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.watchlist.importing import WatchImport
from gtvision_edge.health.board import HealthBoard
from gtvision_edge.health.findings import FindingRegistry
from gtvision_edge.media.streams import Streams
from gtvision_edge.mosaics.service import MosaicService
from gtvision_edge.push.opening import Pushes
from gtvision_edge.recordings.footage import Footage
from gtvision_edge.recordings.retention.errors import UnknownPurgeError
from gtvision_edge.runtime.findings import FindingSource
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.uplink.opening import LineToHub


@dataclass(frozen=True, slots=True)
class Parts:
    """What the API speaks for."""

    base: Base
    footage: Footage
    uplink: LineToHub
    archive: Archive
    detections: Detections
    alerts: AlertDesk
    pushes: Pushes
    feed: AlertFeed
    media: Media
    findings: FindingRegistry
    notices: Mapping[str, FindingSource]
    """Those of the findings that ``/readyz`` tells of, too, by the names it gives them."""
    streams: Streams
    authenticator: RequestAuthenticator
    proxies: Proxies
    transfers: Shares


async def build_site_api(parts: Parts) -> Api:
    """Build what answers requests; serve it, and it does."""
    base, authenticator, proxies = parts.base, parts.authenticator, parts.proxies
    board = HealthBoard(
        {
            "database": base.database.check,
            "media_server": parts.media.reconciler.require,
            "volume": base.volume.require,
            "recording": base.breaker.require,
        },
        notices=parts.notices,
    )
    return build_api(
        [
            *_of_people(parts),
            *_of_cameras(parts),
            *_of_readings(parts),
            *audit_endpoints(base.audit, base.database, base.keys.site, words=base.words),
            *_of_alerts(parts),
            *_of_site(parts),
        ],
        version=__version__,
        settings=base.settings.api,
        authenticator=authenticator,
        proxies=proxies,
        console=await asyncio.to_thread(load_console),
        extra_routes=[
            *probe_routes(board, base.registry, authenticator),
            *parts.streams.routes(),
            *itsapi_routes(parts.detections.pushes, parts.detections.login, proxies),
            *parts.feed.routes(),
        ],
        registry=base.registry,
    )


def _of_people(parts: Parts) -> list[Endpoint]:
    base, accounts, footage = parts.base, parts.base.accounts, parts.footage
    return [
        *session_endpoints(
            accounts.sessions,
            accounts.service,
            accounts.tenants,
            parts.authenticator,
            base.cameras,
            footage.playback,
        ),
        *auth_check_endpoints(parts.streams.doorkeeper, parts.proxies),
        *people_endpoints(accounts.service, accounts.tenants),
    ]


def _of_cameras(parts: Parts) -> list[Endpoint]:
    """Return those of cameras, what is recorded of them, and what is live."""
    base, footage, monitor, gateway = (
        parts.base,
        parts.footage,
        parts.media.monitor,
        parts.streams.gateway,
    )
    mosaics = MosaicService(base.database, base.audit, base.clock, cameras=base.cameras)
    search = DeviceSearch(
        DeviceFinder(
            clock=base.clock,
            interfaces=base.settings.cameras.discovery_interfaces,
            knock=base.devices.knock,
        ),
        base.cameras,
        audit=base.audit,
        database=base.database,
    )
    return [
        *camera_endpoints(
            base.cameras,
            monitor,
            parts.media.views,
            parts.media.path_troubles,
            footage.retention.purges,
        ),
        *footage_endpoints(
            base.cameras,
            footage.timelines,
            footage.playback,
            footage.thumbnails,
            ReadingMarks(base.database),
            Passes(base.accounts.sessions, base.clock),
            parts.transfers,
        ),
        *incident_endpoints(footage.incidents),
        *purge_paper_endpoints(
            footage.retention.purges.find, footage.purge_papers, unknown=UnknownPurgeError
        ),
        *storage_endpoints(
            footage.retention.reports,
            footage.retention.policies,
            footage.retention.purges,
            root=str(base.volume.root),
            thresholds=base.settings.volume,
            breaker=base.breaker,
            clock=footage.retention.clock_guard,
            readings=parts.detections.anonymiser,
        ),
        *integrity_endpoints(footage.integrity),
        *export_endpoints(footage.exports.service, footage.exports.server, parts.transfers),
        *picture_endpoints(base.cameras, footage.playback, footage.thumbnails, gateway),
        *geojson_endpoints(base.cameras, monitor),
        *discovery_endpoints(search),
        *mosaic_endpoints(mosaics),
    ]


def _of_readings(parts: Parts) -> list[Endpoint]:
    base = parts.base
    return [
        *push_endpoints(parts.detections.pushes),
        *push_access_endpoints(parts.detections.access, parts.proxies, base.clock),
        *plate_source_endpoints(parts.detections.sources, pull_of=parts.detections.pullers.view_of),
        *detection_endpoints(parts.detections.desk),
        *detection_table_endpoints(
            parts.detections.desk, zone=ZoneInfo(base.settings.site.timezone)
        ),
    ]


def _of_alerts(parts: Parts) -> list[Endpoint]:
    base = parts.base
    return [
        *watchlist_endpoints(parts.detections.watchlist, base.clock),
        *watch_import_endpoints(
            WatchImport(base.database, parts.detections.watchlist, base.clock),
            ZoneInfo(base.settings.site.timezone),
        ),
        *alert_endpoints(parts.alerts),
    ]


def _of_site(parts: Parts) -> list[Endpoint]:
    """Return those of what leaves the site, and of the site as a whole."""
    base = parts.base
    return [
        *uplink_endpoints(parts.uplink.parked, parts.uplink.purges),
        *archive_endpoints(parts.archive.parked),
        *push_subscription_endpoints(parts.pushes),
        *site_endpoints(base.keys),
        *status_endpoints(
            base.cameras,
            parts.media.monitor,
            parts.media.reconciler,
            parts.streams.doorkeeper,
            findings=parts.findings.findings,
            offers_webrtc=lambda: parts.media.examiner.offers_webrtc,
            site=base.settings.site,
            site_id=base.accounts.site_id,
            version=__version__,
            volume=base.volume,
            line=parts.uplink.watch,
            archive=parts.archive.watch,
            breaker_trouble=lambda: base.breaker.trouble,
            clock=base.clock,
        ),
    ]
