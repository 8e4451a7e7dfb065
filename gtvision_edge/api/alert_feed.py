"""``/ws/alerts``: readings and alerts as they are committed; a client that was away goes on at its cursor.

Messages are JSON texts with a ``type``: ``hello`` (first), ``detection``, ``detection_picture``, ``alert``, ``alert_acknowledged``, ``heartbeat``.
Each has a ``cursor``; a connection that is opened with it as ``since`` goes on right after that message.
"""

import asyncio
import json
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
from gtvision_edge.api.routing import Query
from gtvision_edge.api.strict_json import parse_query
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.media import sockets
from gtvision_edge.runtime.errors import TooManyTransfersError
from gtvision_edge.runtime.shares import Shares

MAX_SOCKETS_OF_PERSON: Final = 16
"""Tabs and programs of one person."""
STALLED_AFTER_S: Final = 30.0
"""A client that takes nothing for so long is let go; it comes back with its cursor."""

Proof = Annotated[str, Field(max_length=8192)]


class FeedQuery(Query):
    ticket: Annotated[str, Field(max_length=200)] | None = None
    """From ``POST /auth/ticket`` without path; better than token, for addresses are written down on their way."""
    token: Proof | None = None
    """An access token. Without ticket and token, the bearer token or the session's cookie counts."""
    since: Cursor | None = None
    """Absent = from now on; 0 = all that is kept."""
    topics: Annotated[str, Field(max_length=100)] = "detections,alerts"


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
        client = web.WebSocketResponse(heartbeat=20.0, max_msg_size=4096, compress=False)
        async with self._feed.sit(audience, since=since) as seat:
            await client.prepare(request)
            code = await sockets.until_first(
                self._send(client, seat),
                sockets.until_closed(client),
                sockets.until_ended(lambda: self._sessions.is_still_good(session)),
                sockets.until_stopping(self._stopping),
            )
        await client.close(code=code[0], message=code[1])
        return client

    async def _send(self, client: web.WebSocketResponse, seat: Seat) -> sockets.Close:
        """Send what is for *seat*, one batch at a time; the client's own pace holds back nobody else."""
        try:
            await self._send_text(client, _hello(seat))
            while True:
                batch = await self._feed.next_batch(seat)
                for entry in batch:
                    await self._send_text(client, text_of(entry))
                if not batch:
                    await self._send_text(client, _text("heartbeat", seat.cursor))
        except TimeoutError:
            return sockets.TOO_SLOW
        except (ConnectionError, ClientError, RuntimeError):  # RuntimeError: closing
            return sockets.GOING_AWAY

    async def _send_text(self, client: web.WebSocketResponse, text: str) -> None:
        async with asyncio.timeout(self._stalled_after_s):
            await client.send_str(text)


def text_of(entry: Entry) -> str:
    """Return *entry* as clients are sent it: the same text for all who may see it."""
    if not entry.text:
        if entry.alert is None:
            content = {"detection": detection_answer(entry.detection).model_dump(mode="json")}
        else:
            content = {"alert": alert_answer(entry.alert).model_dump(mode="json")}
        entry.text = _text(entry.kind.value, entry.seq, **content)
    return entry.text


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
