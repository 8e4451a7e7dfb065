"""Pictures of cameras: the newest, that of a moment, and small ones for looking through a day."""

from datetime import datetime
from typing import Annotated, Protocol

from aiohttp import hdrs, web
from pydantic import Field

from gtvision_edge.accounts import Principal
from gtvision_edge.api.footage import viewer_of
from gtvision_edge.api.moments import Moment, in_range
from gtvision_edge.api.routing import WATCHERS, Call, Endpoint, Query
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.media.errors import NoPictureError
from gtvision_edge.media.gateway import picture_response
from gtvision_edge.media.posters import DEFAULT_WIDTH, WIDTHS, Picture
from gtvision_edge.recordings.errors import (
    NoFootageError,
    PicturesBusyError,
    VolumeHangsError,
    VolumeUnwritableError,
)
from gtvision_edge.recordings.model import RecordedCamera, Span
from gtvision_edge.recordings.playback.service import Playback
from gtvision_edge.recordings.thumbnails.service import Thumbnails
from gtvision_edge.runtime.entity_tags import has_already
from gtvision_edge.runtime.errors import DiskHangsError
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339

_ERRORS = (NoFootageError, PicturesBusyError, VolumeHangsError, VolumeUnwritableError)
Width = Annotated[int, Field(ge=1, le=8192)]


class Pictures(Protocol):
    """Finds the newest picture of a camera's main stream; None = there is none. Checks no rights."""

    async def poster_jpeg(self, camera_id: str, *, width: int) -> Picture | None: ...


class ThumbnailQuery(Query):
    width: Width = 320
    """In pixels; the next larger of 160, 240 and 320 is given."""


class SnapshotQuery(Query):
    time: Moment | None = None
    """The moment whose picture is wanted; absent = now."""
    width: Width | None = None
    """In pixels, at most; absent = 640 for now, that of the recording for a moment."""


class _PictureResource:
    def __init__(
        self,
        cameras: CameraService,
        playback: Playback,
        thumbnails: Thumbnails,
        pictures: Pictures,
    ) -> None:
        self._cameras = cameras
        self._playback = playback
        self._thumbnails = thumbnails
        self._pictures = pictures

    async def see_camera(self, principal: Principal, camera_id: str, _time: str = "") -> object:
        try:
            return await self._playback.camera(principal, camera_id)
        except NoFootageError:
            return None

    async def thumbnail(self, call: Call) -> web.StreamResponse:
        camera = await self._playback.camera(call.principal, call.path("camera_id"))
        time_us = _moment(call.path("time"))
        width = call.query_as(ThumbnailQuery).width
        picture = await self._thumbnails.thumbnail(camera, time_us, width=width)
        return await self._recorded(call, camera, picture)

    async def snapshot(self, call: Call) -> web.StreamResponse:
        query = call.query_as(SnapshotQuery)
        if query.time is not None:
            camera = await self._playback.camera(call.principal, call.path("camera_id"))
            picture = await self._thumbnails.moment(
                camera, from_datetime(query.time), width=query.width or 8192
            )
            return await self._recorded(call, camera, picture)
        present = await self._cameras.get_camera(call.principal, call.path("camera_id"))
        wanted = query.width or DEFAULT_WIDTH
        width = next((each for each in WIDTHS if each >= wanted), WIDTHS[-1])
        newest = await self._pictures.poster_jpeg(present.camera_id, width=width)
        if newest is None:
            raise NoPictureError("There is no picture of this camera now.")
        return picture_response(call.request, newest)

    async def _recorded(
        self, call: Call, camera: RecordedCamera, picture: Picture
    ) -> web.StreamResponse:
        time_us = picture.time_us or 0
        await self._playback.note(viewer_of(call), camera, Span(time_us, time_us + 1))
        return recorded_picture(call.request, picture)


def picture_endpoints(
    cameras: CameraService, playback: Playback, thumbnails: Thumbnails, pictures: Pictures
) -> list[Endpoint]:
    """Return the endpoints that give single pictures."""
    resource = _PictureResource(cameras, playback, thumbnails, pictures)
    return [
        Endpoint(
            "GET",
            "/cameras/{camera_id}/thumbnails/{time}",
            resource.thumbnail,
            "Get a small picture at or before a moment",
            "footage",
            WATCHERS,
            query=ThumbnailQuery,
            response="image/jpeg",
            errors=(*_ERRORS, InvalidInputError),
            ids={"camera_id": UnknownCameraError, "time": UnknownCameraError},
            look_up=resource.see_camera,
            description="The time is RFC 3339; the header X-GTV-Time tells when the picture was taken.",
        ),
        Endpoint(
            "GET",
            "/cameras/{camera_id}/snapshot",
            resource.snapshot,
            "Get the newest picture of a camera, or that of a recorded moment",
            "cameras",
            WATCHERS,
            query=SnapshotQuery,
            response="image/jpeg",
            errors=(NoPictureError, DiskHangsError, *_ERRORS),
            ids={"camera_id": UnknownCameraError},
            look_up=resource.see_camera,
            description="Of a moment: X-GTV-Time tells when exactly it was taken. Of now: X-Picture-Time.",
        ),
    ]


def recorded_picture(request: web.Request, picture: Picture) -> web.Response:
    """Answer with a recorded picture, which never changes; or with 304 where the client has it already."""
    tag = f"{picture.time_us}-{picture.width}x{picture.height}"
    headers = {
        hdrs.CACHE_CONTROL: "private, max-age=3600",
        hdrs.ETAG: f'"{tag}"',
        "X-GTV-Time": to_rfc3339(picture.time_us or 0),
    }
    if has_already(request, tag):
        return web.Response(status=304, headers=headers)
    return web.Response(body=picture.jpeg, content_type="image/jpeg", headers=headers)


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise _odd_time()
        return from_datetime(in_range(moment))
    except ValueError as error:
        raise _odd_time() from error


def _odd_time() -> InvalidInputError:
    return InvalidInputError(
        "The request is not right.",
        faults=[{"path": "time", "message": "is no time with an offset (RFC 3339)"}],
    )
