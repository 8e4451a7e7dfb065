"""What the command line does over a site's folder: most of it also while the daemon runs."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from gtvision_edge.accounts import ensure_site, open_accounts
from gtvision_edge.archive.inspection import ArchiveReport, inspect_archive
from gtvision_edge.audit import (
    COMMAND_LINE,
    AuditLog,
    EntryProof,
    TreeHead,
    Verification,
    read_checkpoint,
    write_checkpoint,
)
from gtvision_edge.base import DATABASE, open_site_keys
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.model import Camera, CameraUuid
from gtvision_edge.cameras.repository import fetch_cameras
from gtvision_edge.cameras.secrets import open_sealer
from gtvision_edge.detections.push_access import access_with
from gtvision_edge.detections.push_help import BoxAddress, PushHelp, explain
from gtvision_edge.detections.push_secrets import PushSecrets
from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.keys import SiteKey
from gtvision_edge.recordings.adoption import Candidate, adopt
from gtvision_edge.recordings.errors import VolumeMissingError
from gtvision_edge.recordings.evidence.folder import DEFAULT_NAME as EXPORTS
from gtvision_edge.recordings.integrity.comparing import Comparison, Wanted
from gtvision_edge.recordings.integrity.hashes import Pace
from gtvision_edge.recordings.integrity.listing import find_volume_error
from gtvision_edge.recordings.integrity.model import Report
from gtvision_edge.recordings.integrity.repository import insert_report
from gtvision_edge.recordings.integrity.service import write_report
from gtvision_edge.recordings.markers import VOLUME_MARKER
from gtvision_edge.recordings.rebuilding.service import Progress, Rebuilt, rebuild
from gtvision_edge.recordings.seals import SealReport, check_seals
from gtvision_edge.recordings.volume import open_volume
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.runtime.lock import AlreadyRunningError, sole_use
from gtvision_edge.settings import Settings
from gtvision_edge.storage import Database, Transaction, open_database
from gtvision_edge.uplink.inspection import LineReport, inspect_line

MOST_NAMED: Final = 20
"""Cameras, where one was asked for that is not there."""


class NoSiteError(EdgeError):
    """No daemon has ever run over this state folder."""

    code: ClassVar[str] = "no_site"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check by command line found; *is_running*: a daemon worked on the same folder meanwhile."""

    report: Report
    is_running: bool


async def verify_audit(
    settings: Settings, checkpoint: str | None = None
) -> tuple[Verification, SealReport]:
    """Check the audit log of the site, also against the signed *checkpoint* of some day, and the seals of the footage.

    Works while the daemon runs; files are not read.

    Raises:
        NoSiteError: there is no database in the state folder.
        BadProofError: *checkpoint* is not this site's.

    """
    if checkpoint is None:
        path = await _existing_database(settings.storage.state_dir)
        async with open_database(path) as database:
            audit = AuditLog(SystemClock())
            return await audit.verify(database), await check_seals(
                database, audit, now_us=SystemClock().now_us()
            )
    async with _existing_log(settings) as (database, audit, key):
        found = await audit.verify(database, known=read_checkpoint(checkpoint, key.public))
        return found, await check_seals(database, audit, now_us=SystemClock().now_us())


async def make_checkpoint(settings: Settings) -> str:
    """Return a signed checkpoint of the audit log as it is now; works while the daemon runs.

    Raises:
        NoSiteError: there is no database in the state folder.

    """
    async with _existing_log(settings) as (database, audit, key):
        return write_checkpoint(await audit.tree_head(database), key)


async def prove_entry(
    settings: Settings, seq: int, checkpoint: str | None = None
) -> tuple[EntryProof, str]:
    """Prove that entry *seq* is in the log, as of *checkpoint* or as of now; return the checkpoint, too.

    Raises:
        NoSiteError: there is no database in the state folder.
        UnknownEntryError: there is no such entry.
        BadProofError: *checkpoint* is not this site's.

    """
    async with _existing_log(settings) as (database, audit, key):
        head: TreeHead | None = None
        if checkpoint is not None:
            head = read_checkpoint(checkpoint, key.public)
        proof = await audit.prove_entry(database, seq, head=head)
        await database.write(
            lambda transaction: audit.append(
                transaction, actor=COMMAND_LINE, action="audit.proven", details={"seq": seq}
            )
        )
        return proof, checkpoint or write_checkpoint(proof.head, key)


