"""One path on the air: hands every access unit to the readers, each at its own pace."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gtvision_edge.media.embedded.rtsp.authentication import Credentials
from gtvision_edge.media.embedded.rtsp.packets import MAX_PAYLOAD, AccessUnit, TrackSender
from gtvision_edge.media.embedded.rtsp.tracks import TrackDescription
from gtvision_edge.runtime.clock import Clock

REPORT_EVERY_S = 5.0
# A source that paused for longer sent the kept group for yesterday's readers.
_GROUP_IS_OLD_S = 2.5
# The media clock creeps after the wall clock by at most this much per report (200 ppm).
_SLEW_US = 1_000
# A longer step between two units of a track is a new time line, not a slow camera.
_JUMP_US = 10_000_000


class Outlet(Protocol):
    """Where a reader's bytes go."""

    def write(self, data: bytes) -> None: ...

    def pending_bytes(self) -> int:
        """Bytes that were written and not yet taken by the kernel."""
        ...

    def end(self) -> None:
        """Close: the stream is over."""
        ...


class Reader:
    """One PLAY of one connection; ``channels`` maps tracks to interleaved channels."""

    __slots__ = ("channels", "max_pending", "outlet", "reported", "waits_for_key")

    def __init__(self, outlet: Outlet, channels: Mapping[int, int], max_pending: int) -> None:
        self.outlet = outlet
        self.channels = dict(channels)
        self.max_pending = max_pending
        self.reported: set[int] = set()
        self.waits_for_key = True

    def has_room(self) -> bool:
        """Tell whether it may be written to; one that had to wait must first drain half."""
        limit = self.max_pending // 2 if self.waits_for_key else self.max_pending
        return self.outlet.pending_bytes() < limit


