"""WebRTC: the signalling (WHEP) goes through here, pictures go from the media server straight to the browser.

So what HLS gets for free has to be done here: a session that runs is looked after, and cut when its viewer may no longer watch.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import aiohttp
import structlog
from aiohttp import hdrs, web
from multidict import CIMultiDict

from gtvision_edge.errors import EdgeError, InvalidInputError
from gtvision_edge.media.access import Doorkeeper
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.errors import (
    MediaServerUnavailableError,
    NoWebRtcError,
    StreamUnavailableError,
    TooManyWhepSessionsError,
    UnknownWhepSessionError,
    WhepRefusedError,
)
from gtvision_edge.media.upstream import Lines
from gtvision_edge.media.viewer import Viewer
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.reading import TooLongError, read_capped
from gtvision_edge.runtime.tasks import background, keep_running
from gtvision_edge.storage import StorageError

log = structlog.get_logger(__name__)

LOOK_INTERVAL_S: Final = 5.0
"""So long a session may outlive its viewer's right to it, or its end go unnoticed."""
MAX_SESSIONS: Final = 1024
MAX_SESSIONS_OF_PERSON: Final = 128
"""However often they log in: two walls of 64 tiles."""
MAX_BODY: Final = 128 * 1024
BODY_PATIENCE_S: Final = 10.0
OFFER_TIMEOUT_S: Final = 15.0
"""A source that is opened on demand may take ten seconds."""
CALL_TIMEOUT_S: Final = 5.0
CLOSE_TIMEOUT_S: Final = 3.0

USER_AGENT: Final = "gtvision-edge-whep"
"""By this the media server's sessions are known as ours, also those of a daemon that was killed."""

SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"

_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class WebRtcPlace:
    """Where the media server's WHEP is, and its API, which ends sessions.

    *is_up* tells whether the server answers as far as we know, *is_offered* whether it has WebRTC then.
    """

    url: str
    client: MediaServerClient
    is_up: Callable[[], bool]
    is_offered: Callable[[], bool]


@dataclass(slots=True)
class _Running:
    """A session of the media server. *secret* is its address there, which nobody else learns."""

    viewer: Viewer
    upstream_id: str
    secret: str
    viewing: AsyncExitStack


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: "CIMultiDict[str]"
    body: bytes


