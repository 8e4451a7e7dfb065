"""``/ws/alerts``: readings and alerts as they are committed; a client that was away goes on at its cursor.

Messages are JSON texts with a ``type``: ``hello`` (first), ``detection``, ``detection_picture``, ``alert``, ``alert_acknowledged``,
``alert_reopened``, ``heartbeat``.
Each has a ``cursor``; a connection that is opened with it as ``since`` goes on right after that message.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any, Final, Protocol

from aiohttp import ClientError, web
from prometheus_client import CollectorRegistry
from pydantic import Field

from gtvision_edge.accounts import (
    NotPermittedError,
    Principal,
    Session,
    SessionService,
    require_own_password,
)
from gtvision_edge.alerts.feed import HEARTBEAT_S, Feed, Seat
from gtvision_edge.alerts.model import Audience, Entry, Topic
from gtvision_edge.api.alerts import Cursor
from gtvision_edge.api.alerts import answer as alert_answer
from gtvision_edge.api.detections import answer as detection_answer
from gtvision_edge.api.parsing import parse_query
from gtvision_edge.api.routing import Query
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.media import sockets
from gtvision_edge.runtime.errors import TooManyTransfersError
from gtvision_edge.runtime.shares import Shares

MAX_SOCKETS_OF_PERSON: Final = 16
"""Tabs and programs of one person."""
STALLED_AFTER_S: Final = 30.0
"""A client that takes nothing for so long is let go; it comes back with its cursor."""

_TOGETHER: Final = 50
"""Messages in one piece; bounds what waits in memory for a client that takes none."""
_TEXT_MESSAGE: Final = 0x81

Proof = Annotated[str, Field(max_length=8192)]


class FeedQuery(Query):
    ticket: Annotated[str, Field(max_length=200)] | None = None
    """From ``POST /auth/ticket`` without path; better than token, for addresses are written down on their way."""
    token: Proof | None = None
    """An access token. Without ticket and token, the bearer token or the session's cookie counts."""
    since: Cursor | None = None
    """Absent = from now on; 0 = all that is kept."""
    topics: Annotated[str, Field(max_length=100)] = "detections,alerts"
    """What to be told of, with commas between."""


class Authenticator(Protocol):
    """Finds out who sends a request, by bearer token or cookie; a cookie from another site's page is refused."""

    async def find_session(self, request: web.Request) -> Session: ...


