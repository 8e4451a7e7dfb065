"""Makes a bundle: copies, the viewing copy, snapshots, manifest, sums, signatures and form. Blocks; a process of its own does it."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from gtvision_edge.keys import PaperKey, SiteKey
from gtvision_edge.papers import render_paper
from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.archive import Archive, Stored, open_archive
from gtvision_edge.recordings.evidence.copying import pieces_of, read_part
from gtvision_edge.recordings.evidence.errors import (
    DamagedFootageError,
    ExportFailedError,
    NothingToExportError,
    UnreadableFootageError,
)
from gtvision_edge.recordings.evidence.form import custody_form
from gtvision_edge.recordings.evidence.frames import hash_movie, hash_pictures
from gtvision_edge.recordings.evidence.instructions import instructions
from gtvision_edge.recordings.evidence.manifest import (
    BundledCamera,
    BundledReadings,
    Copy,
    Original,
    Snapshot,
    Unreadable,
    build_manifest,
    to_json,
)
from gtvision_edge.recordings.evidence.model import (
    Bundle,
    Order,
    OrderedCamera,
    OrderedSegment,
    Progress,
    expected_bytes,
)
from gtvision_edge.recordings.evidence.reading_files import add_readings
from gtvision_edge.recordings.evidence.stills import still, still_moments
from gtvision_edge.recordings.evidence.subtitles import subtitles
from gtvision_edge.recordings.evidence.tracks import ReadAt, file_reader, parts_of, read_tracks
from gtvision_edge.recordings.evidence.verify import verify_bundle
from gtvision_edge.recordings.evidence.viewing import Part, Skipped, Source, plan_viewing

_CHUNK: Final = 2**20

Report = Callable[[Progress], None]


_TIMES: Final[Mapping[str, int]] = {
    "originals": 1,  # copied
    "viewing": 3,  # copied, and the pictures of copy and originals are read again
    "snapshots": 0,
    "readings": 0,
    "papers": 0,
    "checking": 6,  # the zip is read twice: by file, and as a whole; and the pictures once more
}
"""How often each step goes through as many bytes as the footage has."""


class _Meter:
    """Tells how far the work is, as a part of the bundle's expected size, which never changes."""

    def __init__(self, report: Report, footage_bytes: int) -> None:
        self._report = report
        self._footage_bytes = footage_bytes
        self._step = ""
        self._done = self._until = 0

    def begin(self, step: str) -> None:
        """Begin *step*, whatever the one before left undone: less is to be read when footage was cut out."""
        self._step, self._done = step, self._until
        self._until += _TIMES[step] * self._footage_bytes
        self.moved(0)

    def moved(self, size: int) -> None:
        """Note that so many bytes went by."""
        self._done = min(self._done + size, self._until)
        total = expected_bytes(self._footage_bytes)
        work = sum(_TIMES.values()) * self._footage_bytes
        self._report(Progress(self._step, total * self._done // max(work, 1), total))

    def counted(self, read_at: ReadAt) -> ReadAt:
        """Return *read_at* with what it reads counted."""

        def read(size: int, offset: int) -> bytes:
            data = read_at(size, offset)
            self.moved(len(data))
            return data

        return read


@dataclass(slots=True)
class _Work:
    """A bundle being made."""

    order: Order
    archive: Archive
    file: BinaryIO
    meter: _Meter
    cameras: list[BundledCamera] = field(default_factory=list)


def assemble(order: Order, report: Report = lambda _: None) -> Bundle:
    """Write the bundle to ``order.draft``, check it as a stranger would, and return what it is.

    Raises:
        NothingToExportError: none of the footage can be read any more.
        ExportFailedError: what was written does not verify.
        OSError: the disk failed or is full.

    """
    meter = _Meter(report, order.footage_bytes)
    key = SiteKey.from_pem(order.site_key_pem, site_id=order.site["id"])
    with open_archive(order.draft, created_us=order.created_us, moved=meter.moved) as (
        archive,
        file,
    ):
        work = _Work(order, archive, file, meter)
        meter.begin("originals")
        for camera in order.cameras:
            work.cameras.append(_copy_originals(work, camera))
        if not any(camera.originals for camera in work.cameras):
            raise NothingToExportError("None of the footage can be read any more.")
        meter.begin("viewing")
        for bundled in work.cameras:
            _add_viewing(work, bundled)
        if order.options.snapshots:
            meter.begin("snapshots")
            for bundled in work.cameras:
                _add_snapshots(work, bundled)
        meter.begin("readings")
        readings = add_readings(archive, order)
        meter.begin("papers")
        _add_papers(work, key, readings)
    _sync(order.draft)
    meter.begin("checking")
    verdict = verify_bundle(order.draft, trusted=[key.public.openssh], moved=meter.moved)
    if not verdict.is_good or verdict.is_repacked:
        raise ExportFailedError(
            "The bundle does not verify.",
            faults=[f"{fault.path}: {fault.say()}" for fault in verdict.faults],
        )
    return Bundle(order.draft.name, order.draft.stat().st_size, _hash_file(order.draft, meter))


def _copy_originals(work: _Work, camera: OrderedCamera) -> BundledCamera:
    bundled = BundledCamera(camera)
    for each in camera.segments:
        path = layout.original(camera.directory, each.segment.name_us)
        try:
            with _opened_recording(each.path) as fd:
                size = os.fstat(fd).st_size
                stored = work.archive.add(path, pieces_of(fd), size)
        except FileNotFoundError:
            bundled.unreadable.append(Unreadable(each, "missing"))
            continue
        except UnreadableFootageError:
            bundled.unreadable.append(Unreadable(each, "unreadable"))
            continue
        bundled.originals.append(Original(each, stored))
    return bundled


def _add_viewing(work: _Work, bundled: BundledCamera) -> None:
    kept = {original.source.path: original for original in bundled.originals}
    sources = [Source(path, original.source.segment) for path, original in kept.items()]
    skipped: list[Skipped] = []
    parts = plan_viewing(sources, work.order.span, gaps=work.order.options.gaps, skipped=skipped)
    for number, part in enumerate(parts, 1):
        path = layout.viewing(bundled.camera.directory, number)
        stored = work.archive.add(path, read_part(part), part.size)
        zone = work.order.site["timezone"]
        lines = subtitles(part, bundled.camera.name, zone).encode()
        work.archive.add_bytes(layout.subtitles(path), lines)
        copied, originals = _picture_hashes(work, part, stored)
        bundled.copies.append(Copy(part, stored, copied, originals))
    bundled.skipped += [Unreadable(kept[each.path].source, each.reason) for each in skipped]


def _picture_hashes(work: _Work, part: Part, stored: Stored) -> tuple[bytes, bytes]:
    """Return the hash of the pictures in the copy as it was written, and in the recorded files."""
    work.file.flush()
    draft = work.file.fileno()
    written = work.meter.counted(lambda size, at: os.pread(draft, size, stored.offset + at))
    _, copied = hash_movie(written, stored.size_bytes)
    originals = hashlib.sha256()
    segments = {
        each.path: each.segment for camera in work.order.cameras for each in camera.segments
    }
    for stretch in part.stretches:
        segment = segments[stretch.path]
        with _opened(stretch.path) as fd:
            read_at = file_reader(fd)
            tracks = read_tracks(read_at, read_at(segment.init_bytes, 0), parts_of(segment.groups))
            if tracks.video is None:
                raise DamagedFootageError("The pictures have gone from a recorded file.")
            counted = work.meter.counted(read_at)
            hash_pictures(originals, counted, tracks.video, first=stretch.first, last=stretch.last)
    return copied, originals.digest()


def _add_snapshots(work: _Work, bundled: BundledCamera) -> None:
    for moment_us in still_moments(work.order.span):
        found = _still_at(bundled, moment_us)
        if found is None:
            continue
        time_us, jpeg, source = found
        path = layout.snapshot(bundled.camera.directory, time_us)
        if any(each.stored.path == path for each in bundled.snapshots):
            continue
        bundled.snapshots.append(Snapshot(time_us, work.archive.add_bytes(path, jpeg), source))


def _still_at(bundled: BundledCamera, moment_us: int) -> tuple[int, bytes, OrderedSegment] | None:
    for original in bundled.originals:
        segment = original.source.segment
        if segment.start_us <= moment_us < segment.end_us:
            found = still(original.source, moment_us)
            return (*found, original.source) if found else None
    return None


def _add_papers(work: _Work, key: SiteKey, readings: BundledReadings) -> None:
    order, archive = work.order, work.archive
    archive.add_bytes(
        layout.HISTORY, to_json({"checkpoint": order.checkpoint, "entries": list(order.history)})
    )
    archive.add_bytes(layout.INSTRUCTIONS, instructions(order, key.public).encode())
    archive.add_bytes(layout.PUBLIC_KEY, (key.public.openssh + "\n").encode())
    manifest = build_manifest(order, work.cameras, readings, archive.files, key.public)
    archive.add_bytes(layout.MANIFEST, to_json(manifest))
    sums = "".join(
        f"{each.sha256.hex()}  {each.path}\n"
        for each in sorted(archive.files, key=lambda each: each.path)
    ).encode()
    sums_sha256 = archive.add_bytes(layout.SUMS, sums).sha256
    _sign(archive, key, layout.SUMS_SIGNATURE, sums)
    paper_key = PaperKey.from_pem(order.paper_key_pem)
    form = custody_form(
        order, work.cameras, readings, archive.files, sums_sha256, key.public.fingerprint
    )
    form_sha256 = archive.add_bytes(layout.FORM, render_paper(form, paper_key)).sha256
    seal = f"{sums_sha256.hex()}  {layout.SUMS}\n{form_sha256.hex()}  {layout.FORM}\n".encode()
    archive.add_bytes(layout.SEAL, seal)
    _sign(archive, key, layout.SEAL_SIGNATURE, seal)


def _sign(archive: Archive, key: SiteKey, path: str, content: bytes) -> None:
    archive.add_bytes(path, key.sign_ssh(content, namespace=layout.NAMESPACE).encode())


@contextmanager
def _opened_recording(path: Path) -> Iterator[int]:
    """Open a recorded file; FileNotFoundError when it has gone, UnreadableFootageError when its disk does not give it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableFootageError(str(error.strerror)) from error
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        yield fd
    finally:
        os.close(fd)


def _hash_file(path: Path, meter: _Meter) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            meter.moved(len(piece))
    return digest.digest()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
