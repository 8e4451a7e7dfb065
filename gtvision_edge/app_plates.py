"""Opens the way of a plate: the reading, the alert that it raises, who is told of it."""

from contextlib import AbstractAsyncContextManager
from zoneinfo import ZoneInfo

from gtvision_edge.alerts.raising import Teller
from gtvision_edge.alerts.repository import forget_words
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.archive.debts import PictureCopies
from gtvision_edge.archive.opening import Archive
from gtvision_edge.base import Base
from gtvision_edge.cameras.monitor import CameraMonitor
from gtvision_edge.detections.opening import Detections, open_detections
from gtvision_edge.push.opening import Pushes, open_pushes
from gtvision_edge.push.raising import queue_alert
from gtvision_edge.push.watching import SiteWatch
from gtvision_edge.recordings.footage import Footage
from gtvision_edge.recordings.holding import holds_moment
from gtvision_edge.recordings.incidents.repository import preserves
from gtvision_edge.settings import DetectionSettings
from gtvision_edge.uplink.opening import LineToHub
from gtvision_edge.uplink.outbox import forget_unsent


def open_site_pushes(
    base: Base, alerts: AlertDesk, monitor: CameraMonitor, *, uplink: LineToHub, archive: Archive
) -> AbstractAsyncContextManager[Pushes]:
    """Open what tells phones and browsers of *alerts*, and of cameras, disk, hub and copies in trouble."""
    return open_pushes(
        base.database,
        base.audit,
        base.clock,
        base.bus,
        key=base.keys.push,
        settings=base.settings.push,
        site=base.settings.site,
        cameras=base.cameras,
        alerts=alerts,
        find_person=base.accounts.sessions.find_person,
        look=SiteWatch(
            base.cameras,
            monitor,
            recording_trouble=lambda: base.recording_trouble,
            hub=uplink.findings,
            archive=archive.watch.findings,
        ),
        registry=base.registry,
    )


def open_site_detections(
    base: Base, footage: Footage, settings: DetectionSettings
) -> AbstractAsyncContextManager[Detections]:
    """Open what takes readings in: each goes to the hub, raises its alerts and comes into the feed in its own transaction."""
    teller = Teller(base.clock, words=base.words, raised=(queue_alert,))
    return open_detections(
        base.database,
        base.audit,
        base.clock,
        base.bus,
        cameras=base.cameras,
        resolver=base.resolver,
        state_dir=base.settings.storage.state_dir,
        zone=ZoneInfo(base.settings.site.timezone),
        seal=base.cameras.seal,
        unseal=base.cameras.unseal,
        words=base.words,
        send=base.outbox.add_all,
        forget_unsent=forget_unsent,
        forget_words=forget_words,
        held=holds_moment(camera_uuid="detections.camera_uuid", time_us="detections.captured_us"),
        settings=settings,
        is_held=preserves,
        trusts_clock=lambda: footage.retention.clock_guard.is_trusted,
        tell=(teller,),
        tell_of_picture=(teller.picture_came,),
        copies=PictureCopies(base.settings.archive, base.clock),
        registry=base.registry,
    )
