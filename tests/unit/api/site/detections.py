"""Plate readings, the alerts they raise, and what browsers are pushed."""

from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from gtvision_edge.accounts import Accounts
from gtvision_edge.alerts.raising import Teller
from gtvision_edge.alerts.repository import forget_words
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.archive.debts import PictureCopies
from gtvision_edge.audit import AuditLog, SealedWords
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.detections.opening import Detections, open_detections
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.push.opening import Pushes, open_pushes
from gtvision_edge.push.raising import queue_alert
from gtvision_edge.recordings.holding import holds_moment
from gtvision_edge.recordings.incidents.repository import preserves
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import ArchiveSettings, DetectionSettings, PushSettings, SiteSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink import Outbox
from gtvision_edge.uplink.outbox import forget_unsent
from tests.fakes.clock import FakeClock

ALL_COPIED = ArchiveSettings(
    bucket="copias",
    access_key="box",
    secret_key=SecretStr("a-secret"),
    endpoint="http://127.0.0.1:9",
)


class NoNames:
    """Resolves nothing: the cameras here are addresses."""

    async def resolve(self, host: str, *, timeout_s: float) -> str:
        return host


@pytest.fixture
def bus() -> EventBus:
    """The one that tells of readings and of alerts that were seen to."""
    return EventBus()


@pytest.fixture
def words(cameras: CameraService) -> SealedWords:
    return SealedWords(seal=cameras.seal, unseal=cameras.unseal)


@pytest.fixture
def alerts(
    database: Database, audit: AuditLog, clock: FakeClock, bus: EventBus, words: SealedWords
) -> AlertDesk:
    return AlertDesk(database, audit, clock, bus, words=words)


@pytest.fixture
async def notices(
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
    bus: EventBus,
    keys: OpenedKeys,
    cameras: CameraService,
    alerts: AlertDesk,
    accounts: Accounts,
) -> AsyncIterator[Pushes]:
    async with open_pushes(
        database,
        audit,
        clock,
        bus,
        key=keys.push,
        settings=PushSettings(allow_private=True),
        site=SiteSettings(),
        cameras=cameras,
        alerts=alerts,
        find_person=accounts.sessions.find_person,
        look=list,
    ) as opened:
        yield opened


@pytest.fixture
async def detections(
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
    cameras: CameraService,
    tmp_path: Path,
    bus: EventBus,
    words: SealedWords,
) -> AsyncIterator[Detections]:
    outbox = Outbox(clock, site_id="a-site")
    teller = Teller(clock, words=words, raised=(queue_alert,))
    async with open_detections(
        database,
        audit,
        clock,
        bus,
        cameras=cameras,
        resolver=NoNames(),
        state_dir=tmp_path,
        zone=ZoneInfo("America/Sao_Paulo"),
        seal=cameras.seal,
        unseal=cameras.unseal,
        words=words,
        send=outbox.add_all,
        forget_unsent=forget_unsent,
        forget_words=forget_words,
        held=holds_moment(camera_uuid="detections.camera_uuid", time_us="detections.captured_us"),
        settings=DetectionSettings(picture_sources=("127.0.0.1",)),
        is_held=preserves,
        trusts_clock=lambda: True,
        tell=(teller,),
        tell_of_picture=(teller.picture_came,),
        copies=PictureCopies(ALL_COPIED, clock),
    ) as opened:
        yield opened
