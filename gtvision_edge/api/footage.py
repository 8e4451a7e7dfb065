"""Recorded footage: timelines, calendars, playlists, the files themselves."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, Literal

from aiohttp import hdrs, web
from pydantic import Field

from gtvision_edge.accounts import (
    NotAuthenticatedError,
    Pass,
    Passes,
    Principal,
    Role,
    Session,
)
from gtvision_edge.alerts.marks import ReadingMark, ReadingMarks
from gtvision_edge.api.moments import EARLIEST, LATEST, Moment
from gtvision_edge.api.reading_marks import ReadingMarkAnswer, reading_mark_answers
from gtvision_edge.api.routing import EVERYONE, PREFIX, WATCHERS, Answer, Call, Endpoint, Query
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.media.paths import PathUse, path_name
from gtvision_edge.recordings.errors import (
    NoFootageError,
    SpanTooLongError,
    UnknownSegmentError,
    VolumeHangsError,
    VolumeUnwritableError,
)
from gtvision_edge.recordings.model import RecordedCamera, Span
from gtvision_edge.recordings.playback.playlist import CONTENT_TYPE
from gtvision_edge.recordings.playback.service import Playback, Viewer
from gtvision_edge.recordings.thumbnails.service import Thumbnails
from gtvision_edge.recordings.timeline.model import Timeline
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.runtime.errors import TooManyTransfersError
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339

SEGMENTS: Final = f"{PREFIX}/segments/"
_PASS: Final = web.RequestKey("pass", Pass)
_DISK: Final = (VolumeHangsError, VolumeUnwritableError)

Token = Annotated[str, Field(max_length=200)]


class SpanQuery(Query):
    start: Moment
    end: Moment

    def span(self) -> Span:
        """Return the interval.

        Raises:
            InvalidInputError: it ends before it begins.

        """
        span = Span(from_datetime(self.start), from_datetime(self.end))
        if span.end_us <= span.start_us:
            raise _fault("end", "must be after start")
        return span


class PlaylistQuery(SpanQuery):
    ticket: Token | None = None
    """A one-time ticket for the path ``<camera_id>_rec``, for players without cookies."""


class SegmentQuery(Query):
    audio: Literal["hidden"] | None = None
    """``hidden`` = without the sound, which some browsers refuse; sizes and ranges stay the same."""
    s: Token | None = None
    """The player's session, as the playlist gave it."""


class DaysQuery(Query):
    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]


class SpanAnswer(Answer):
    start: str
    end: str
    held: bool
    codec: str


class GapAnswer(Answer):
    start: str
    end: str
    cause: str | None


class IncidentMarkAnswer(Answer):
    incident_id: str
    start: str
    end: str
    reason: str


class ThumbnailsAnswer(Answer):
    interval_s: float
    """0 = none are made ahead; each is made when it is asked for."""
    available_from: str | None


class ClockStepAnswer(Answer):
    at: str
    step_s: float


class TimelineAnswer(Answer):
    camera_id: str
    start: str
    end: str
    spans: list[SpanAnswer]
    gaps: list[GapAnswer]
    incidents: list[IncidentMarkAnswer]
    detections: list[ReadingMarkAnswer]
    thumbnails: ThumbnailsAnswer
    first: str | None
    last: str | None
    growing_until: str | None
    clock_steps: list[ClockStepAnswer]


class DayAnswer(Answer):
    day: str
    recorded_s: float
    bytes: int
    held: bool


class DaysAnswer(Answer):
    items: list[DayAnswer]


