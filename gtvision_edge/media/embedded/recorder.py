"""Writes one path's fragments to segment files, from a thread of its own, so that a slow disk slows nobody else."""

import contextlib
import os
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import structlog

from gtvision_edge.media.embedded.boxes import box, duration_offset, full_box
from gtvision_edge.media.embedded.model import Fragment, Stream
from gtvision_edge.media.embedded.muxer import build_init

log = structlog.get_logger(__name__)

_RETRY_S = 2.0
# Key frames come a few ticks early at times; a segment must not last a whole group longer for it.
_EARLY_S = 0.1
_MAX_QUEUED_BYTES = 32 * 2**20
# Linux takes 1024 at a time (IOV_MAX); a fragment of half a second has some forty.
_MAX_PIECES = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """Where and how a path is recorded."""

    template: str
    """MediaMTX's ``recordPath``, absolute; times are UTC."""
    segment_s: float


def segment_path(template: str, path: str, start_us: int) -> str:
    """Return the file of a segment that starts at *start_us* (UTC µs)."""
    moment = _EPOCH + timedelta(microseconds=start_us)
    values = {
        "%path": path,
        "%Y": f"{moment.year:04}",
        "%m": f"{moment.month:02}",
        "%d": f"{moment.day:02}",
        "%H": f"{moment.hour:02}",
        "%M": f"{moment.minute:02}",
        "%S": f"{moment.second:02}",
        "%f": f"{moment.microsecond:06}",
        "%z": "Z",
        "%s": str(start_us // 1_000_000),
    }
    for token, value in values.items():
        template = template.replace(token, value)
    return template + ".mp4"


class Recorder:
    """``put`` from one thread at a time; ``close`` finalises the open segment.

    It makes the directory a segment lies in, and none above: whoever configures the path makes those. Where they are
    missing it tries again each 2 s, as after any failure of the disk.

    The queue to the disk holds 32 MiB. When the disk is slower than the camera for longer than that lasts, fragments
    up to the next key frame are lost, which is logged; the camera and its viewers notice nothing.
    """

    def __init__(self, path: str, plan: RecordPlan) -> None:
        self._path = path
        self._plan = plan
        self._queue: deque[tuple[Stream, Fragment] | None] = deque()
        self._queued_bytes = 0
        self._skips = False
        self._condition = threading.Condition()
        self._is_closed = False
        self._is_writing = False
        self._writer = _SegmentWriter(path, plan)
        self._thread = threading.Thread(target=self._run, name=f"record-{path}", daemon=True)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether something handed over has not been dealt with yet."""
        with self._condition:
            return bool(self._queue) or self._is_writing

    def put(self, stream: Stream, fragment: Fragment) -> None:
        """Hand over a fragment; never waits."""
        with self._condition:
            if self._is_closed:
                return
            if self._skips and (
                not fragment.starts_with_key or self._queued_bytes > _MAX_QUEUED_BYTES // 2
            ):
                return
            self._skips = self._queued_bytes > _MAX_QUEUED_BYTES
            if self._skips:
                log.error("recording_too_slow", path=self._path, queued_bytes=self._queued_bytes)
                self._queue.append(None)
            else:
                self._queue.append((stream, fragment))
                self._queued_bytes += fragment.size
            self._condition.notify()

    def end_stream(self) -> None:
        """Finalise the open segment: what comes next does not continue it."""
        with self._condition:
            self._queue.append(None)
            self._condition.notify()

    def close(self) -> None:
        """Take no more; the thread writes what is queued, finalises and ends."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait until the last segment is final; tells whether it is. Blocks."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._is_writing = False
                while not self._queue and not self._is_closed:
                    self._condition.wait()
                if not self._queue:
                    break
                item = self._queue.popleft()
                self._is_writing = True
                if item is not None:
                    self._queued_bytes -= item[1].size
            try:
                if item is None:
                    self._writer.finish()
                else:
                    self._writer.write(*item)
            except (
                Exception
            ):  # a thread that ends here would leave its camera unrecorded, and silent
                log.exception("recorder_stumbled")
                self._writer.give_up()
        self._writer.finish()


class _SegmentWriter:
    """The open file and when to change it. Disk errors end here: the next try is 2 s later, at a key frame."""

    def __init__(self, path: str, plan: RecordPlan) -> None:
        self._path = path
        self._plan = plan
        self._file: _SegmentFile | None = None
        self._stream: Stream | None = None
        self._number = 0
        self._retry_at = 0.0
        self._is_failing = False

    def write(self, stream: Stream, fragment: Fragment) -> None:
        if stream is not self._stream:
            self.finish()
            self._stream, self._number = stream, 0
        current = self._file
        if (
            fragment.starts_with_key
            and current
            and current.duration >= self._plan.segment_s - _EARLY_S
        ):
            self.finish()
            current = None
        if current is None and (not fragment.starts_with_key or time.monotonic() < self._retry_at):
            return
        try:
            if current is None:
                self._file = self._open(stream, fragment)
            else:
                current.append(fragment)
        except OSError as error:
            self._fail(error)
            return
        if self._is_failing:
            self._is_failing = False
            log.info("recording_resumed", path=self._path)

    def finish(self) -> None:
        """Write the length into the segment, sync and close it."""
        current, self._file = self._file, None
        if current is None:
            return
        try:
            current.finish()
        except OSError as error:
            self._fail(error)
        else:
            log.debug("segment_finished", path=self._path, file=current.name)

    def _open(self, stream: Stream, fragment: Fragment) -> "_SegmentFile":
        start_us = fragment.start_us
        while True:
            name = segment_path(self._plan.template, self._path, start_us)
            try:
                opened = _SegmentFile(name, stream, fragment, self._number)
            except FileExistsError:
                # Our clock was set back, and footage of that moment exists. It stays.
                start_us += 1 if "%f" in self._plan.template else 1_000_000
                continue
            self._number += 1
            return opened

    def give_up(self) -> None:
        """Leave the open segment as it is on disk, whole to its last fragment; the next key frame begins a new one."""
        current, self._file = self._file, None
        if current is not None:
            with contextlib.suppress(Exception):
                current.finish()

    def _fail(self, error: OSError) -> None:
        note = log.debug if self._is_failing else log.error
        note("recording_failed", path=self._path, error=error.strerror)
        self._is_failing = True
        self._retry_at = time.monotonic() + _RETRY_S
        current, self._file = self._file, None
        if current is not None:
            with contextlib.suppress(OSError):
                current.finish()


class _SegmentFile:
    """One segment on disk. It exists from its first whole fragment on, and holds whole fragments only."""

    def __init__(self, name: str, stream: Stream, first: Fragment, number: int) -> None:
        self.name = name
        # Files begin near zero, whatever the stream's line has reached; sound may lead the picture a little.
        self._origin = min(Fraction(time.value, time.timescale) for time in first.times)
        self._sequence = 0
        self._size = 0
        self.duration = Fraction(0)
        video = first.times[0]
        lead = Fraction(video.value, video.timescale) - self._origin
        header = build_init(
            stream.video,
            stream.audio,
            _clock_box(stream, number, self._origin, first.start_us - round(lead * 1_000_000)),
        )
        self._duration_at = duration_offset(header)
        # The day's directory and none above it: when the disk is gone, its mount point must not be recorded into.
        with contextlib.suppress(FileExistsError):
            os.mkdir(os.path.dirname(name))  # noqa: PTH102, PTH120 -- Path objects per segment buy nothing here
        self._descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            self._write(header, first)
        except OSError:
            os.close(self._descriptor)
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108
            raise

    def append(self, fragment: Fragment) -> None:
        self._write(b"", fragment)

    def finish(self) -> None:
        """Patch the length, sync, close. The descriptor is closed even when that fails."""
        try:
            milliseconds = round(self.duration * 1000)
            os.pwrite(self._descriptor, struct.pack(">I", milliseconds), self._duration_at)
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)

    def _write(self, header: bytes, fragment: Fragment) -> None:
        parts = [header, self._rebased(fragment), fragment.mdat_header, *fragment.payload]
        size = len(header) + fragment.size
        if len(parts) > _MAX_PIECES:
            parts = [b"".join(parts)]
        written = os.writev(self._descriptor, parts)
        if written != size:
            # Full disk. Keep whole fragments only.
            os.ftruncate(self._descriptor, self._size)
            os.lseek(self._descriptor, self._size, os.SEEK_SET)
            raise OSError(28, "No space left on device")
        self._size += size
        self._sequence += 1
        self.duration += fragment.duration

    def _rebased(self, fragment: Fragment) -> bytes:
        moof = bytearray(fragment.moof)
        struct.pack_into(">I", moof, 20, self._sequence)
        for time_ in fragment.times:
            value = time_.value - round(self._origin * time_.timescale)
            struct.pack_into(">Q", moof, time_.offset, max(value, 0))
        return bytes(moof)


def _clock_box(stream: Stream, number: int, origin: Fraction, start_us: int) -> bytes:
    """Return ``udta/mtxi``: which run, which segment of it, media time and wall clock of its first sample, sound or not."""
    body = struct.pack(">QqQ", number, int(origin * 1_000_000_000), start_us * 1000)
    return box(b"udta", full_box(b"mtxi", 0, 0, stream.stream_id, body))
