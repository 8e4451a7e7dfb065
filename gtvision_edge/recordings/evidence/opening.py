"""Opens a bundle that came from anywhere: what the zip holds is told only if it is built as ours are. Blocks.

A zip can say one thing to one reader and another to the next: two entries of a name, entries over one another, bytes between
them, names that lead out of the folder, contents that grow a thousandfold. Here an entry is a regular file of a plain name,
stored as it is, and the entries fill the file from its first byte to the table of contents.
"""

import os
import re
import stat
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from gtvision_edge.recordings.evidence.errors import BrokenBundleError
from gtvision_edge.recordings.evidence.tracks import ReadAt
from gtvision_edge.recordings.evidence.wording import say

MAX_FILES: Final = 200_000
_VERSIONS: Final = (20, 45)
_UNIX: Final = 3
_END: Final = struct.Struct("<4s4H2IH")
_REGULAR: Final = 0o100644 << 16
_ZIP64_EXTRA: Final = 20
LOCAL: Final = struct.Struct("<4s5H3I2H")
_NAME: Final = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9_.:-]*(/[A-Za-z0-9_][A-Za-z0-9_.:-]*){0,3}", re.ASCII
)
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the zip; its bytes are ``size`` from ``offset`` on."""

    path: str
    offset: int
    size: int
    is_unpacked: bool = False
    """They lie in the scratch file, not in the zip."""


@dataclass(frozen=True, slots=True)
class Table:
    """A zip's table of contents, which begins at ``start``; its entries as their files lie in the zip of ``size`` bytes."""

    infos: list[zipfile.ZipInfo]
    start: int
    size: int


class OpenBundle:
    """The files of a bundle by name, as they lie in the zip; those that were compressed, in *scratch*."""

    def __init__(
        self, file: BinaryIO, entries: dict[str, Entry], scratch: BinaryIO | None = None
    ) -> None:
        self._fd = file.fileno()
        self._scratch = scratch
        self.entries = entries

    def reader(self, path: str) -> ReadAt:
        """Return a reader that sees nothing but that file."""
        entry = self.entries[path]
        fd = self._scratch.fileno() if self._scratch and entry.is_unpacked else self._fd

        def read_at(size: int, offset: int) -> bytes:
            size = min(size, entry.size - offset)
            return os.pread(fd, size, entry.offset + offset) if size > 0 else b""

        return read_at

    def read(self, path: str, limit: int) -> bytes:
        """Return a whole file.

        Raises:
            BrokenBundleError: it is longer than *limit*.

        """
        if self.entries[path].size > limit:
            raise broken("too_long", path)
        return self.reader(path)(limit, 0)


def open_bundle(file: BinaryIO) -> OpenBundle:
    """Read the table of contents of the zip open as *file*, which stays the caller's.

    Raises:
        BrokenBundleError: it is no zip, or one with something that ours never have.

    """
    table = read_table(file)
    entries: dict[str, Entry] = {}
    folded: set[str] = set()
    position = 0
    for info in table.infos:
        _check_info(info)
        # Windows and macOS would write one over the other.
        if info.filename.casefold() in folded:
            raise broken("twice", info.filename)
        folded.add(info.filename.casefold())
        if info.header_offset != position:
            raise broken("bytes_before", info.filename)
        offset = _content_offset(file, info)
        position = offset + info.file_size
        entries[info.filename] = Entry(info.filename, offset, info.file_size)
    if position != table.start:
        raise broken("bytes_behind")
    check_end(file, table)
    return OpenBundle(file, entries)


def read_table(file: BinaryIO) -> Table:
    """Read the table of contents.

    Raises:
        BrokenBundleError: there is none, or it has a comment or too many files.

    """
    size = file.seek(0, os.SEEK_END)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            start = archive.start_dir
            comment = archive.comment
    # NotImplementedError is zipfile's word for a newer version of the format than it reads.
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        raise broken("no_zip") from error
    if comment:
        raise broken("zip_comment")
    if len(infos) > MAX_FILES:
        raise broken("too_many_files")
    return Table(sorted(infos, key=lambda each: each.header_offset), start, size)