class _FootageResource:
    def __init__(
        self,
        cameras: CameraService,
        timelines: TimelineService,
        playback: Playback,
        thumbnails: Thumbnails,
        marks: ReadingMarks,
        passes: Passes,
        transfers: Shares,
    ) -> None:
        self._cameras = cameras
        self._marks = marks
        self._timelines = timelines
        self._playback = playback
        self._thumbnails = thumbnails
        self._passes = passes
        self._transfers = transfers

    # Who asks

    async def guest_of_playlist(self, request: web.Request) -> Session | None:
        """Take a player's ticket; what it is answered with carries on its session."""
        ticket = request.query.get("ticket")
        if ticket is None:
            return None
        path = path_name(request.match_info["camera_id"], PathUse.RECORD)
        request[_PASS] = await self._passes.open(ticket, path=path)
        return request[_PASS].session

    async def guest_of_segment(self, request: web.Request) -> Session | None:
        token = request.query.get("s")
        if token is None:
            return None
        request[_PASS] = await self._passes.find(token)
        return request[_PASS].session

    async def see_camera(self, principal: Principal, camera_id: str) -> object:
        try:
            return await self._playback.camera(principal, camera_id)
        except NoFootageError:
            return None

    async def see_segment(self, principal: Principal, segment_id: str) -> object:
        return await self._playback.segment(principal, segment_id)

    # What he gets

    async def timeline(self, call: Call) -> TimelineAnswer:
        span = call.query_as(SpanQuery).span()
        camera = await self._playback.camera(call.principal, call.path("camera_id"))
        present = self._cameras.find_camera(camera.camera_id)
        is_present = present is not None and present.camera_uuid == camera.camera_uuid
        timeline = await self._timelines.timeline(
            call.principal,
            camera,
            span,
            since_us=present.created_us if present is not None and is_present else None,
        )
        marks = await self._marks.find(
            call.principal,
            camera.camera_id,
            camera.camera_uuid,
            start_us=span.start_us,
            end_us=span.end_us,
        )
        return self._timeline(call.principal, camera, timeline, marks)

    async def days(self, call: Call) -> DaysAnswer:
        camera = await self._playback.camera(call.principal, call.path("camera_id"))
        month = call.query_as(DaysQuery).month
        try:
            first = date.fromisoformat(f"{month}-01")
        except ValueError as error:
            raise _fault("month", "is no month") from error
        if not EARLIEST.year <= first.year < LATEST.year:
            raise _fault("month", f"must lie between {EARLIEST.year} and {LATEST.year - 1}")
        return DaysAnswer(
            items=[
                DayAnswer(
                    day=each.day,
                    recorded_s=each.recorded_us / 1e6,
                    bytes=each.size_bytes,
                    held=each.held,
                )
                for each in await self._timelines.days(camera, first)
            ]
        )

    async def playlist(self, call: Call) -> web.StreamResponse:
        span = call.query_as(PlaylistQuery).span()
        camera = await self._playback.camera(call.principal, call.path("camera_id"))
        listed = await self._playback.playlist(viewer_of(call), camera, span, base=SEGMENTS)
        response = web.Response(
            body=listed.text.encode(),
            content_type=CONTENT_TYPE,
            headers={
                hdrs.CACHE_CONTROL: "no-store",
                "X-GTV-Codecs": ", ".join(listed.codecs),
                "X-GTV-Audio": "hidden" if listed.hides_audio else "as-recorded",
            },
        )
        response.enable_compression()
        return response

    async def segment(self, call: Call) -> web.StreamResponse:
        camera, segment, path = await self._playback.segment(
            call.principal, call.path("segment_id")
        )
        held = call.request.get(_PASS)
        if held is not None and held.path != path_name(camera.camera_id, PathUse.RECORD):
            raise NotAuthenticatedError("This player's session is for another camera.")
        assert call.session is not None  # noqa: S101 -- the endpoint is not public
        with self._transfers.take(call.session.principal.user_id):
            return await self._playback.send(
                call.request,
                viewer_of(call),
                camera,
                segment,
                path,
                hides_audio=call.query_as(SegmentQuery).audio == "hidden",
            )

    def _timeline(
        self,
        principal: Principal,
        camera: RecordedCamera,
        timeline: Timeline,
        readings: Sequence[ReadingMark],
    ) -> TimelineAnswer:
        # Reasons are for those who may open incidents, or look after them.
        marks = timeline.incidents if principal.role is not Role.VIEWER else ()
        first = timeline.first_us
        return TimelineAnswer(
            camera_id=camera.camera_id,
            start=to_rfc3339(timeline.span.start_us),
            end=to_rfc3339(timeline.span.end_us),
            spans=[
                SpanAnswer(
                    start=to_rfc3339(each.start_us),
                    end=to_rfc3339(each.end_us),
                    held=each.held,
                    codec=each.codec,
                )
                for each in timeline.spans
            ],
            gaps=[
                GapAnswer(
                    start=to_rfc3339(each.start_us),
                    end=to_rfc3339(each.end_us),
                    cause=each.cause.value if each.cause else None,
                )
                for each in timeline.gaps
            ],
            incidents=[
                IncidentMarkAnswer(
                    incident_id=each.incident_id,
                    start=to_rfc3339(each.start_us),
                    end=to_rfc3339(each.end_us),
                    reason=each.reason,
                )
                for each in marks
            ],
            detections=reading_mark_answers(readings),
            thumbnails=ThumbnailsAnswer(
                interval_s=self._thumbnails.interval_s, available_from=_time(first)
            ),
            first=_time(first),
            last=_time(timeline.last_us),
            growing_until=_time(timeline.growing_us),
            clock_steps=[
                ClockStepAnswer(at=to_rfc3339(each.at_us), step_s=each.step_us / 1e6)
                for each in timeline.clock_steps
            ],
        )


