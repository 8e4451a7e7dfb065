"""Compares viewing copies with the originals they claim to be made of, picture by picture. Blocks.

A manifest from anywhere can name one file a million times: what is read is bounded by what the bundle holds, not by what it claims.
"""

import hashlib
from collections.abc import Callable, Mapping

from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.claims import Camera, Manifest, Original, ViewingCopy
from gtvision_edge.recordings.evidence.errors import DamagedFootageError
from gtvision_edge.recordings.evidence.frames import hash_movie, hash_pictures
from gtvision_edge.recordings.evidence.opening import OpenBundle
from gtvision_edge.recordings.evidence.proofs import Blame
from gtvision_edge.recordings.evidence.tracks import MAX_INIT, ReadAt, Track, read_tracks
from gtvision_edge.recordings.evidence.viewing import GAP_US

_READS_PER_ORIGINAL = 4
"""How often an original may be gone back to: our copies take each once for each part."""


def check_cameras(
    bundle: OpenBundle, manifest: Manifest, verdict: Blame, moved: Callable[[int], None]
) -> None:
    """Blame gaps that are not told, and viewing copies that do not hold the pictures of their originals."""
    for camera in manifest.cameras:
        for start_us, end_us in _unlisted_gaps(camera, manifest.interval.span_us):
            verdict.blame(
                layout.MANIFEST,
                "unlisted_gap",
                seconds=f"{(end_us - start_us) / 1_000_000:.1f}",
                camera=camera.camera_id,
            )
    copies = [copy for camera in manifest.cameras for copy in camera.viewing]
    if len({copy.path for copy in copies}) < len(copies):
        verdict.blame(layout.MANIFEST, "odd_manifest")
        return
    for camera in manifest.cameras:
        originals = _Originals(bundle, camera.originals, moved)
        for copy in camera.viewing:
            if copy.path in bundle.entries:  # else blamed already
                _check_copy(bundle, copy, originals, verdict, moved)


def _check_copy(
    bundle: OpenBundle,
    copy: ViewingCopy,
    originals: "_Originals",
    verdict: Blame,
    moved: Callable[[int], None],
) -> None:
    size = bundle.entries[copy.path].size
    try:
        count, shown = hash_movie(_counted(bundle.reader(copy.path), moved), size)
        told = [last - first for stretch in copy.timeline for first, last in [stretch.pictures]]
        is_told = count == copy.pictures == sum(told) and min(told, default=1) > 0
        if not is_told or shown != originals.hash(copy, size):
            verdict.blame(copy.path, "other_pictures")
    except DamagedFootageError as error:
        verdict.blame(copy.path, "not_comparable", why=error.message)


class _Originals:
    """The recorded files of one camera, as far as copies are made of them."""

    def __init__(
        self, bundle: OpenBundle, originals: list[Original], moved: Callable[[int], None]
    ) -> None:
        self._bundle = bundle
        self._originals: Mapping[str, Original] = {each.path: each for each in originals}
        self._moved = moved
        self._reads_left = _READS_PER_ORIGINAL * len(originals)
        self._open: tuple[str, ReadAt, Track] | None = None

    def hash(self, copy: ViewingCopy, size: int) -> bytes:
        """Return the SHA-256 of the pictures of which *copy*, of *size* bytes, claims to be made.

        Raises:
            DamagedFootageError: they are not there, or more than the copy could hold.

        """
        digest, room = hashlib.sha256(), size
        for stretch in copy.timeline:
            read_at, video = self._read(stretch.original)
            first, last = stretch.pictures
            room -= sum(length for _, length in video.extents(first, last))
            if room < 0:
                raise DamagedFootageError("Its originals hold more than it does.")
            hash_pictures(digest, read_at, video, first=first, last=last)
        return digest.digest()

    def _read(self, path: str) -> tuple[ReadAt, Track]:
        if self._open is not None and self._open[0] == path:
            return self._open[1], self._open[2]
        original = self._originals.get(path)
        if original is None or path not in self._bundle.entries:
            raise DamagedFootageError("A file of which it was made is missing.")
        if self._reads_left == 0:
            raise DamagedFootageError("It goes back and forth between its files.")
        self._reads_left -= 1
        read_at = self._bundle.reader(path)
        end = 0
        for offset, length in original.parts:
            if offset < end:
                raise DamagedFootageError("The parts of a file lie over one another.")
            end = offset + length
        init = read_at(min(original.init_bytes, MAX_INIT), 0)
        video = read_tracks(read_at, init, original.parts).video
        if video is None:
            raise DamagedFootageError("A file of which it was made has no pictures.")
        counted = _counted(read_at, self._moved)
        self._open = (path, counted, video)
        return counted, video


def _counted(read_at: ReadAt, moved: Callable[[int], None]) -> ReadAt:
    def read(size: int, offset: int) -> bytes:
        data = read_at(size, offset)
        moved(len(data))
        return data

    return read


def _unlisted_gaps(camera: Camera, interval_us: tuple[int, int]) -> list[tuple[int, int]]:
    """Return what of *interval_us* neither an original covers nor the lists of gaps and of files that could not be read."""
    listed = [*camera.originals, *camera.gaps, *camera.unreadable]
    at_us, end_us = interval_us
    found = []
    for begin_us, finish_us in [*sorted(each.span_us for each in listed), (end_us, end_us)]:
        if min(begin_us, end_us) - at_us > GAP_US:
            found.append((at_us, min(begin_us, end_us)))
        at_us = max(at_us, finish_us)
    return found
