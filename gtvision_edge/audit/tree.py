"""Merkle trees as RFC 6962 has them. Pure functions over hashes; where they are kept is for others to say.

A tree is known by its complete subtrees: the node at (*level*, *position*) covers the ``2**level`` leaves from
``position << level`` on. A tree of any size is put together from at most one complete subtree per level.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
HASH_BYTES: Final = 32

Place = tuple[int, int]
"""Level and position of a complete subtree."""
NodeAt = Callable[[Place], bytes]


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_after(index: int, leaf: bytes, node_at: NodeAt) -> list[tuple[Place, bytes]]:
    """Return the complete subtrees that the leaf hash *leaf* completes as the one at *index*, the leaf itself first."""
    level, position, current = 0, index, leaf
    nodes = [((level, position), current)]
    while position & 1:
        current = node_hash(node_at((level, position - 1)), current)
        level, position = level + 1, position >> 1
        nodes.append(((level, position), current))
    return nodes


def subtrees(start: int, end: int) -> Iterator[Place]:
    """Yield the fewest complete subtrees that cover the leaves from *start* up to *end*, from the left."""
    while start < end:
        room = (end - start).bit_length() - 1
        level = min((start & -start).bit_length() - 1, room) if start else room
        yield level, start >> level
        start += 1 << level


def places_for_root(size: int) -> list[Place]:
    return list(subtrees(0, size))


def root(size: int, node_at: NodeAt) -> bytes:
    """Return the root over the first *size* leaves."""
    return _range_hash(0, size, node_at) if size else EMPTY_ROOT


def inclusion(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Return the proof that the leaf at *index* is in the tree of *size* leaves.

    Raises:
        ValueError: there is no such leaf.

    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    return [_range_hash(start, end, node_at) for start, end in _inclusion_ranges(index, 0, size)]


def consistency(old: int, new: int, node_at: NodeAt) -> list[bytes]:
    """Return the proof that the tree of *old* leaves is the beginning of the one of *new* leaves.

    Raises:
        ValueError: *old* is not between 1 and *new*.

    """
    if not 0 < old <= new:
        raise ValueError("no such tree")
    ranges = _consistency_ranges(old, 0, new, is_whole=True)
    return [_range_hash(start, end, node_at) for start, end in ranges]


def places_for_inclusion(index: int, size: int) -> list[Place]:
    """Return the subtrees of which :func:`inclusion` is made."""
    return [place for part in _inclusion_ranges(index, 0, size) for place in subtrees(*part)]


def places_for_consistency(old: int, new: int) -> list[Place]:
    """Return the subtrees of which :func:`consistency` is made."""
    ranges = _consistency_ranges(old, 0, new, is_whole=True)
    return [place for part in ranges for place in subtrees(*part)]


def root_over(leaves: Sequence[bytes]) -> bytes:
    """Return the root over the leaf hashes *leaves*."""
    return root(len(leaves), nodes_over(leaves))


def nodes_over(leaves: Sequence[bytes]) -> NodeAt:
    """Return the tree over the leaf hashes *leaves*, kept in memory."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return lambda place: levels[place[0]][place[1]]


class Frontier:
    """A growing tree of which only the right edge is kept: enough to go on and to know the root."""

    def __init__(self) -> None:
        self.size = 0
        self._newest: dict[int, bytes] = {}
        """Level → the subtree of that level completed last."""

    def append(self, leaf: bytes) -> list[tuple[Place, bytes]]:
        """Add the leaf hash *leaf*; return the subtrees that are complete with it, the leaf itself first."""
        nodes = nodes_after(self.size, leaf, lambda place: self._newest[place[0]])
        self._newest.update({level: current for (level, _), current in nodes})
        self.size += 1
        return nodes

    def root(self) -> bytes:
        return root(self.size, lambda place: self._newest[place[0]])


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Tell whether *proof* shows that the leaf hash *leaf* is the one at *index* of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            current = node_hash(sibling, current)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and current == expected_root


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether *proof* shows that the old tree is the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _range_hash(start: int, end: int, node_at: NodeAt) -> bytes:
    *parts, current = (node_at(place) for place in subtrees(start, end))
    for part in reversed(parts):
        current = node_hash(part, current)
    return current


def _split(start: int, end: int) -> int:
    """Return where a tree of these leaves parts: after the largest power of two below its size."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _inclusion_ranges(index: int, start: int, end: int) -> list[tuple[int, int]]:
    if end - start == 1:
        return []
    middle = _split(start, end)
    if index < middle:
        return [*_inclusion_ranges(index, start, middle), (middle, end)]
    return [*_inclusion_ranges(index, middle, end), (start, middle)]


def _consistency_ranges(old: int, start: int, end: int, *, is_whole: bool) -> list[tuple[int, int]]:
    if old == end:
        return [] if is_whole else [(start, end)]
    middle = _split(start, end)
    if old <= middle:
        return [*_consistency_ranges(old, start, middle, is_whole=is_whole), (middle, end)]
    return [*_consistency_ranges(old, middle, end, is_whole=False), (start, middle)]
