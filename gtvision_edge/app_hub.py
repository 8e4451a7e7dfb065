"""Opens what leaves the site: the line to the hub, and copies in the object store."""

from contextlib import AbstractAsyncContextManager

from gtvision_edge.archive.opening import Archive, open_archive
from gtvision_edge.base import Base
from gtvision_edge.detections.opening import picture_path
from gtvision_edge.recordings.footage import Footage
from gtvision_edge.uplink.opening import LineToHub, open_line


def open_site_line(base: Base, footage: Footage) -> LineToHub:
    """Open the line to the hub; messages of *base* wake it from now on."""
    return open_line(
        base.settings.uplink,
        base.database,
        base.audit,
        base.clock,
        outbox=base.outbox,
        site_id=base.accounts.site_id,
        key=base.keys.site,
        trusts_clock=lambda: footage.retention.clock_guard.is_trusted,
        registry=base.registry,
    )


def open_site_archive(base: Base, footage: Footage) -> AbstractAsyncContextManager[Archive]:
    """Open what copies pictures and evidence.

    Raises:
        ArchiveExtraMissingError: a bucket is named, and what talks to it is not installed.

    """
    return open_archive(
        base.settings.archive,
        base.database,
        base.audit,
        base.clock,
        site_id=base.accounts.site_id,
        picture=picture_path(base.settings.storage.state_dir),
        bundle=footage.exports.folder.bundle,
        trusts_clock=lambda: footage.retention.clock_guard.is_trusted,
        registry=base.registry,
    )
