"""The column ``segments.groups``: where the seekable groups of a file lie, five unsigned varints (LEB128) each.

Per group: bytes between the end of the group before (of the init section, for the first) and its own start, size in bytes,
µs between the end of the video before and its own start, µs from there to its first key frame, length in µs. A minute of
2 s groups takes about 300 bytes.
"""

from collections.abc import Sequence

from gtvision_edge.recordings.model import Group

UNREAD = b"\x00"
"""Stands for groups that nobody has read from the file yet; no packing gives it."""


def pack_groups(groups: Sequence[Group], *, init_bytes: int) -> bytes:
    """Return *groups*, in the order of the file, as the column holds them.

    Raises:
        ValueError: they overlap, or go backwards.

    """
    packed = bytearray()
    offset, time_us = init_bytes, 0
    for group in groups:
        numbers = (
            group.offset - offset,
            group.size,
            group.start_us - time_us,
            group.key_us - group.start_us,
            group.length_us,
        )
        for number in numbers:
            if number < 0:
                raise ValueError("groups must follow one another")
            while number >= 0x80:
                packed.append(number & 0x7F | 0x80)
                number >>= 7
            packed.append(number)
        offset, time_us = group.offset + group.size, group.start_us + group.length_us
    return bytes(packed)


def unpack_groups(packed: bytes, *, init_bytes: int) -> tuple[Group, ...]:
    """Return what :func:`pack_groups` was given.

    Raises:
        ValueError: *packed* was not made by it.

    """
    numbers = _numbers(packed)
    if len(numbers) % 5:
        raise ValueError("a group is cut off")
    groups = []
    offset, time_us = init_bytes, 0
    for skipped, size, pause_us, to_key_us, length_us in zip(*[iter(numbers)] * 5, strict=True):
        start_us = time_us + pause_us
        offset += skipped
        groups.append(Group(offset, size, start_us, start_us + to_key_us, length_us))
        offset += size
        time_us = start_us + length_us
    return tuple(groups)


def _numbers(packed: bytes) -> list[int]:
    numbers: list[int] = []
    number = shift = 0
    for byte in packed:  # an hour's playlist reads 9000 numbers: kept plain
        if byte < 0x80:
            numbers.append(number | byte << shift)
            number = shift = 0
        else:
            number |= (byte & 0x7F) << shift
            shift += 7
    if shift:
        raise ValueError("a number is cut off")
    return numbers
