"""Playback: who may see which footage, the playlist of an interval, the bytes of a file."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from gtvision_edge.accounts import Principal
from gtvision_edge.audit import Actor
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.model import Camera
from gtvision_edge.recordings.errors import NoFootageError, SpanTooLongError, UnknownSegmentError
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import (
    CameraNo,
    RecordedCamera,
    Segment,
    SegmentId,
    Span,
)
from gtvision_edge.recordings.naming import may_see
from gtvision_edge.recordings.playback.answering import Asked
from gtvision_edge.recordings.playback.playlist import Playlist, pieces_of
from gtvision_edge.recordings.playback.serving import SegmentServer
from gtvision_edge.recordings.playback.viewings import FootageViewings

LONGEST_US: Final = 24 * 3_600_000_000
SLICE_US: Final = 3_600_000_000
"""Read at once: unpacking an hour's groups takes the loop a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. ``who`` is one login at one address; ``query`` is what the addresses he gets carry on."""

    principal: Principal
    actor: Actor
    who: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class ListedFootage:
    """A playlist with what a person should know before it is played."""

    text: str
    codecs: tuple[str, ...]
    hides_audio: bool


class Playback:
    """Checks who may see, writes down who saw, gives playlists and bytes."""

    def __init__(
        self,
        index: SegmentIndex,
        find_camera: Callable[[str], Camera | None],
        viewings: FootageViewings,
        server: SegmentServer,
    ) -> None:
        self._index = index
        self._find_camera = find_camera
        self._viewings = viewings
        self._server = server

    async def camera(self, principal: Principal, camera_id: str) -> RecordedCamera:
        """Return whose footage is meant by *camera_id*: the camera's of that name, else a removed one's.

        Raises:
            UnknownCameraError: nothing of that name was ever recorded, or not for this person.

        """
        present = self._find_camera(camera_id)
        if present is None:
            return await self._removed(principal, camera_id)
        if not may_see(principal, camera_id, present.tenant_id):
            raise UnknownCameraError("There is no such camera.")
        recorded = await self._index.camera_by_id(camera_id)
        # By uuid: for a moment the name may still lead to the camera that had it before, perhaps another tenant's.
        if recorded is None or recorded.camera_uuid != present.camera_uuid:
            raise NoFootageError("Nothing of this camera was recorded yet.")
        return recorded

    async def _removed(self, principal: Principal, camera_id: str) -> RecordedCamera:
        named = [
            each
            for each in await self._index.cameras()
            if each.camera_id == camera_id and may_see(principal, camera_id, each.tenant_id)
        ]
        if not named:
            raise UnknownCameraError("There is no such camera.")
        return max(named, key=lambda each: each.removed_us or 0)

    async def playlist(
        self, viewer: Viewer, camera: RecordedCamera, span: Span, *, base: str
    ) -> ListedFootage:
        """Return the playlist of *span*; *base* is what addresses of segments begin with.

        Raises:
            SpanTooLongError: *span* is longer than a day.
            NoFootageError: nothing was recorded in it.

        """
        if span.length_us > LONGEST_US:
            raise SpanTooLongError(
                "A playlist holds at most 24 hours.", longest_s=LONGEST_US // 1_000_000
            )
        playlist = Playlist(span, lambda each: base + address_of(each), query=viewer.query)
        listed: set[int] = set()
        start_us = span.start_us
        while start_us < span.end_us:
            part = Span(start_us, min(start_us + SLICE_US, span.end_us))
            for segment in await self._index.find_segments(camera.camera_no, part):
                if segment.name_us not in listed and segment.format.video:
                    listed.add(segment.name_us)
                    playlist.add(segment)
            start_us = part.end_us
            await asyncio.sleep(0)
        growing = await self._index.look_at_growing(camera)
        if growing is not None and growing.span.overlaps(span) and growing.name_us not in listed:
            playlist.add(growing)
        text = playlist.text()
        if not text:
            raise NoFootageError("Nothing was recorded in this interval.")
        await self._viewings.open(viewer.who, viewer.actor, camera, span)
        return ListedFootage(text, playlist.video_formats, playlist.hides_audio)

    async def segment(
        self, principal: Principal, address: str
    ) -> tuple[RecordedCamera, Segment, Path]:
        """Return what *address* names: a segment's id, or ``<camera_no>-<name_us>`` of a file that may still grow.

        Raises:
            UnknownSegmentError: it is not there, or not for this person.

        """
        segment, camera = await self._segment(address)
        if not self._may_see(principal, camera):
            raise UnknownSegmentError("There is no such segment.")
        return camera, segment, self._index.path_of(camera, segment)

    async def send(
        self,
        request: web.Request,
        viewer: Viewer,
        camera: RecordedCamera,
        segment: Segment,
        path: Path,
        *,
        hides_audio: bool,
    ) -> web.StreamResponse:
        """Answer with the bytes of *segment*, noted as this viewer's."""

        async def announce(asked: Asked) -> None:
            shown = shown_by(asked, segment)
            if shown is not None:
                await self._viewings.touch(viewer.who, viewer.actor, camera, shown)

        return await self._server.send(
            request, path, segment, hides_audio=hides_audio, announce=announce
        )

    async def note(self, viewer: Viewer, camera: RecordedCamera, span: Span) -> None:
        """Note that pictures of *span* are shown."""
        await self._viewings.touch(viewer.who, viewer.actor, camera, span)

    def _may_see(self, principal: Principal, camera: RecordedCamera) -> bool:
        present = self._find_camera(camera.camera_id)
        tenant_id = camera.tenant_id
        if present is not None and present.camera_uuid == camera.camera_uuid:
            tenant_id = present.tenant_id
        return may_see(principal, camera.camera_id, tenant_id)

    async def _segment(self, address: str) -> tuple[Segment, RecordedCamera]:
        numbers = [_number(part) for part in address.split("-")]
        match numbers:
            case [int(segment_id)]:
                return await self._index.get_segment(SegmentId(segment_id))
            case [int(camera_no), int(name_us)]:
                return await self._named(CameraNo(camera_no), name_us)
            case _:
                pass
        raise UnknownSegmentError("There is no such segment.")

    async def _named(self, camera_no: CameraNo, name_us: int) -> tuple[Segment, RecordedCamera]:
        growing = self._index.growing(camera_no)
        if growing is None or growing.name_us != name_us:
            try:
                return await self._index.get_named(camera_no, name_us)
            except UnknownSegmentError:  # nobody looked at the growing file since the start
                camera = await self._index.camera_by_no(camera_no)
                growing = await self._index.look_at_growing(camera) if camera else None
        camera = await self._index.camera_by_no(camera_no)
        if camera is None or growing is None or growing.name_us != name_us:
            raise UnknownSegmentError("There is no such segment.")
        return growing, camera


def shown_by(asked: Asked, segment: Segment) -> Span | None:
    """Return the wall clock of the pictures in what is *asked* of *segment*; None = none, such as in its head alone.

    Of a segment whose groups nobody read yet any part may be any picture.
    """
    if not segment.groups:
        return segment.span
    shown = [
        piece
        for piece in pieces_of(segment)
        if piece.group.offset < asked.end and asked.start < piece.group.offset + piece.group.size
    ]
    return Span(shown[0].start_us, shown[-1].end_us) if shown else None


def address_of(segment: Segment) -> str:
    """Return the last part of a segment's address; a growing file's stays good when it is finished."""
    if segment.is_growing:
        return f"{segment.camera_no}-{segment.name_us}"
    return str(segment.segment_id)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
