"""An endless multipart answer, part by part as it arrives; never more than one part in memory."""

import re
from dataclasses import dataclass
from typing import Final

MAX_PART: Final = 4 * 2**20
MAX_HEADER: Final = 4096
_LENGTH: Final = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.I | re.M)
_GAP: Final = re.compile(rb"\r\n\r\n|\n\n")


class BrokenStreamError(Exception):
    """What arrives is no multipart stream, or breaks a limit; its text says which."""


@dataclass(frozen=True, slots=True)
class StreamPart:
    """One part's content; its headers say nothing that the content does not."""

    content: bytes

    @property
    def is_jpeg(self) -> bool:
        return self.content.startswith(b"\xff\xd8\xff")


class PartReader:
    """Finds the parts in what is fed to it.

    A ``Content-Length`` lets a part end before the next one begins; where it is missing or too large, the next delimiter ends the
    part, and where it is too small, the rest is passed over.
    """

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = re.compile(
            rb"(?:\A|\r\n|\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*\r?\n"
        )
        # How much of a delimiter may have come when the rest has not.
        self._overlap = len(boundary) + 16
        self._buffer = bytearray()
        self._scanned = 0
        self._is_inside = False
        self._starts_at: int | None = None
        self._length: int | None = None
        self.begun = 0
        """How many parts began so far, those with nothing in them, too."""

    def feed(self, data: bytes) -> list[StreamPart]:
        """Return the parts that *data* completes.

        Raises:
            BrokenStreamError: a header or a part is too large.

        """
        self._buffer += data
        found: list[StreamPart] = []
        while True:
            if not self._is_inside:
                if not self._find_delimiter():
                    return found
            elif self._starts_at is None:
                if not self._read_head():
                    return found
            else:
                part = self._read_content(self._starts_at)
                if part is None:
                    return found
                if part.content.strip():
                    found.append(part)

    def _find_delimiter(self) -> bool:
        mark = self._delimiter.search(self._buffer)
        if mark is None:
            # What lies between parts is nobody's.
            del self._buffer[: max(0, len(self._buffer) - self._overlap)]
            return False
        del self._buffer[: mark.end()]
        self._is_inside = True
        self.begun += 1
        return True

    def _read_head(self) -> bool:
        if self._buffer.startswith((b"\r\n", b"\n")):  # no header at all
            self._begin(2 if self._buffer.startswith(b"\r\n") else 1, None)
            return True
        gap = _GAP.search(self._buffer, 0, MAX_HEADER)
        if gap is None:
            if len(self._buffer) >= MAX_HEADER:
                raise BrokenStreamError("a part's header is too long")
            return False
        length = _LENGTH.search(self._buffer, 0, gap.end())
        self._begin(gap.end(), int(length[1]) if length else None)
        return True

    def _begin(self, start: int, length: int | None) -> None:
        if length is not None and length > MAX_PART:
            raise BrokenStreamError("a part is too large")
        self._starts_at, self._length, self._scanned = start, length, start

    def _read_content(self, start: int) -> StreamPart | None:
        whole = None if self._length is None else start + self._length
        mark = self._delimiter.search(self._buffer, max(start, self._scanned - self._overlap))
        if mark is not None and mark.start() == 0:  # \A is no line's beginning here
            mark = None
        if mark is not None and (whole is None or mark.start() < whole):
            return self._end(start, mark.start())
        if whole is not None and len(self._buffer) >= whole:
            return self._end(start, whole)
        if len(self._buffer) - start > MAX_PART:
            raise BrokenStreamError("a part is too large")
        self._scanned = len(self._buffer)
        return None

    def _end(self, start: int, end: int) -> StreamPart:
        part = StreamPart(bytes(self._buffer[start:end]))
        del self._buffer[:end]
        self._is_inside, self._starts_at = False, None
        return part
