"""Every endpoint, over the parts of the site."""

from zoneinfo import ZoneInfo

import pytest

from gtvision_edge.accounts import Accounts, Passes
from gtvision_edge.alerts.marks import ReadingMarks
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.api.alerts import alert_endpoints
from gtvision_edge.api.archive import archive_endpoints
from gtvision_edge.api.audit import audit_endpoints
from gtvision_edge.api.auth import Proxies
from gtvision_edge.api.cameras import camera_endpoints
from gtvision_edge.api.detection_table import detection_table_endpoints
from gtvision_edge.api.detections import detection_endpoints
from gtvision_edge.api.discovery import discovery_endpoints
from gtvision_edge.api.exports import export_endpoints
from gtvision_edge.api.footage import footage_endpoints
from gtvision_edge.api.geojson import geojson_endpoints
from gtvision_edge.api.incidents import incident_endpoints
from gtvision_edge.api.integrity import integrity_endpoints
from gtvision_edge.api.mosaics import mosaic_endpoints
from gtvision_edge.api.people import people_endpoints
from gtvision_edge.api.pictures import picture_endpoints
from gtvision_edge.api.plate_sources import plate_source_endpoints
from gtvision_edge.api.purge_papers import purge_paper_endpoints
from gtvision_edge.api.push_access import push_access_endpoints
from gtvision_edge.api.push_subscriptions import push_subscription_endpoints
from gtvision_edge.api.pushes import push_endpoints
from gtvision_edge.api.routing import Endpoint
from gtvision_edge.api.site import site_endpoints
from gtvision_edge.api.status import status_endpoints
from gtvision_edge.api.storage import storage_endpoints
from gtvision_edge.api.uplink import uplink_endpoints
from gtvision_edge.api.watch_import import watch_import_endpoints
from gtvision_edge.api.watchlist import watchlist_endpoints
from gtvision_edge.archive.parked import FailedCopies
from gtvision_edge.audit import AuditLog, SealedWords
from gtvision_edge.cameras.onvif.search import DeviceSearch
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.watchlist.importing import WatchImport
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.lines.parked import ParkedDesk
from gtvision_edge.mosaics import MosaicService
from gtvision_edge.push.opening import Pushes
from gtvision_edge.recordings.retention.errors import UnknownPurgeError
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.settings import ApiSettings, SiteSettings, VolumeSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink.parked import OutboxPurges, RefusedMessages
from tests.fakes.clock import FakeClock
from tests.unit.api.site.monitor import FakeMonitor
from tests.unit.api.site.recordings import FakeFootage, FakeVolume
from tests.unit.cameras.fixtures import FixedFinder


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings()


@pytest.fixture
def transfers() -> Shares:
    return Shares("transfers", 3)


@pytest.fixture
def resources(
    accounts: Accounts,
    cameras: CameraService,
    mosaics: MosaicService,
    monitor: FakeMonitor,
    audit: AuditLog,
    database: Database,
    clock: FakeClock,
    finder: FixedFinder,
    volume: FakeVolume,
    footage: FakeFootage,
    keys: OpenedKeys,
    transfers: Shares,
    detections: Detections,
    api_settings: ApiSettings,
    notices: Pushes,
    alerts: AlertDesk,
    words: SealedWords,
) -> list[Endpoint]:
    """Every endpoint but the session's."""
    return [
        *people_endpoints(accounts.service, accounts.tenants),
        *camera_endpoints(cameras, monitor, monitor, monitor, footage.retention.purges),
        *purge_paper_endpoints(
            footage.retention.purges.find, footage.purge_papers, unknown=UnknownPurgeError
        ),
        *storage_endpoints(
            footage.retention.reports,
            footage.retention.policies,
            footage.retention.purges,
            root=str(footage.root),
            thresholds=VolumeSettings(),
            breaker=footage.retention.breaker,
            clock=footage.retention.clock_guard,
            readings=detections.anonymiser,
        ),
        *incident_endpoints(footage.incidents),
        *integrity_endpoints(footage.integrity),
        *export_endpoints(footage.exports.service, footage.exports.server, transfers),
        *footage_endpoints(
            cameras,
            footage.timelines,
            footage.playback,
            footage.thumbnails,
            ReadingMarks(database),
            Passes(accounts.sessions, clock),
            transfers,
        ),
        *picture_endpoints(cameras, footage.playback, footage.thumbnails, monitor),
        *geojson_endpoints(cameras, monitor),
        *discovery_endpoints(DeviceSearch(finder, cameras, audit=audit, database=database)),
        *mosaic_endpoints(mosaics),
        *push_endpoints(detections.pushes),
        *push_access_endpoints(detections.access, Proxies(api_settings.trusted_proxies), clock),
        *plate_source_endpoints(detections.sources, pull_of=detections.pullers.view_of),
        *detection_endpoints(detections.desk),
        *detection_table_endpoints(detections.desk, zone=ZoneInfo("America/Sao_Paulo")),
        *audit_endpoints(audit, database, keys.site, words=words),
        *watchlist_endpoints(detections.watchlist, clock),
        *watch_import_endpoints(
            WatchImport(database, detections.watchlist, clock),
            ZoneInfo("America/Sao_Paulo"),
        ),
        *alert_endpoints(alerts),
        *archive_endpoints(ParkedDesk(FailedCopies(is_on=True), database, audit, clock)),
        *uplink_endpoints(
            ParkedDesk(RefusedMessages(), database, audit, clock), OutboxPurges(database)
        ),
        *push_subscription_endpoints(notices),
        *site_endpoints(keys),
        *status_endpoints(
            cameras,
            monitor,
            monitor,
            monitor,
            findings=lambda: [*monitor.findings, *accounts.issuers.findings()],
            offers_webrtc=lambda: monitor.offers_webrtc,
            site=SiteSettings(name="Portaria", timezone="America/Sao_Paulo"),
            site_id=accounts.site_id,
            version="1.2.3",
            volume=volume,
            line=monitor.watched_line(),
            archive=monitor.watched_archive(),
            clock=clock,
        ),
    ]
