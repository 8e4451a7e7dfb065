"""Reads the groups of rows that were made from heads alone, when somebody asks for them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.indexing.reading import describe, read_path
from gtvision_edge.recordings.indexing.repository import fill_groups
from gtvision_edge.recordings.model import RecordedCamera, Segment, SegmentId
from gtvision_edge.storage import Database, Transaction

AT_ONCE = 100
"""Files read before what they told is written; about a third of a second."""


class GroupFiller:
    """Two threads; a disk that hangs makes nobody wait but who asked.

    A segment of which the file is gone, or is not the one that was indexed, stays without groups.
    """

    def __init__(self, root: Path, database: Database) -> None:
        self._root = root
        self._database = database
        self._threads = DiskThreads("segment-groups", threads=2)

    async def fill(
        self, camera: RecordedCamera, segments: Sequence[Segment]
    ) -> dict[SegmentId, Segment]:
        """Return *segments* with their groups, by id, and note them in the index.

        Raises:
            VolumeHangsError: the disk does not answer, or too many ask.

        """
        filled: dict[SegmentId, Segment] = {}
        if camera.directory is None:
            return filled
        directory = self._root / camera.directory
        for start in range(0, len(segments), AT_ONCE):
            some = segments[start : start + AT_ONCE]
            found = await self._threads.run(partial(_read, directory, some))
            await self._database.write(partial(_note, segments=found))
            filled.update({segment.segment_id: segment for segment in found})
        return filled

    def close(self) -> None:
        """Let the threads go."""
        self._threads.close()


def _read(directory: Path, segments: Iterable[Segment]) -> list[Segment]:
    found = []
    for segment in segments:
        path = directory / segment_file(segment.name_us)
        try:
            file, reading = read_path(path, segment.name_us)
        except OSError:
            continue
        if file.size != segment.size_bytes:
            continue
        read = describe(file, reading, segment.camera_no).segment
        end_us = segment.end_us
        if end_us == segment.start_us + max(segment.media_us, 1):
            end_us = segment.start_us + read.span.length_us
        found.append(
            replace(
                segment,
                groups=read.groups,
                media_us=read.media_us,
                end_us=end_us,
                is_cut=read.is_cut,
            )
        )
    return found


def _note(transaction: Transaction, segments: Iterable[Segment]) -> None:
    for segment in segments:
        fill_groups(transaction, segment.segment_id, segment)
