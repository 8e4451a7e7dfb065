"""The small files that say whose a volume and a directory are: read strictly, written whole.

They lie on disks that others may have written to, or that are failing. What is not exactly a marker is none of ours; it is
told apart from one that is absent, for an absent one may be written and an odd one may not.
"""

import errno
import json
import os
import re
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from gtvision_edge.runtime.durable import write_whole

VOLUME_MARKER: Final = ".gtvision-volume.json"
CAMERA_MARKER: Final = ".camera.json"
MAX_BYTES: Final = 4096
MAX_NAME: Final = 200

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
"""Ids become parts of file names: no slash, no dot."""


_NO_FILE: Final = frozenset({errno.ELOOP, errno.ENXIO, errno.EISDIR})
"""What opening a link, a socket and a directory says."""


class OddMarkerError(Exception):
    """The file is there, but it is not what its name promises."""


@dataclass(frozen=True, slots=True)
class VolumeMarker:
    """At the volume's root: which volume this is, and of which site."""

    volume_id: str
    site: str


@dataclass(frozen=True, slots=True)
class VolumeNote:
    """In the state directory: which volume this site records to, and whether it is a file system of its own."""

    volume_id: str
    is_mount: bool


@dataclass(frozen=True, slots=True)
class CameraMarker:
    """In a camera's directory: whose footage this is; ``tenant_id`` and ``name`` None = not noted, as in older ones."""

    camera_uuid: str
    camera_id: str
    tenant_id: str | None = None
    name: str | None = None


def read_volume_marker(path: Path) -> VolumeMarker | None:
    """Return the marker, None when there is none.

    Raises:
        OddMarkerError: the file is something else.
        OSError: it cannot be read.

    """
    content = _read(path)
    if content is None:
        return None
    return VolumeMarker(_id(content, "volume_id"), _id(content, "site"))


def read_camera_marker(path: Path) -> CameraMarker | None:
    """Return the marker, None when there is none; raises as :func:`read_volume_marker`."""
    content = _read(path)
    if content is None:
        return None
    return CameraMarker(
        _id(content, "camera_uuid"),
        _id(content, "camera_id"),
        _word(content, "tenant_id"),
        _word(content, "name"),
    )


def read_volume_note(path: Path) -> VolumeNote | None:
    """Return the note, None when there is none.

    Raises:
        OddMarkerError: it is damaged, or cannot be read at all: which volume is ours is then not known.

    """
    try:
        content = _read(path)
    except OSError as error:
        raise OddMarkerError(path.name) from error
    if content is None:
        return None
    is_mount = content.get("is_mount", False)  # absent: written before it was noted
    if not isinstance(is_mount, bool):
        raise OddMarkerError("is_mount")
    return VolumeNote(_id(content, "volume_id"), is_mount=is_mount)


def write_marker(path: Path, marker: VolumeMarker | VolumeNote | CameraMarker) -> None:
    """Write *marker* so that after a power cut the file is either as before or whole."""
    write_whole(path, json.dumps(asdict(marker)).encode(), mode=0o644)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OddMarkerError("no regular file")
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno in _NO_FILE:
            raise OddMarkerError("no regular file") from error
        raise
    if len(data) > MAX_BYTES:
        raise OddMarkerError("too long")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise OddMarkerError("not JSON") from error
    if not isinstance(content, dict):
        raise OddMarkerError("not an object")
    return content


def _open_without_waiting(path: str, flags: int) -> int:
    # A pipe without a writer would keep its reader for ever, and a link may lead to one, or to a disk that hangs.
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def _id(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise OddMarkerError(name)
    return value


def _word(content: dict[str, Any], name: str) -> str | None:
    """Return a word that only informs: an odd one is as good as none, and must not cost the directory its owner."""
    word = content.get(name)
    is_good = isinstance(word, str) and 0 < len(word) <= MAX_NAME
    return word if is_good else None