def check_name(info: zipfile.ZipInfo, name: str) -> None:
    """Look that *name*, that of *info*, leads nowhere but into the bundle.

    Raises:
        BrokenBundleError: it may lead elsewhere.

    """
    if info.orig_filename != info.filename or not _NAME.fullmatch(name) or ".." in name:
        raise broken("odd_name", shown(info))
    if any(_DEVICES.fullmatch(part) for part in name.split("/")):
        raise broken("device_name", shown(info))


def shown(info: zipfile.ZipInfo) -> str:
    """Return an entry's name as it may be printed."""
    return info.filename.encode("ascii", "backslashreplace").decode()[:200]


def _check_info(info: zipfile.ZipInfo) -> None:
    check_name(info, info.filename)
    fault = ""
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        fault = "compressed"
    elif info.flag_bits & ~0x0800:
        fault = "encrypted"
    elif stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        fault = "no_regular_file"
    elif (info.external_attr, info.create_system) != (_REGULAR, _UNIX) or (
        info.comment
        or info.internal_attr
        or info.volume
        or info.reserved
        or info.extract_version not in _VERSIONS
        or info.create_version != info.extract_version
    ):
        fault = "odd_entry"
    if fault:
        raise broken(fault, shown(info))


def _content_offset(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Return where the content begins, after comparing the file's own header with the table of contents."""
    head = os.pread(file.fileno(), LOCAL.size, info.header_offset)
    if len(head) < LOCAL.size:
        raise broken("cut_off", info.filename)
    magic, version, flags, method, time, day, crc, packed, size, name_length, extra_length = (
        LOCAL.unpack(head)
    )
    year, month, date, hour, minute, second = info.date_time
    rest = os.pread(file.fileno(), name_length + extra_length, info.header_offset + LOCAL.size)
    name, extra = rest[:name_length], rest[name_length:]
    wide = 0xFFFF_FFFF
    agrees = (
        magic == b"PK\x03\x04"
        and name == info.filename.encode()
        and method == zipfile.ZIP_STORED
        and flags == info.flag_bits
        and version == info.extract_version
        and day == (year - 1980) << 9 | month << 5 | date
        and time == hour << 11 | minute << 5 | second // 2
        and crc == info.CRC
        and packed in (info.compress_size, wide)
        and size in (info.file_size, wide)
        and (not extra or (len(extra) == _ZIP64_EXTRA and extra[:4] == b"\x01\x00\x10\x00"))
    )
    if not agrees:
        raise broken("two_descriptions", info.filename)
    return int(info.header_offset) + LOCAL.size + len(rest)


def check_end(file: BinaryIO, table: Table) -> None:
    """Look that table of contents and its end records are all that follows the files.

    Raises:
        BrokenBundleError: they are not.

    """
    directory, size, count = table.start, table.size, len(table.infos)
    at = directory
    fd, is_wide = file.fileno(), False
    for _ in range(count):
        head = os.pread(fd, 46, at)
        if len(head) < 46 or head[:4] != b"PK\x01\x02":
            raise broken("odd_table")
        at += 46 + sum(struct.unpack_from("<3H", head, 28))
    tail = os.pread(fd, 200, at)
    if tail[:4] == b"PK\x06\x06":  # zip64: end record and its locator
        at += 12 + struct.unpack_from("<Q", tail, 4)[0] + 20
        is_wide = True
        tail = os.pread(fd, 200, at)
    if tail[:4] != b"PK\x05\x06" or at + _END.size != size:
        raise broken("bytes_behind_table")
    _, disk, directory_disk, here, whole, length, offset, comment = _END.unpack(tail)
    agrees = (
        (disk, directory_disk, comment) == (0, 0, 0)
        and here == whole
        and whole in (count, 0xFFFF)
        and offset in (directory, 0xFFFF_FFFF)
        and (is_wide or (whole, length, offset) == (count, at - directory, directory))
    )
    if not agrees:
        raise broken("odd_end")


def open_bundle_file(path: Path) -> BinaryIO:
    """Open *path* for :func:`open_bundle`.

    Raises:
        BrokenBundleError: it cannot be read.

    """
    try:
        return path.open("rb")
    except OSError as error:
        raise broken("unreadable", why=error.strerror) from error


def broken(reason: str, path: str = "", **facts: Any) -> BrokenBundleError:
    """Return the error for *reason*, a code of the verifier's words, about the file *path* ('' = the zip as a whole)."""
    words = say(reason, **facts)
    return BrokenBundleError(f"{path or 'The bundle'}: {words}.", reason=reason, path=path, **facts)