@asynccontextmanager
async def _existing_log(settings: Settings) -> AsyncIterator[tuple[Database, AuditLog, SiteKey]]:
    audit = AuditLog(SystemClock())
    path = await _existing_database(settings.storage.state_dir)
    async with open_database(path) as database:
        site_id = await ensure_site(database, SystemClock())
        keys = await open_site_keys(settings, site_id, database, audit)
        yield database, audit, keys.site


async def rebuild_index(
    settings: Settings, progress: Callable[[Progress], None], *, forget_missing: bool
) -> Rebuilt:
    """Make the index of the recordings follow the volume; the daemon must not run. Without a database, one is made.

    Raises:
        AlreadyRunningError: the daemon runs.
        VolumeError: the site's volume is not there.

    """
    clock = SystemClock()
    state_dir, root = settings.storage.state_dir, settings.storage.volume
    async with AsyncExitStack() as stack:
        lock = sole_use(state_dir)
        await asyncio.to_thread(lock.__enter__)
        stack.push(lock.__exit__)
        if not await asyncio.to_thread((root / VOLUME_MARKER).is_file):
            raise VolumeMissingError(f"There is no volume of recordings at {root}; mount it.")
        database = await stack.enter_async_context(open_database(state_dir / DATABASE))
        site_id = await ensure_site(database, clock)
        bus = EventBus()
        volume = await stack.enter_async_context(
            open_volume(root, state_dir=state_dir, site_id=site_id, clock=clock, bus=bus)
        )
        if error := volume.error:
            raise error
        cameras = [camera for camera, _ in await fetch_cameras(database)]
        return await rebuild(
            root,
            database,
            cameras,
            audit=AuditLog(clock),
            clock=clock,
            progress=progress,
            forget_missing=forget_missing,
        )


async def check_integrity(settings: Settings, *, deep: bool, mends: bool) -> Checked:
    """Compare disk and index, read-only unless *mends*; works beside a running daemon, which *mends* does not.

    Raises:
        NoSiteError: there is no database in the state folder.
        AlreadyRunningError: *mends*, and the daemon runs.

    """
    clock = SystemClock()
    state_dir, root = settings.storage.state_dir, settings.storage.volume
    async with AsyncExitStack() as stack:
        path = await _existing_database(state_dir)
        lock = sole_use(state_dir)
        is_running = False
        try:
            await asyncio.to_thread(lock.__enter__)
            stack.push(lock.__exit__)
        except AlreadyRunningError:
            if mends:
                raise
            is_running = True
        database = await stack.enter_async_context(open_database(path))
        audit = AuditLog(clock)
        error = await asyncio.to_thread(
            find_volume_error, root, state_dir=state_dir, site_id=await ensure_site(database, clock)
        )
        comparison = Comparison(
            root,
            database,
            audit,
            clock,
            is_running=is_running,
            exports=settings.exports.folder or root / EXPORTS,
            volume_error=lambda: error,
        )
        stack.callback(comparison.close)
        report = await comparison.run(
            Wanted(deep=deep, mends=mends, reads=Pace() if deep else None)
        )
        if mends:
            report_id, started_us = new_uuid7(clock), clock.now_us()

            def write(transaction: Transaction) -> None:
                insert_report(
                    transaction, report_id, started_us=started_us, asked_by=COMMAND_LINE.user_id
                )
                write_report(transaction, report_id, report, audit, COMMAND_LINE, clock)

            await database.write(write)
        return Checked(report, is_running)


async def reset_password(settings: Settings, username: str) -> str:
    """Give *username* a random password and return it; all logins of the user end. Works while the daemon runs.

    Raises:
        NoSiteError: there is no database in the state folder.
        UnknownUserError: there is no such user.

    """
    clock = SystemClock()
    path = await _existing_database(settings.storage.state_dir)
    async with (
        open_database(path) as database,
        open_accounts(
            settings.accounts,
            state_dir=settings.storage.state_dir,
            database=database,
            audit=AuditLog(clock),
            clock=clock,
        ) as accounts,
    ):
        return await accounts.service.reset_password(username)


