"""All that gives out live streams, opened in front of a media server as the daemon opens it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts.passes import Sessions
from gtvision_edge.audit import AuditLog
from gtvision_edge.media import streams
from gtvision_edge.media.access import Cameras
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.gateway import MediaServerPlace
from gtvision_edge.media.model import CameraOnAir, RecordingsOf
from gtvision_edge.media.paths import PathUse
from gtvision_edge.media.patient_proofs import Authenticator
from gtvision_edge.media.streams import Streams
from gtvision_edge.media.whep import WebRtcPlace
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.shares import Shares, open_transfers
from gtvision_edge.storage import Database


@asynccontextmanager
async def open_streams(
    place: MediaServerPlace,
    *,
    cameras: Cameras,
    authenticator: Authenticator,
    sessions: Sessions,
    database: Database,
    clock: Clock,
    audit: AuditLog | None = None,
    recordings: RecordingsOf = lambda _: Path("/nowhere"),
    client_address: Callable[[web.Request], str] = lambda request: request.remote or "",
    admits: Callable[[CameraOnAir, PathUse], bool] = lambda *_: True,
    transfers: Shares | None = None,
    webrtc: WebRtcPlace | None = None,
) -> AsyncIterator[Streams]:
    """Without *webrtc* the media server offers none."""
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        none = WebRtcPlace(
            "http://127.0.0.1:9",
            MediaServerClient("http://127.0.0.1:9", 1, http),
            is_up=lambda: True,
            is_offered=lambda: False,
        )
        async with streams.open_streams(
            place,
            webrtc or none,
            tasks=tasks,
            cameras=cameras,
            authenticator=authenticator,
            sessions=sessions,
            client_address=client_address,
            admits=admits,
            database=database,
            audit=audit or AuditLog(clock),
            recordings=recordings,
            transfers=transfers or open_transfers(),
            clock=clock,
            registry=CollectorRegistry(),
        ) as opened:
            yield opened