class AlertFeed:
    """The sockets of the feed."""

    def __init__(
        self,
        feed: Feed,
        authenticator: Authenticator,
        sessions: SessionService,
        *,
        stalled_after_s: float = STALLED_AFTER_S,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._feed = feed
        self._authenticator = authenticator
        self._sessions = sessions
        self._stalled_after_s = stalled_after_s
        self._stopping = asyncio.Event()
        self._sockets = Shares("feed_sockets", MAX_SOCKETS_OF_PERSON, registry=registry)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws/alerts", self._get, allow_head=False)]

    def let_go(self) -> None:
        """Close all sockets: call before the HTTP server stops, which else waits for them."""
        self._stopping.set()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        query = parse_query(list(request.query.items()), FeedQuery)
        assert isinstance(query, FeedQuery)  # noqa: S101 -- as asked for
        session = await self._session(request, query)
        if not session.principal.may_watch:
            raise NotPermittedError("Your role does not allow this.")
        audience = _audience(session.principal, query.topics)
        since = None if query.since is None else int(query.since)
        try:
            with self._sockets.take(session.principal.user_id):
                return await self._serve(request, session, audience, since)
        except TooManyTransfersError:  # a script sees no status of a WebSocket
            return await sockets.refuse(request, sockets.TOO_MANY)

    async def _session(self, request: web.Request, query: FeedQuery) -> Session:
        if query.ticket is not None:
            return await self._sessions.redeem_ticket(query.ticket, path=None)
        if query.token is not None:
            session = await self._sessions.authenticate(query.token)
            require_own_password(session.principal)
            return session
        return await self._authenticator.find_session(request)

    async def _serve(
        self, request: web.Request, session: Session, audience: Audience, since: int | None
    ) -> web.WebSocketResponse:
        # Without a limit of its own it waits for the client whenever the transport asks for it.
        client = web.WebSocketResponse(
            heartbeat=20.0, max_msg_size=4096, compress=False, writer_limit=0
        )
        async with self._feed.sit(audience, since=since) as seat:
            await client.prepare(request)
            code = await sockets.until_first(
                self._send(client, seat, request.transport),
                sockets.until_closed(client),
                sockets.until_ended(lambda: self._sessions.is_still_good(session)),
                sockets.until_stopping(self._stopping),
            )
        await client.close(code=code[0], message=code[1])
        return client

    async def _send(
        self, client: web.WebSocketResponse, seat: Seat, transport: asyncio.Transport | None
    ) -> sockets.Close:
        """Send what is for *seat*, one batch at a time; the client's own pace holds back nobody else."""
        try:
            await self._send_frames(client, transport, [frame(_hello(seat))])
            while True:
                batch = await self._feed.next_batch(seat)
                frames = [frame_of(entry) for entry in batch]
                beat = [] if frames else [frame(_text("heartbeat", seat.cursor))]
                await self._send_frames(client, transport, frames or beat)
        except TimeoutError:
            return sockets.TOO_SLOW
        except (ConnectionError, ClientError, RuntimeError):  # RuntimeError: closing
            return sockets.GOING_AWAY

    async def _send_frames(
        self,
        client: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        frames: Sequence[bytes],
    ) -> None:
        """Send *frames* at once, a part at a time where they are many; the client has room again when this returns."""
        for start in range(0, len(frames), _TOGETHER):
            if client.closed or transport is None or transport.is_closing():
                raise ConnectionResetError("The client is gone.")
            # Past aiohttp, which makes and sends a frame anew for each client: what it sends itself are whole frames, too.
            transport.write(b"".join(frames[start : start + _TOGETHER]))
            if transport.get_write_buffer_size():
                async with asyncio.timeout(self._stalled_after_s):
                    await client.ping()  # waits while the transport is full


def frame(text: str) -> bytes:
    """Return *text* as a whole WebSocket message from a server (RFC 6455, 5.2)."""
    content = text.encode()
    size = len(content)
    if size < 126:
        return bytes((_TEXT_MESSAGE, size)) + content
    if size < 65_536:
        return bytes((_TEXT_MESSAGE, 126)) + size.to_bytes(2, "big") + content
    return bytes((_TEXT_MESSAGE, 127)) + size.to_bytes(8, "big") + content


def frame_of(entry: Entry) -> bytes:
    """Return *entry* as clients are sent it: the same bytes for all who may see it."""
    if not entry.frame:
        if entry.alert is None:
            content = {"detection": detection_answer(entry.detection).model_dump(mode="json")}
        else:
            content = {"alert": alert_answer(entry.alert).model_dump(mode="json")}
        entry.frame = frame(_text(entry.kind.value, entry.seq, **content))
    return entry.frame


def _hello(seat: Seat) -> str:
    topics = [topic.value for topic in Topic if topic.kinds <= seat.audience.kinds]
    return _text(
        "hello", seat.cursor, topics=topics, missed=seat.missed, heartbeat_s=int(HEARTBEAT_S)
    )


def _text(kind: str, cursor: int, **content: Any) -> str:
    return json.dumps({"type": kind, "cursor": str(cursor), **content}, ensure_ascii=False)


def _audience(principal: Principal, topics: str) -> Audience:
    try:
        wanted = [Topic(name.strip()) for name in topics.split(",")]
    except ValueError as error:
        known = ", ".join(topic.value for topic in Topic)
        fault = {"path": "topics", "message": f"must be some of {known}, with commas between"}
        raise InvalidInputError("The query is not right.", faults=[fault]) from error
    return Audience(principal, frozenset().union(*(topic.kinds for topic in wanted)))