class Publication:
    """A path that readers can open, until :meth:`close`. Made by ``RtspServer.publish``."""

    def __init__(
        self,
        path: str,
        tracks: Sequence[TrackDescription],
        *,
        credentials: Credentials | None,
        clock: Clock,
        max_group_bytes: int,
        forget: Callable[["Publication"], None],
    ) -> None:
        self.path = path
        self.credentials = credentials
        self.senders = [TrackSender(index, track) for index, track in enumerate(tracks)]
        self.has_readers = False
        """Whether somebody is reading now; may be looked at from any thread."""
        self._clock = clock
        self._forget = forget
        self._lead = next((i for i, track in enumerate(tracks) if track.is_video), None)
        self._readers: list[Reader] = []
        self._group: list[AccessUnit] = []
        self._group_bytes = 0
        self._sent_at = 0.0
        self._max_group_bytes = max_group_bytes
        self._media_time: _MediaTime | None = None
        self._report_at = [0.0] * len(self.senders)
        self._is_open = True

    @property
    def reader_count(self) -> int:
        return len(self._readers)

    def session_description(self) -> str:
        """Return the SDP that DESCRIBE answers."""
        head = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=gtvision-edge\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            "a=control:*\r\na=range:npt=now-\r\n"
        )
        return head + "".join(
            sender.description.media_section(index) for index, sender in enumerate(self.senders)
        )

    def send(
        self,
        track_index: int,
        data: bytes,
        timestamp: int,
        is_key: bool = False,  # noqa: FBT001, FBT002 (one obvious flag of a hot call)
        *,
        captured_us: int | None = None,
    ) -> None:
        """Pass one access unit on; never waits, only on the loop's thread.

        *data* is a whole video access unit (Annex B, or length-prefixed as the description says),
        one raw AAC frame (no ADTS), or G.711 samples. *timestamp* counts the track's clock; all
        tracks count from one origin, in presentation order. *captured_us* is when the sample was
        taken (UTC; now, if not given). A reader that cannot follow misses access units up to the
        next key frame; nobody waits for it. A closed publication ignores what it is sent.
        """
        if not self._is_open or not data:
            return
        sender = self.senders[track_index]
        if sender.description.is_video or sender.description.codec == "aac":
            unit = AccessUnit(track_index, data, sender.rtp_timestamp(timestamp), is_key=is_key)
            self._pass(unit, timestamp, captured_us)
            return
        for at in range(0, len(data), MAX_PAYLOAD):
            ticks = timestamp + at // sender.description.channels
            piece = data[at : at + MAX_PAYLOAD]
            unit = AccessUnit(track_index, piece, sender.rtp_timestamp(ticks), is_key=is_key)
            self._pass(unit, ticks, captured_us)

    def close(self) -> None:
        """Take the path off the air; its readers' connections end. May be called twice."""
        if not self._is_open:
            return
        self._is_open = False
        self._group.clear()
        self._forget(self)
        for reader in tuple(self._readers):
            reader.outlet.end()
        self._readers.clear()
        self.has_readers = False

    def add_reader(self, reader: Reader) -> None:
        """Start *reader* at the last key frame, or at the next when that group is no use."""
        self._drop_old_group()
        self._readers.append(reader)
        self.has_readers = True
        wires: list[bytes] = []
        for unit in self._group:
            # Every unit is packetised, also of tracks not asked for, to keep numbers in order.
            wires.append(self._wire(unit, reader))
            reader.waits_for_key = False
        if any(wires):
            reader.outlet.write(b"".join(wires))

    def remove_reader(self, reader: Reader) -> None:
        if reader in self._readers:
            self._readers.remove(reader)
        self.has_readers = bool(self._readers)

    def next_packet(self, track: int) -> tuple[int, int] | None:
        """Return sequence number and timestamp a new reader will see first, if known by now."""
        self._drop_old_group()
        first = next((unit for unit in self._group if unit.track == track), None)
        if first is None:
            return None
        sender = self.senders[track]
        number = first.first_sequence
        return (sender.sequence if number is None else number), first.timestamp

    def _drop_old_group(self) -> None:
        if self._clock.monotonic() - self._sent_at > _GROUP_IS_OLD_S:
            self._group = []

    def _pass(self, unit: AccessUnit, ticks: int, captured_us: int | None) -> None:
        rate = self.senders[unit.track].description.clock_rate
        media_us = ticks * 1_000_000 // rate
        captured_us = self._clock.now_us() if captured_us is None else captured_us
        now = self._sent_at = self._clock.monotonic()
        if self._media_time is None or self._media_time.jumps(unit.track, media_us):
            self._media_time = _MediaTime(captured_us - media_us, now)
            self._report_at = [now] * len(self.senders)
        is_report_due = now >= self._report_at[unit.track]
        if is_report_due:
            self._report_at[unit.track] = now + REPORT_EVERY_S
        self._media_time.follow(captured_us - media_us, now, creeps=is_report_due)
        unit.captured_us = media_us + self._media_time.offset_us
        self._keep(unit)
        if not self._readers:
            return
        starts = self._lead is None or (unit.is_key and unit.track == self._lead)
        for reader in tuple(self._readers):
            if is_report_due:
                reader.reported.discard(unit.track)
            if (reader.waits_for_key and not starts) or not reader.has_room():
                reader.waits_for_key = True
                continue
            reader.waits_for_key = False
            if wire := self._wire(unit, reader):
                reader.outlet.write(wire)

    def _keep(self, unit: AccessUnit) -> None:
        if unit.is_key and unit.track == self._lead:
            self._group = []
            self._group_bytes = 0
        elif not self._group:
            return
        self._group_bytes += unit.size
        if self._group_bytes > self._max_group_bytes:
            self._group = []
            return
        self._group.append(unit)

    def _wire(self, unit: AccessUnit, reader: Reader) -> bytes:
        sender = self.senders[unit.track]
        channel = reader.channels.get(unit.track)
        if channel is None:
            unit.wire(0, sender)
            return b""
        wire = unit.wire(channel, sender)
        if unit.track in reader.reported:
            return wire
        reader.reported.add(unit.track)
        return sender.report(unit.timestamp, unit.captured_us, channel + 1) + wire


class _MediaTime:
    """Maps media time to wall time, smoothly.

    Arrival jitters by tens of milliseconds. If reports carried it, libav would shift the sound and
    the picture against each other at every report, even backwards. So one offset serves all
    tracks and only creeps after the clock. Right after a start the smallest offset wins: what a
    source sends in a burst is older than it looks.
    """

    def __init__(self, offset_us: int, now: float) -> None:
        self.offset_us = offset_us
        self._settled_at = now + REPORT_EVERY_S
        self._last_us: dict[int, int] = {}

    def jumps(self, track: int, media_us: int) -> bool:
        """Tell whether the track's time makes a leap no stream makes; remember it."""
        last_us = self._last_us.get(track, media_us)
        self._last_us[track] = media_us
        return abs(media_us - last_us) > _JUMP_US

    def follow(self, seen_us: int, now: float, *, creeps: bool) -> None:
        error = seen_us - self.offset_us
        if now < self._settled_at:
            self.offset_us += min(0, error)
        elif creeps:
            self.offset_us += max(-_SLEW_US, min(_SLEW_US, error))
