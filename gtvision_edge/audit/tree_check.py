"""Compares the tree over the log with the log."""

import asyncio
from collections.abc import Mapping, Sequence

from gtvision_edge.audit import repository
from gtvision_edge.audit.model import TreeHead, Verification
from gtvision_edge.audit.tree import Frontier, Place, leaf_hash
from gtvision_edge.storage import Database


class TreeCheck:
    """One pass over a log whose chain is *found* whole, as far as that check went."""

    def __init__(
        self, database: Database, found: Verification, known: TreeHead | None, *, chunk: int
    ) -> None:
        self._database = database
        self._found = found
        self._known = known
        self._chunk = chunk
        self._frontier = Frontier()
        self._first_missing: Place | None = None
        self._known_root: bytes | None = None

    async def run(self) -> Verification:
        entries = self._found.entries
        while self._frontier.size < entries:
            old = self._frontier.size
            new = min(old + self._chunk, entries)
            hashes = await repository.read_hashes(self._database, old, new - old)
            stored = await repository.nodes_between(self._database, old, new)
            bad = await asyncio.to_thread(self._compare, hashes, stored)
            if bad is not None:
                return self._fault(bad, "is not the one that the tree holds")
        log_size, tree_size = await repository.read_sizes(self._database)
        if tree_size > log_size:
            return self._fault(log_size + 1, "is missing, and the tree has it")
        if await self._lacks_a_part(tree_size):
            return self._fault(self._seq_of_missing(), "is not in the tree, but later ones are")
        if self._known is not None:
            if self._known.size > entries:
                return self._fault(entries + 1, "is missing, and a checkpoint saw it")
            if self._known_root != self._known.root:
                return self._fault(
                    self._known.size, "or one before it is not the one the checkpoint saw"
                )
        return self._verification(None, "")

    def _compare(self, hashes: Sequence[bytes], stored: Mapping[Place, bytes]) -> int | None:
        """Return the number of the first entry that the tree holds otherwise."""
        for entry_hash in hashes:
            for place, node in self._frontier.append(leaf_hash(entry_hash)):
                if place not in stored:
                    self._first_missing = self._first_missing or place
                elif stored[place] != node:
                    return self._frontier.size
            if self._known is not None and self._known.size == self._frontier.size:
                self._known_root = self._frontier.root()
        return None

    async def _lacks_a_part(self, tree_size: int) -> bool:
        """Tell whether what was missing is missing for good: the tree of an old log grows while we look."""
        place = self._first_missing
        if place is None or (place[1] + 1) << place[0] > tree_size:
            return False
        return not await repository.read_nodes(self._database, [place])

    def _seq_of_missing(self) -> int:
        assert self._first_missing is not None  # noqa: S101 -- asked only then
        level, position = self._first_missing
        return (position + 1) << level

    def _fault(self, bad_seq: int, fault: str) -> Verification:
        return self._verification(bad_seq, fault)

    def _verification(self, bad_seq: int | None, fault: str) -> Verification:
        return Verification(
            self._found.entries if bad_seq is None else min(bad_seq - 1, self._found.entries),
            self._found.head,
            bad_seq,
            fault,
            root=self._frontier.root(),
        )
