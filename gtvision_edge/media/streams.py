"""All that people watch live, opened in the order its parts need one another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts.passes import Sessions
from gtvision_edge.audit import AuditLog
from gtvision_edge.media.access import Cameras, Doorkeeper, open_doorkeeper
from gtvision_edge.media.gateway import Gateway, MediaServerPlace, open_gateway
from gtvision_edge.media.model import CameraOnAir, RecordingsOf
from gtvision_edge.media.paths import PathUse
from gtvision_edge.media.patient_proofs import Authenticator
from gtvision_edge.media.upstream import open_lines
from gtvision_edge.media.whep import WebRtcPlace, Whep, open_whep
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.storage import Database


@dataclass(frozen=True, slots=True)
class Streams:
    """Who lets viewers in, and what they get: HLS, live sockets and posters; WebRTC's signalling."""

    doorkeeper: Doorkeeper
    gateway: Gateway
    whep: Whep

    def routes(self) -> list[web.RouteDef]:
        return [*self.gateway.routes(), *self.whep.routes()]


@asynccontextmanager
async def open_streams(
    place: MediaServerPlace,
    webrtc: WebRtcPlace,
    *,
    tasks: asyncio.TaskGroup,
    cameras: Cameras,
    authenticator: Authenticator,
    sessions: Sessions,
    client_address: Callable[[web.Request], str],
    admits: Callable[[CameraOnAir, PathUse], bool],
    database: Database,
    audit: AuditLog,
    recordings: RecordingsOf,
    transfers: Shares,
    clock: Clock,
    registry: CollectorRegistry,
) -> AsyncIterator[Streams]:
    """Bring the parts up, their jobs in *tasks*; all end, in reverse, with the block.

    *admits* tells whether the media server has a path of this very camera; *transfers* are those of the whole site.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        lines = await enter(open_lines())
        doorkeeper = await enter(
            open_doorkeeper(
                tasks=tasks,
                cameras=cameras,
                authenticator=authenticator,
                sessions=sessions,
                client_address=client_address,
                admits=admits,
                database=database,
                audit=audit,
                clock=clock,
                registry=registry,
            )
        )
        gateway = await enter(
            open_gateway(
                place,
                doorkeeper,
                lines,
                tasks=tasks,
                cameras=cameras,
                recordings=recordings,
                transfers=transfers,
                clock=clock,
                registry=registry,
            )
        )
        whep = await enter(open_whep(webrtc, doorkeeper, lines, tasks=tasks, clock=clock))
        yield Streams(doorkeeper, gateway, whep)
