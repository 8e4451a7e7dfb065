"""Opens a bundle whose files somebody unpacked and zipped again: a mail gateway, a file manager. Blocks.

Compression, attributes and dates are theirs, and say nothing of the files. What would let two readers see different files is
refused as in ``opening``: two entries of a name, two names of an entry, links, and bytes that belong to no file.
"""

import os
import stat
import struct
import zipfile
import zlib
from dataclasses import replace
from typing import BinaryIO, Final

from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.opening import (
    LOCAL,
    Entry,
    OpenBundle,
    Table,
    broken,
    check_end,
    check_name,
    read_table,
    shown,
)

_DESCRIPTOR: Final = 24
"""Bytes behind a file in which some programs repeat its length and checksum, at most."""
_HAS_DESCRIPTOR: Final = 0x0008
_HARMLESS_FLAGS: Final = 0x0800 | _HAS_DESCRIPTOR | 0x0006
_PATHS_OF_UNIX: Final = (3, 19)
_CHUNK: Final = 2**20
_GROWS: Final = 100
"""Text is packed to a tenth; what grows more than this, and is no small file, is meant to fill a disk."""
_SMALL: Final = 2**20
_GROWS_IN_ALL: Final = 20
_FREE: Final = 64 * 2**20
"""All that is unpacked may be so much, and so many times the zip: footage does not shrink, and papers are a small part."""


def open_repacked(file: BinaryIO, scratch: BinaryIO) -> OpenBundle:
    """Read the zip open as *file*; compressed files are unpacked into *scratch*. Both stay the caller's.

    A file that cannot be unpacked whole is there as far as it could be. A folder around all files is taken off.

    Raises:
        BrokenBundleError: it is no zip, or readers may see different files in it.

    """
    table = read_table(file)
    packed = [each for each in table.infos if each.compress_type != zipfile.ZIP_STORED]
    if sum(each.file_size for each in packed) > _FREE + _GROWS_IN_ALL * table.size:
        raise broken("grows")
    with zipfile.ZipFile(file) as archive:
        return _read(file, archive, table, scratch)


def _read(file: BinaryIO, archive: zipfile.ZipFile, table: Table, scratch: BinaryIO) -> OpenBundle:
    entries: dict[str, Entry] = {}
    folded: set[str] = set()
    position = slack = 0
    for info in table.infos:
        is_folder = _check_info(info)
        if info.filename.casefold() in folded:
            raise broken("twice", info.filename)
        folded.add(info.filename.casefold())
        if not 0 <= info.header_offset - position <= slack:
            raise broken("bytes_before", info.filename)
        offset = _content_offset(file, info)
        position = offset + info.compress_size
        slack = _DESCRIPTOR if info.flag_bits & _HAS_DESCRIPTOR else 0
        if is_folder:
            continue
        entries[info.filename] = Entry(info.filename, offset, info.file_size)
        if info.compress_type != zipfile.ZIP_STORED:
            entries[info.filename] = _unpack(archive, info, scratch)
    if not 0 <= table.start - position <= slack:
        raise broken("bytes_behind")
    check_end(file, table)
    return OpenBundle(file, _without_folder(entries), scratch)


def _check_info(info: zipfile.ZipInfo) -> bool:
    """Tell whether it is a folder."""
    is_folder = info.filename.endswith("/")
    check_name(info, info.filename.removesuffix("/"))
    fault = ""
    mode = stat.S_IFMT(info.external_attr >> 16) if info.create_system in _PATHS_OF_UNIX else 0
    if mode not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG):
        fault = "no_regular_file"
    elif info.flag_bits & ~_HARMLESS_FLAGS:
        fault = "encrypted"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or (
        info.file_size > max(_SMALL, info.compress_size * _GROWS)
    ):
        fault = "compressed"
    elif info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
        fault = "two_descriptions"
    elif is_folder and info.file_size:
        fault = "odd_entry"
    if fault:
        raise broken(fault, shown(info))
    return is_folder


def _content_offset(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Return where the content begins, after comparing what a reader without the table of contents would go by."""
    head = os.pread(file.fileno(), LOCAL.size, info.header_offset)
    if len(head) < LOCAL.size:
        raise broken("cut_off", info.filename)
    magic, _, flags, method, _, _, _, packed, size, name_length, extra_length = LOCAL.unpack(head)
    name = os.pread(file.fileno(), name_length, info.header_offset + LOCAL.size)
    wide = 0xFFFF_FFFF
    has_descriptor = bool(info.flag_bits & _HAS_DESCRIPTOR)
    agrees = (
        magic == b"PK\x03\x04"
        and name == info.filename.encode()
        and method == info.compress_type
        and flags == info.flag_bits
        and (has_descriptor or packed in (info.compress_size, wide))
        and (has_descriptor or size in (info.file_size, wide))
    )
    if not agrees:
        raise broken("two_descriptions", info.filename)
    return int(info.header_offset) + LOCAL.size + int(name_length) + int(extra_length)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, scratch: BinaryIO) -> Entry:
    start = scratch.seek(0, os.SEEK_END)
    written = 0
    try:
        with archive.open(info) as packed:
            while written < info.file_size and (data := packed.read(_CHUNK)):
                written += scratch.write(data[: info.file_size - written])
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError):
        # A byte was changed in it, or it is packed in a way zipfile does not know (NotImplementedError): not what was signed.
        pass
    except OSError as error:
        raise broken("unreadable", info.filename, why=error.strerror) from error
    scratch.flush()
    return Entry(info.filename, start, written, is_unpacked=True)


def _without_folder(entries: dict[str, Entry]) -> dict[str, Entry]:
    folders = {path.partition("/")[0] for path in entries}
    if layout.SUMS in entries or len(folders) != 1:
        return entries
    length = len(folders.pop()) + 1
    return {path[length:]: replace(each, path=path[length:]) for path, each in entries.items()}
