"""A person says that another file system holds this site's recordings from now on: after a disk was replaced.

Nothing does that by itself, for a mount point whose disk is away looks just like an empty disk. It works while the
daemon runs, which takes the disk up within a second.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gtvision_edge.audit import COMMAND_LINE, AuditLog
from gtvision_edge.recordings.errors import (
    VolumeChangedError,
    VolumeError,
    VolumeForeignError,
    VolumeMarkerOddError,
    VolumeMissingError,
    VolumeStillMountedError,
    VolumeUnwritableError,
)
from gtvision_edge.recordings.markers import (
    VOLUME_MARKER,
    OddMarkerError,
    VolumeMarker,
    VolumeNote,
    read_volume_marker,
    read_volume_note,
    write_marker,
)
from gtvision_edge.recordings.record_link import guard_name
from gtvision_edge.recordings.volume import KNOWN_VOLUME
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is at the volume's place now.

    *former_id* is the volume recorded to until now, None = there was none, or it is not known any more; *volume_id* that of
    this one, None = it has no marker yet. *device* tells file systems apart; *holds* counts what lies at the root, but for the marker and ``lost+found``.
    """

    root: Path
    former_id: str | None
    volume_id: str | None
    is_mount: bool
    device: int
    holds: int


async def adopt(
    root: Path,
    agrees: Callable[[Candidate], bool],
    *,
    may_be_bare_folder: bool,
    state_dir: Path,
    site_id: str,
    database: Database,
    audit: AuditLog,
    clock: Clock,
) -> str | None:
    """Take what is at *root* now as the site's volume if *agrees*, which is asked in a thread; return its id.

    None = it was not agreed to, and nothing was changed.

    Raises:
        VolumeChangedError: another disk came or went while *agrees* was asked.
        VolumeError, VolumeStillMountedError: see :func:`look_at_candidate`.

    """

    def look() -> Candidate:
        return look_at_candidate(
            root, state_dir=state_dir, site_id=site_id, may_be_bare_folder=may_be_bare_folder
        )

    candidate = await asyncio.to_thread(look)
    if not await asyncio.to_thread(agrees, candidate):
        return None
    if await asyncio.to_thread(look) != candidate:
        raise VolumeChangedError("Another disk came or went meanwhile; nothing was changed.")
    volume_id = candidate.volume_id or new_uuid7(clock)
    # In this order: a cut after the first leaves a disk of this site, which the daemon takes as it takes any other.
    await asyncio.to_thread(_mark, candidate, volume_id, site_id)
    await database.write(
        lambda transaction: audit.append(
            transaction,
            actor=COMMAND_LINE,
            action="volume.adopted",
            subject=f"volume:{volume_id}",
            details={
                "former": candidate.former_id,
                "path": str(root),
                "is_mount": candidate.is_mount,
                "held_files": candidate.holds,
            },
        )
    )
    await asyncio.to_thread(_note, candidate, volume_id, state_dir)
    return volume_id


def look_at_candidate(
    root: Path, *, state_dir: Path, site_id: str, may_be_bare_folder: bool
) -> Candidate:
    """Return what would be adopted at *root*; changes nothing, and blocks on the disk.

    A site that recorded to a file system of its own takes a folder of another one only if *may_be_bare_folder*.

    Raises:
        VolumeStillMountedError: it is the volume that the site records to already.
        VolumeForeignError: it belongs to another site.
        VolumeMarkerOddError: whose it is cannot be told.
        VolumeMissingError: there is no such folder, or no disk is mounted on it.
        VolumeUnwritableError: it cannot be read.

    """
    try:
        note = read_volume_note(state_dir / KNOWN_VOLUME)
    except OddMarkerError:
        note = None
    try:
        if not root.is_dir():
            raise VolumeMissingError(f"There is no folder {root}.", volume=str(root))
        marker = read_volume_marker(root / VOLUME_MARKER)
        is_mount, device = root.is_mount(), root.stat().st_dev
        names = {each.name for each in root.iterdir()}
    except OddMarkerError as error:
        raise VolumeMarkerOddError(
            f"{root / VOLUME_MARKER} is damaged, so whose disk this is cannot be told. Remove that file if it is this site's.",
            volume=str(root),
        ) from error
    except OSError as error:
        raise _unwritable(root, error) from error
    if note is not None and note.is_mount and not is_mount and not may_be_bare_folder:
        raise VolumeMissingError(
            f"No disk is mounted on {root}: recordings would fill the system's own. Mount the new disk first.",
            volume=str(root),
        )
    if marker is not None and marker.site != site_id:
        raise VolumeForeignError(
            f"The disk on {root} belongs to another site, whose recordings it may hold. Mount it there, or format it.",
            volume=str(root),
        )
    if marker is not None and note is not None and marker.volume_id == note.volume_id:
        raise VolumeStillMountedError(
            f"The disk on {root} is the one that this site records to: there is nothing to adopt.",
            volume=str(root),
        )
    return Candidate(
        root=root,
        former_id=note.volume_id if note else None,
        volume_id=marker.volume_id if marker else None,
        is_mount=is_mount,
        device=device,
        holds=len(names - {VOLUME_MARKER, "lost+found", guard_name(site_id)}),
    )


def describe(candidate: Candidate) -> list[str]:
    """Say in lines for a person what would happen."""
    kind = "a disk mounted there" if candidate.is_mount else "a folder of the disk around it"
    lines = [f"{candidate.root} is {kind}."]
    if candidate.volume_id is not None:
        lines.append(f"It is volume {candidate.volume_id} of this site already.")
    elif candidate.holds:
        lines.append(f"It was never a volume, and {candidate.holds} things lie on it; they stay.")
    else:
        lines.append("It is empty.")
    if candidate.former_id is not None:
        lines.append(
            f"Volume {candidate.former_id} was recorded to before: what it holds stays on it, and is not here."
        )
    return lines


def _mark(candidate: Candidate, volume_id: str, site_id: str) -> None:
    if candidate.volume_id is not None:
        return
    try:
        write_marker(candidate.root / VOLUME_MARKER, VolumeMarker(volume_id, site_id))
    except OSError as error:
        raise _unwritable(candidate.root, error) from error


def _note(candidate: Candidate, volume_id: str, state_dir: Path) -> None:
    path = state_dir / KNOWN_VOLUME
    try:
        write_marker(path, VolumeNote(volume_id, is_mount=candidate.is_mount))
    except OSError as error:
        raise VolumeError(f"{path} cannot be written: {error.strerror or error}.") from error


def _unwritable(root: Path, error: OSError) -> VolumeUnwritableError:
    return VolumeUnwritableError(
        f"{root} cannot be used: {error.strerror or error}. The disk must belong to the user that the daemon runs as.",
        volume=str(root),
    )