async def adopt_volume(
    settings: Settings, agrees: Callable[[Candidate], bool], *, may_be_bare_folder: bool
) -> str | None:
    """Have :func:`adopt` take what is at ``storage.volume`` now. Works while the daemon runs.

    Raises:
        NoSiteError: there is no database in the state folder.
        EdgeError: see :func:`adopt`.

    """
    clock = SystemClock()
    state_dir = settings.storage.state_dir
    async with open_database(await _existing_database(state_dir)) as database:
        return await adopt(
            settings.storage.volume,
            agrees,
            may_be_bare_folder=may_be_bare_folder,
            state_dir=state_dir,
            site_id=await ensure_site(database, clock),
            database=database,
            audit=AuditLog(clock),
            clock=clock,
        )


def _no_such_camera(known: Sequence[str]) -> str:
    if not known:
        return "There is no such camera; the site has none yet."
    more = len(known) - MOST_NAMED
    named = ", ".join(known[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"There is no such camera. There are: {named}."


async def explain_pushes(settings: Settings, camera_id: str, url: str | None) -> PushHelp:
    """Return how a camera's readings are sent here; its secret is made where there is none. Works while the daemon runs.

    *url*: where senders reach this box; None = the address by which it reaches the camera, and the API's port.

    Raises:
        NoSiteError: there is no database in the state folder.
        UnknownCameraError: there is no such camera.
        InvalidInputError: *url* is no address of a box.

    """
    clock = SystemClock()
    state_dir = settings.storage.state_dir
    box = BoxAddress.parse(url) if url else None
    audit = AuditLog(clock)
    async with open_database(await _existing_database(state_dir)) as database:
        known: dict[str, Camera] = {
            each.camera_id: each for each, _ in await fetch_cameras(database)
        }
        camera = known.get(camera_id)
        if camera is None:
            raise UnknownCameraError(_no_such_camera(sorted(known)), camera_id=camera_id)
        sealer = await asyncio.to_thread(open_sealer, state_dir)
        secrets = PushSecrets(
            database,
            clock,
            seal=lambda bound, text: sealer.seal(CameraUuid(bound), text),
            unseal=lambda bound, sealed: sealer.unseal(CameraUuid(bound), sealed),
        )
        await secrets.load()

        def note(transaction: Transaction, action: str) -> None:
            audit.append(
                transaction,
                actor=COMMAND_LINE,
                action=action,
                subject=f"camera:{camera.camera_id}",
                tenant_id=camera.tenant_id,
            )

        secret = secrets.present(camera.camera_uuid)
        if secret is None:
            secret = await secrets.renew(
                camera.camera_uuid, note=partial(note, action="camera.push_secret_made")
            )
        else:
            await database.write(partial(note, action="camera.push_secret_shown"))
        until_us = secrets.previous_until(camera.camera_uuid)
    if box is None:
        host = await asyncio.to_thread(_own_address, settings.api.host, camera.host)
        box = BoxAddress(is_https=False, host=host, port=settings.api.port)
    return explain(access_with(secret, camera_id, until_us), box, now_us=clock.now_us())


async def inspect_uplink(settings: Settings) -> LineReport:
    """Tell what waits for the hub, and try the line. Works while the daemon runs.

    Raises:
        NoSiteError: there is no database in the state folder.

    """
    async with open_database(await _existing_database(settings.storage.state_dir)) as database:
        site_id = await ensure_site(database, SystemClock())
        return await inspect_line(settings.uplink, database, site=site_id)


async def inspect_copies(settings: Settings) -> ArchiveReport:
    """Tell what is owed to the object store, and try it. Works while the daemon runs.

    Raises:
        NoSiteError: there is no database in the state folder.
        ArchiveExtraMissingError: a bucket is named, and what talks to it is not installed.

    """
    async with open_database(await _existing_database(settings.storage.state_dir)) as database:
        site_id = await ensure_site(database, SystemClock())
        return await inspect_archive(settings.archive, database, site_id=site_id)


def _own_address(listens_on: str, camera_host: str) -> str:
    """Return the address from which packets to the camera would leave; nothing is sent. Blocks when *camera_host* is a name."""
    if listens_on not in ("0.0.0.0", "::"):  # noqa: S104 -- compared, not bound
        return listens_on
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            camera_host, 9, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(target)
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()


async def _existing_database(state_dir: Path) -> Path:
    path = state_dir / DATABASE
    if not await asyncio.to_thread(path.is_file):
        raise NoSiteError(f"There is no site in {state_dir}; name its folder with --state.")
    return path
