"""A path's last seconds in memory: the last group of pictures always, whole HLS segments while somebody watches."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gtvision_edge.media.embedded.model import Fragment, Stream

# A camera with a key frame a minute ("smart codec") must not fill the memory.
_MAX_GROUP_BYTES = 16 * 2**20
_MAX_RING_BYTES = 96 * 2**20
_FEWEST_SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class Segment:
    """One finished HLS segment."""

    name: str
    init_name: str
    stream: Stream
    fragments: tuple[Fragment, ...]
    number: int
    is_discontinuous: bool

    @property
    def duration(self) -> Fraction:
        return sum((fragment.duration for fragment in self.fragments), Fraction(0))

    @property
    def start_us(self) -> int:
        return self.fragments[0].start_us

    @property
    def size(self) -> int:
        return sum(fragment.size for fragment in self.fragments)

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield its bytes in order, joined or cut to pieces of *size*; the last may be shorter."""
        gathered = bytearray()
        for part in (part for item in self.fragments for part in item.parts):
            rest = memoryview(part)
            while len(gathered) + len(rest) >= size:
                taken = size - len(gathered)
                yield bytes(gathered + rest[:taken])
                gathered.clear()
                rest = rest[taken:]
            gathered += rest
        if gathered:
            yield bytes(gathered)


class Ring:
    """Belongs to the loop's thread. Feed it every fragment of the path, in order."""

    def __init__(self, *, segment_s: float, count: int) -> None:
        self._segment_s = segment_s - 0.1
        self._count = count
        self.stream: Stream | None = None
        self.group: list[Fragment] = []
        """The fragments since the last key frame, from it on; empty until there was one."""
        self._group_bytes = 0
        self._group_is_whole = False
        self.segments: deque[Segment] = deque()
        self._open: list[Fragment] | None = None
        self._prefix = ""
        self._number = 0
        self._breaks_next = False
        self.discontinuities = 0
        """How many breaks have left the list: EXT-X-DISCONTINUITY-SEQUENCE."""

    @property
    def is_filling(self) -> bool:
        return self._open is not None

    @property
    def whole_group(self) -> Sequence[Fragment]:
        """The last group, if all of it is kept; a player may start with it."""
        return self.group if self._group_is_whole else ()

    def begin_stream(self, stream: Stream) -> None:
        """Begin a new init; it does not continue what was."""
        self.end_stream()
        self.stream = stream
        self._prefix = os.urandom(6).hex()

    def end_stream(self) -> None:
        """Forget the stream: its source is gone. What was begun of a segment is closed, short."""
        if self._open:
            self._close(tuple(self._open))
            self._open = []
        self.stream = None
        self.group = []
        self._group_is_whole = False
        self._breaks_next = self._number > 0

    def fill(self) -> None:
        """Begin to keep segments; the kept group of pictures is the start of the first."""
        if self._open is None:
            self._open = list(self.whole_group)
            self._breaks_next = self._number > 0

    def drain(self) -> None:
        """Nobody watches: keep the last group of pictures only."""
        self._open = None
        self.segments.clear()

    def add(self, fragment: Fragment) -> None:
        if self._open is not None:
            self._gather(self._open, fragment)
        if fragment.starts_with_key:
            self.group = [fragment]
            self._group_bytes = fragment.size
            self._group_is_whole = True
        elif self._group_is_whole:
            self._group_bytes += fragment.size
            self._group_is_whole = self._group_bytes <= _MAX_GROUP_BYTES
            if self._group_is_whole:
                self.group.append(fragment)
            else:
                del self.group[1:]

    def find(self, name: str) -> Segment | None:
        return next((segment for segment in self.segments if segment.name == name), None)

    def find_init(self, name: str) -> bytes | None:
        return next(
            (segment.stream.init for segment in self.segments if segment.init_name == name), None
        )

    def _gather(self, open_: list[Fragment], fragment: Fragment) -> None:
        if not open_ and not fragment.starts_with_key:
            return
        if open_ and fragment.starts_with_key:
            length = sum((item.duration for item in open_), Fraction(0))
            # The first one may be short: a picture soon is worth more than an even length.
            if length >= self._segment_s or not self.segments:
                self._close(tuple(open_))
                open_.clear()
        open_.append(fragment)
        if sum(item.size for item in open_) > _MAX_RING_BYTES // _FEWEST_SEGMENTS:
            # No key frame for so long: players cannot use it anyway.
            open_.clear()
            self._breaks_next = self._number > 0

    def _close(self, fragments: tuple[Fragment, ...]) -> None:
        if self.stream is None:
            return
        self.segments.append(
            Segment(
                name=f"{self._prefix}_seg{self._number}.mp4",
                init_name=f"{self._prefix}_init.mp4",
                stream=self.stream,
                fragments=fragments,
                number=self._number,
                is_discontinuous=self._breaks_next,
            )
        )
        self._number += 1
        self._breaks_next = False
        while len(self.segments) > self._count or (
            len(self.segments) > _FEWEST_SEGMENTS
            and sum(segment.size for segment in self.segments) > _MAX_RING_BYTES
        ):
            gone = self.segments.popleft()
            # RFC 8216 6.2.2: the sequence grows when the segment that carries the tag leaves.
            self.discontinuities += gone.is_discontinuous