def footage_endpoints(
    cameras: CameraService,
    timelines: TimelineService,
    playback: Playback,
    thumbnails: Thumbnails,
    marks: ReadingMarks,
    passes: Passes,
    transfers: Shares,
) -> list[Endpoint]:
    """Return the endpoints of recorded footage; files on their way to clients count among the site's *transfers*."""
    resource = _FootageResource(cameras, timelines, playback, thumbnails, marks, passes, transfers)
    ids = {"camera_id": UnknownCameraError}
    return [
        Endpoint(
            "GET",
            "/cameras/{camera_id}/timeline",
            resource.timeline,
            "Tell what was recorded of a camera in at most 31 days, what is missing, and why",
            "footage",
            EVERYONE,
            query=SpanQuery,
            response=TimelineAnswer,
            errors=(NoFootageError, SpanTooLongError),
            ids=ids,
            look_up=resource.see_camera,
            description=(
                "Readings are told without their plates, up to 288 one by one; of more, the first of each of 288 parts of the"
                " interval. Those that raised an alert are always told one by one, the newest 200."
            ),
        ),
        Endpoint(
            "GET",
            "/cameras/{camera_id}/days",
            resource.days,
            "Tell on which days of a month a camera was recorded",
            "footage",
            EVERYONE,
            query=DaysQuery,
            response=DaysAnswer,
            errors=(NoFootageError,),
            ids=ids,
            look_up=resource.see_camera,
            description="Days are the site's, as near as totals by UTC day allow.",
        ),
        Endpoint(
            "GET",
            "/cameras/{camera_id}/playback.m3u8",
            resource.playlist,
            "Get a playlist of at most 24 hours of a camera",
            "footage",
            WATCHERS,
            query=PlaylistQuery,
            response=CONTENT_TYPE,
            errors=(NoFootageError, SpanTooLongError),
            ids=ids,
            look_up=resource.see_camera,
            guest=resource.guest_of_playlist,
            description=(
                "Gaps are skipped; the wall clock stands in EXT-X-PROGRAM-DATE-TIME. The header X-GTV-Codecs lists the"
                " video codecs that occur, for browsers that lack one."
            ),
        ),
        Endpoint(
            "GET",
            "/segments/{segment_id}",
            resource.segment,
            "Get a recorded file, or ranges of it",
            "footage",
            WATCHERS,
            query=SegmentQuery,
            response="video/mp4",
            errors=(UnknownSegmentError, TooManyTransfersError, *_DISK),
            ids={"segment_id": UnknownSegmentError},
            look_up=resource.see_segment,
            guest=resource.guest_of_segment,
            description="Range, If-Range and If-None-Match as in RFC 9110; more than one range gets the whole file.",
        ),
    ]


def viewer_of(call: Call) -> Viewer:
    """Return who asks, for the footage's own log of viewings."""
    assert call.session is not None  # noqa: S101 -- the endpoint is not public
    held = call.request.get(_PASS)
    return Viewer(
        principal=call.principal,
        actor=call.principal.actor(call.address),
        who=f"{call.session.session_id} {call.address}",
        query=f"s={held.token}" if held is not None else "",
    )


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else to_rfc3339(time_us)


def _fault(path: str, message: str) -> InvalidInputError:
    return InvalidInputError(
        "The request is not right.", faults=[{"path": path, "message": message}]
    )