class Whep:
    """``/whep/{path}``. Made by :func:`open_whep`."""

    def __init__(
        self,
        place: WebRtcPlace,
        doorkeeper: Doorkeeper,
        *,
        http: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        self._place = place
        self._url = place.url.rstrip("/")
        self._doorkeeper = doorkeeper
        self._http = http
        self._clock = clock
        self._sessions: dict[str, _Running] = {}
        self._opening: dict[str, int] = {}
        self._offers = 0
        self._may_have_orphans = True  # of a daemon before us

    def routes(self) -> list[web.RouteDef]:
        return [
            web.options("/whep/{path}", self._options),
            web.post("/whep/{path}", self._post),
            web.patch("/whep/{path}/{session}", self._patch),
            web.delete("/whep/{path}/{session}", self._delete),
        ]

    def count(self) -> int:
        """Return how many sessions run."""
        return len(self._sessions)

    async def run(self) -> None:
        """Look after the sessions until cancelled."""
        while True:
            await self._clock.sleep(LOOK_INTERVAL_S)
            await self.look()

    async def look(self) -> None:
        """Cut who may no longer watch, forget what the media server has ended, end there what nobody here knows."""
        for name, running in list(self._sessions.items()):
            if name in self._sessions and not await self._may_still_watch(running.viewer):
                log.info("whep_session_cut", path=running.viewer.path)
                await self._kick(name, running)
        if not (self._sessions or self._may_have_orphans) or not self._place.is_offered():
            return
        known, offers = dict(self._sessions), self._offers
        try:
            there = await self._place.client.webrtc_sessions()
        except EdgeError:
            return  # pictures may run on without it; the next look tells
        for name, running in known.items():
            if running.upstream_id not in there:
                await self._forget(name)
        if self._opening or offers != self._offers:
            return  # a session that is being made is not ours yet
        ours = {running.upstream_id for running in known.values()}
        orphans = [
            each.session_id
            for each in there.values()
            if each.user_agent == USER_AGENT and each.session_id not in ours
        ]
        self._may_have_orphans = False
        for each in orphans:
            try:
                await self._place.client.kick_webrtc_session(each)
            except EdgeError:
                self._may_have_orphans = True

    async def close(self) -> None:
        """End all sessions: once the daemon is gone nobody would check them."""

        async def end(name: str, running: _Running) -> None:
            await self._kick(name, running)
            await self._forget(name)

        ends = [asyncio.create_task(end(*each)) for each in self._sessions.items()]
        if ends:
            _, late = await asyncio.wait(ends, timeout=CLOSE_TIMEOUT_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        for name in list(self._sessions):
            await self._forget(name)

    # Requests

    async def _options(self, request: web.Request) -> web.Response:
        viewer = await self._admit(request)
        answer = await self._ask("OPTIONS", _offer_path(viewer.path))
        if answer.status != 204:
            raise _failure(answer.status)
        return web.Response(status=204, headers=_links(answer))

    async def _post(self, request: web.Request) -> web.Response:
        viewer = await self._admit(request)
        offer = await _body(request, SDP)
        person = viewer.session.principal.user_id
        self._require_room(person)
        self._opening[person] = self._opening.get(person, 0) + 1
        self._offers += 1
        try:
            answer = await self._offer(viewer.path, offer)
            name, running = await self._begin(viewer, answer)
        finally:
            self._opening[person] -= 1
            if not self._opening[person]:
                del self._opening[person]
        headers = _links(answer)
        query = f"?{viewer.query}" if viewer.query else ""
        headers[hdrs.LOCATION] = f"/whep/{quote(running.viewer.path)}/{name}{query}"
        headers[hdrs.ETAG] = answer.headers.get(hdrs.ETAG, "*")
        headers[hdrs.CONTENT_TYPE] = SDP
        headers[hdrs.CACHE_CONTROL] = "no-store"
        return web.Response(status=201, headers=headers, body=answer.body)

    async def _patch(self, request: web.Request) -> web.Response:
        name, running = await self._own(request)
        fragment = await _body(request, FRAGMENT)
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: FRAGMENT}
        if hdrs.IF_MATCH in request.headers:
            headers[hdrs.IF_MATCH] = request.headers[hdrs.IF_MATCH]
        answer = await self._ask("PATCH", _session_path(running), headers, fragment)
        if answer.status == 404:
            await self._forget(name)
            raise _unknown_session()
        if answer.status == 204:
            return web.Response(status=204)
        if answer.status != 200:
            raise _failure(answer.status)
        given = {name: answer.headers[name] for name in (hdrs.ETAG,) if name in answer.headers}
        return web.Response(
            body=answer.body,
            headers={**given, hdrs.CONTENT_TYPE: FRAGMENT, hdrs.CACHE_CONTROL: "no-store"},
        )

    async def _delete(self, request: web.Request) -> web.Response:
        name, running = await self._own(request)
        try:
            answer = await self._ask("DELETE", _session_path(running))
            is_over = answer.status in (200, 204, 404)
        except StreamUnavailableError:
            is_over = False
        if is_over:
            await self._forget(name)
        else:
            await self._kick(name, running)
        return web.Response()

    # Who asks

    async def _admit(self, request: web.Request) -> Viewer:
        """Return who asks.

        Raises:
            EdgeError: nobody we know, no such camera for him, or a media server that is down or without WebRTC.

        """
        viewer = await self._doorkeeper.viewer(request)
        if not self._place.is_up():
            raise MediaServerUnavailableError("The media server does not answer.", retry_after_s=1)
        if not self._place.is_offered():
            raise NoWebRtcError("This media server offers no WebRTC; use HLS.")
        if not self._doorkeeper.admits(viewer.camera, viewer.use):
            raise _unavailable()
        return viewer

    async def _own(self, request: web.Request) -> tuple[str, _Running]:
        """Return the session of the address, if it is of this login and this camera.

        Raises:
            UnknownWhepSessionError: it is not, or is over; both look the same.

        """
        viewer = await self._doorkeeper.viewer(request)
        name = request.match_info["session"]
        running = self._sessions.get(name)
        if (
            running is None
            or running.viewer.session.session_id != viewer.session.session_id
            or running.viewer.path != viewer.path
            or running.viewer.camera.camera_uuid != viewer.camera.camera_uuid
        ):
            raise _unknown_session()
        return name, running

    async def _may_still_watch(self, viewer: Viewer) -> bool:
        try:
            return await self._doorkeeper.may_go_on(viewer)
        except StorageError:
            return False

    def _require_room(self, person: str) -> None:
        of_person = self._opening.get(person, 0) + sum(
            running.viewer.session.principal.user_id == person
            for running in self._sessions.values()
        )
        in_all = sum(self._opening.values()) + len(self._sessions)
        if of_person >= MAX_SESSIONS_OF_PERSON or in_all >= MAX_SESSIONS:
            raise TooManyWhepSessionsError("There are too many WebRTC sessions.", retry_after_s=5)

    # Sessions

    async def _offer(self, path: str, offer: bytes) -> _Answer:
        try:
            answer = await self._ask(
                "POST", _offer_path(path), {hdrs.CONTENT_TYPE: SDP}, offer, OFFER_TIMEOUT_S
            )
        except BaseException:
            self._may_have_orphans = True  # it may have come to be there all the same
            raise
        if answer.status == 201:
            return answer
        # 401: it does not let this box read. 400: a codec that WebRTC has not, or too many readers; but also a path that it
        # does not know yet, or a source on demand that did not come in time.
        if answer.status == 400 and await self._is_there(path):
            raise WhepRefusedError("This stream cannot be had by WebRTC; use HLS.")
        raise _failure(answer.status)

    async def _is_there(self, path: str) -> bool:
        try:
            return await self._place.client.is_available(path)
        except EdgeError:
            return False

    async def _begin(self, viewer: Viewer, answer: _Answer) -> tuple[str, _Running]:
        """Keep the session of *answer*; its viewing is in the audit log before this returns."""
        secret = urlsplit(answer.headers.get(hdrs.LOCATION, "")).path.rpartition("/")[2]
        upstream_id = answer.headers.get("ID", "")
        if not (_WORD.fullmatch(secret) and _WORD.fullmatch(upstream_id)):
            self._may_have_orphans = True
            raise _failure(answer.status)
        running = _Running(viewer, upstream_id, secret, AsyncExitStack())
        name = secrets.token_urlsafe(24)
        self._sessions[name] = running
        try:
            await running.viewing.enter_async_context(self._doorkeeper.hold(viewer))
        except BaseException:
            self._sessions.pop(name, None)
            self._may_have_orphans = True
            raise
        return name, running

    async def _kick(self, name: str, running: _Running) -> None:
        """End a session at the media server; when that does not answer, the next look tries again."""
        try:
            await self._place.client.kick_webrtc_session(running.upstream_id)
        except EdgeError as error:
            log.warning("whep_session_not_ended", code=error.code)
            return
        await self._forget(name)

    async def _forget(self, name: str) -> None:
        running = self._sessions.pop(name, None)
        if running is not None:
            await running.viewing.aclose()

    async def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> _Answer:
        """Ask the media server. Of the client's request nothing goes along but what is given.

        Raises:
            StreamUnavailableError: no answer.

        """
        try:
            async with self._http.request(
                method,
                self._url + path,
                headers={**(headers or {}), hdrs.USER_AGENT: USER_AGENT},
                data=body,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                allow_redirects=False,
            ) as response:
                content = await read_capped(response.content, MAX_BODY)
                return _Answer(response.status, CIMultiDict(response.headers), content)
        except (TooLongError, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unavailable() from error


@asynccontextmanager
async def open_whep(
    place: WebRtcPlace,
    doorkeeper: Doorkeeper,
    lines: Lines,
    *,
    tasks: asyncio.TaskGroup,
    clock: Clock,
) -> AsyncIterator[Whep]:
    """Look after the sessions in *tasks* while the block is open; leaving ends them all. *lines* and *doorkeeper* outlive it."""
    whep = Whep(place, doorkeeper, http=lines.asked, clock=clock)
    name = "whep-look"
    try:
        async with background(tasks, name, lambda: keep_running(name, whep.run, clock=clock)):
            yield whep
    finally:
        await whep.close()


def _offer_path(path: str) -> str:
    return f"/{quote(path)}/whep"


def _session_path(running: _Running) -> str:
    return f"{_offer_path(running.viewer.path)}/{running.secret}"


def _links(answer: _Answer) -> "CIMultiDict[str]":
    """Return the addresses of ICE servers, which the client needs."""
    return CIMultiDict((hdrs.LINK, value) for value in answer.headers.getall(hdrs.LINK, []))


async def _body(request: web.Request, content_type: str) -> bytes:
    if request.content_type != content_type:
        raise InvalidInputError(
            "The body is not of the right type.",
            faults=[{"path": "", "message": f"Content-Type must be {content_type}"}],
        )
    try:
        async with asyncio.timeout(BODY_PATIENCE_S):
            body = await read_capped(request.content, MAX_BODY)
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except TooLongError as error:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, MAX_BODY + 1) from error
    if not body:
        raise InvalidInputError(
            "The body is empty.", faults=[{"path": "", "message": "must not be empty"}]
        )
    return body


def _failure(status: int) -> EdgeError:
    # Never its own words: they may quote an address with a password.
    log.info("whep_not_served", upstream_status=status)
    return _unavailable()


def _unavailable() -> StreamUnavailableError:
    return StreamUnavailableError("The stream cannot be served now.", retry_after_s=1)


def _unknown_session() -> UnknownWhepSessionError:
    return UnknownWhepSessionError("There is no such session.")
