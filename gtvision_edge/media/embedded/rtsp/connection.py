"""One reader's TCP connection: requests in, responses and interleaved packets out."""

import asyncio
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gtvision_edge.media.embedded.rtsp.authentication import Challenge
from gtvision_edge.media.embedded.rtsp.messages import (
    MalformedRequestError,
    Request,
    RequestReader,
    response,
)
from gtvision_edge.media.embedded.rtsp.publication import Publication, Reader

if TYPE_CHECKING:
    from gtvision_edge.media.embedded.rtsp.server import RtspServer

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?")
_REQUESTS_PER_TURN = 16
_MAX_REFUSALS = 6


@dataclass(slots=True)
class Session:
    """What SETUP has agreed on; it lives and dies with its connection."""

    session_id: str
    publication: Publication
    channels: dict[int, int]
    reader: Reader | None = None


class Connection(asyncio.Protocol):
    """Speaks RTSP with one reader; any nonsense it hears ends this connection and no other."""

    def __init__(self, server: "RtspServer") -> None:
        self._server = server
        self._limits = server.limits
        self._clock = server.clock
        self._requests = RequestReader()
        self._challenge = Challenge()
        self._session: Session | None = None
        self._transport: asyncio.Transport
        self._opening: asyncio.Task[None] | None = None
        self._is_closing = False
        self._is_turn_queued = False
        self._refusals = 0
        self._written = 0
        self._taken = 0
        self._heard_at = self._moved_at = self._clock.monotonic()
        self._message_began_at: float | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._server.admit(self):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            return
        self._heard_at = self._clock.monotonic()
        self._requests.feed(data)
        self._take_turn()

    def eof_received(self) -> bool:
        return False  # a reader that stopped talking is gone: close both directions

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio names it)
        self._is_closing = True
        self._drop_session()
        if self._opening is not None:
            self._opening.cancel()
        self._server.dismiss(self)

    # Outlet of a publication

    def write(self, data: bytes) -> None:
        if not self._is_closing:
            self._written += len(data)
            self._transport.write(data)

    def pending_bytes(self) -> int:
        return self._transport.get_write_buffer_size()

    def end(self) -> None:
        """Close once what was written has been sent; the server cuts it off if that takes long."""
        self._is_closing = True
        self._transport.close()

    # The server's clockwork

    def check(self, now: float) -> None:
        """End the connection if it is stuck: a peer that dribbles, says nothing or reads nothing."""
        pending = self.pending_bytes()
        taken = self._written - pending
        if taken != self._taken or not pending:
            self._moved_at = now
        if taken != self._taken:
            self._heard_at = now
        self._taken = taken
        began = self._message_began_at
        if (
            (began is not None and now - began > self._limits.message_s)
            or now - self._moved_at > self._limits.stall_s
            or now - self._heard_at > self._limits.session_s
        ):
            self.abort()

    def abort(self) -> None:
        self._is_closing = True
        self._transport.abort()

    # Requests

    def _take_turn(self) -> None:
        """Answer what has arrived, a few requests at a time, so that a flood delays nobody."""
        self._is_turn_queued = False
        try:
            for _ in range(_REQUESTS_PER_TURN):
                if self._is_closing or self._opening is not None:
                    break
                request = self._requests.next_request()
                self._note_progress(is_complete=request is not None)
                if request is None:
                    self._transport.resume_reading()
                    return
                self._answer(request)
        except MalformedRequestError as error:
            self.write(response(error.status, ""))
            self.end()
            return
        if self.pending_bytes() > self._limits.reader_bytes:
            self.abort()  # asks and asks, and never reads an answer
        if not self._is_closing:
            self._transport.pause_reading()
            if self._opening is None and not self._is_turn_queued:
                self._is_turn_queued = True
                asyncio.get_running_loop().call_soon(self._take_turn)

    def _note_progress(self, *, is_complete: bool) -> None:
        if not self._requests.is_inside:
            self._message_began_at = None
        elif is_complete or self._message_began_at is None:
            self._message_began_at = self._clock.monotonic()

    def _answer(self, request: Request) -> None:
        session = self._session
        named = request.headers.get("session", "").partition(";")[0].strip()
        if named and (session is None or named != session.session_id):
            self._reply(request, 454)
            return
        agent = request.headers.get("user-agent")
        if agent is not None and agent == self._server.refused_agent:
            self._reply(request, 403)
            return
        match request.method:
            case "OPTIONS":
                self._reply(request, 200, f"Public: {_METHODS}")
            case "DESCRIBE":
                # Not a job of the server: it ends with the connection (see connection_lost).
                self._opening = asyncio.get_running_loop().create_task(
                    self._describe(request), name="rtsp-describe"
                )
                self._opening.add_done_callback(self._described)
            case "SETUP":
                self._set_up(request)
            case "PLAY" | "PAUSE" | "TEARDOWN" if session is None or not named:
                self._reply(request, 454)
            case "PLAY":
                self._play(request, cast("Session", session))
            case "PAUSE":
                self._pause(cast("Session", session))
                self._reply(request, 200)
            case "TEARDOWN":
                self._drop_session()
                self._reply(request, 200)
            case "GET_PARAMETER" | "SET_PARAMETER":
                self._reply(request, 200)
            case _:
                self._reply(request, 501)

    def _reply(self, request: Request, status: int, *lines: str, body: str = "") -> None:
        if self._session is not None and status == 200:
            seconds = round(self._limits.session_s)
            lines = (f"Session: {self._session.session_id};timeout={seconds}", *lines)
        self.write(response(status, request.sequence, *lines, body=body))

    async def _describe(self, request: Request) -> None:
        publication = await self._server.open_path(request.target)
        if publication is None:
            self._reply(request, 404)
        elif self._is_permitted(request, publication):
            base = request.url if request.url.endswith("/") else request.url + "/"
            self._reply(
                request,
                200,
                f"Content-Base: {base}",
                "Content-Type: application/sdp",
                body=publication.session_description(),
            )

    def _described(self, task: asyncio.Task[None]) -> None:
        self._opening = None
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._server.report_failure(error)
            self.abort()
        elif not self._is_closing:
            self._take_turn()

    def _is_permitted(self, request: Request, publication: Publication) -> bool:
        """Check the credentials; when they are missing or wrong, answer 401."""
        credentials = publication.credentials
        given = request.headers.get("authorization", "")
        if credentials is None or self._challenge.accepts(
            credentials, given, method=request.method, url=request.url
        ):
            return True
        stale = bool(given) and self._challenge.is_stale(given)
        self._reply(request, 401, *self._challenge.headers(credentials, stale=stale))
        self._refusals += 1
        if self._refusals >= _MAX_REFUSALS:
            self.end()
        return False

    def _set_up(self, request: Request) -> None:
        path, track = request.track_target()
        publication = self._server.find(path)
        if publication is None:
            self._reply(request, 404)
            return
        if not self._is_permitted(request, publication):
            return
        if track is None:
            if len(publication.senders) > 1:
                self._reply(request, 459)
                return
            track = 0
        if track >= len(publication.senders):
            self._reply(request, 404)
            return
        session = self._session
        if session is not None and (session.publication is not publication or session.reader):
            self._reply(request, 455)
            return
        taken = session.channels.values() if session else ()
        channel = _tcp_channel(request.headers.get("transport", ""), tuple(taken))
        if channel is None:
            self._reply(request, 461)
            return
        if session is None:
            session = self._session = Session(secrets.token_hex(8), publication, {})
        session.channels[track] = channel
        ssrc = publication.senders[track].ssrc
        self._reply(
            request,
            200,
            f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={ssrc:08X}",
        )

    def _play(self, request: Request, session: Session) -> None:
        if session.reader is not None:
            self._reply(request, 200)
            return
        if self._server.find(session.publication.path) is not session.publication:
            self._reply(request, 404)
            return
        base = request.url.rstrip("/")
        facts = []
        for track in sorted(session.channels):
            if packet := session.publication.next_packet(track):
                number, stamp = packet
                facts.append(f"url={base}/trackID={track};seq={number};rtptime={stamp}")
        lines = ["Range: npt=now-"]
        if facts:
            lines.append("RTP-Info: " + ",".join(facts))
        self._reply(request, 200, *lines)
        session.reader = Reader(self, session.channels, self._limits.reader_bytes)
        session.publication.add_reader(session.reader)

    def _pause(self, session: Session) -> None:
        if session.reader is not None:
            session.publication.remove_reader(session.reader)
            session.reader = None

    def _drop_session(self) -> None:
        if self._session is not None:
            self._pause(self._session)
            self._session = None


def _tcp_channel(transport: str, taken: tuple[int, ...]) -> int | None:
    """Pick the channel of the first TCP offer; ``None`` when only UDP is offered.

    The channel after it carries the sender reports, so *taken* ones count double.
    """
    used = {number for channel in taken for number in (channel - 1, channel, channel + 1)}
    for offer in transport.split(","):
        if not offer.strip().upper().startswith("RTP/AVP/TCP"):
            continue
        asked = _INTERLEAVED.search(offer)
        if asked and int(asked[1]) <= 254 and int(asked[1]) not in used:
            return int(asked[1])
        return next((free for free in range(0, 256, 2) if free not in used), None)
    return None
